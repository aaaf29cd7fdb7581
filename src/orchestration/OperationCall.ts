/**
 * One call of an operation as the journal's step: what is asked, how it is undone, what is checked of what goes out and comes back.
 *
 * Owns: nothing beyond the call. Does not own: the step, the strategy, the policies' state.
 * Invariants: nothing is sent before the input keeps the rules of its class; a reply that breaks the rules of its class is not taken for an
 * outcome: of an effect nobody knows then what it did.
 */
import { PATIENCE } from '../abstract/Compensation.js';
import type { StepRequest } from '../abstract/DurableRun.js';
import type { EffectRole, Undoing } from '../abstract/EffectTrace.js';
import type { RunContext } from '../abstract/RunContext.js';
import { ClassRules } from '../abstract/validation/ClassRules.js';
import { readDeclared } from '../abstract/validation/declaredValue.js';
import { textOf, type Violation } from '../abstract/validation/violations.js';
import type { Call } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import { copyOf } from '../kernel/copyOf.js';
import {
  CommandFailure,
  messageOf,
  OutcomeUnknownError,
  SixfoldError,
  TimeoutError,
  TransientError,
  UsageError,
} from '../kernel/errors.js';
import { withoutSensitive } from '../kernel/sensitiveKeys.js';
import { type DeclaredOperation, operationsOf } from '../systems/operation.js';
import { policedAttempt } from '../systems/policies/policedAttempt.js';
import type { CallOptions, NamedSystem } from './scope.js';

export interface CalledOperation {
  readonly named: NamedSystem;
  readonly declared: DeclaredOperation;
  readonly input: unknown;
  readonly options: CallOptions;
  /** Names of the operations that this one stands in for. */
  readonly instead?: ReadonlySet<string>;
}

type Asked = Omit<StepRequest<unknown>, 'branch' | 'undoable'>;

export class OperationCall {
  /** As it was when the code called. */
  readonly input: unknown;
  private readonly name: string;
  private readonly reading: unknown;
  private outcome: Promise<unknown> | undefined;

  /**
   * The input is taken as it is now: what the code changes later is not sent.
   *
   * @param pivot name of the operation that is the point of no return, as `system.operation`
   */
  constructor(
    private readonly run: RunContext,
    private readonly called: CalledOperation,
    private readonly pivot: string | undefined,
  ) {
    const { declared, named } = called;
    this.name = `${named.alias}.${declared.name}`;
    this.input = declared.input && copyOf(called.input);
    this.reading = this.read(declared, this.input);
  }

  /** @throws UsageError `INPUT_INVALID` before anything is sent */
  async make(): Promise<unknown> {
    const { fallback } = this.called.declared;
    try {
      return await this.send();
    } catch (error) {
      if (fallback === undefined || !isUnavailable(error, this.called.declared)) throw error;
      return await this.fallBack(this.operation(fallback), error);
    }
  }

  /** Finds out whether it happened, and undoes it then. */
  async takeBack(): Promise<void> {
    if (this.outcome) await this.run.takeBack(this.outcome);
  }

  private fallBack(declared: DeclaredOperation, error: unknown): Promise<unknown> {
    const { named, instead = new Set() } = this.called;
    const tried = new Set([...instead, this.called.declared.name]);
    if (tried.has(declared.name)) throw error; // All that stand in for one another were tried.
    const pivot = this.name === this.pivot ? `${named.alias}.${declared.name}` : this.pivot;
    return new OperationCall(this.run, { ...this.called, input: this.input, declared, instead: tried }, pivot).make();
  }

  private async send(): Promise<unknown> {
    const { reading } = this;
    if (!(reading instanceof Promise)) return this.ask(reading);
    const { input: type } = this.called.declared;
    // Rules that have to wait are looked at in a step, as anything that waits.
    const isSlow = type !== undefined && !ClassRules.of(type).isDecided;
    if (isSlow) await this.run.ask({ name: `check ${this.name}`, effect: 'read', body: () => reading.then(() => undefined) });
    return this.ask(await reading);
  }

  private read(declared: DeclaredOperation, input: unknown): unknown {
    const { input: type } = declared;
    if (!type) return undefined;
    const name = `${this.called.named.alias}.${declared.name}`;
    const read = readDeclared(input, { type, refusal: (violations) => inputInvalid(name, violations) });
    if (read instanceof Promise) read.catch(() => undefined); // Whoever calls is told when the call has its turn.
    return read;
  }

  private ask(input: unknown): Promise<unknown> {
    const { declared, options } = this.called;
    const { policy, effect, probe } = declared;
    const isPivot = this.name === this.pivot;
    const patient = isPivot || this.run.pastPivot;
    const asked: Asked = {
      name: this.name,
      input,
      inputClass: declared.input,
      outputClass: declared.output as Class<object> | undefined,
      effect,
      key: options.key,
      timeoutMs: options.timeoutMs ?? policy.timeoutMs,
      retry: policy.retry ?? (patient ? PATIENCE : undefined),
      probe: probe === undefined ? undefined : (given, call) => this.probed(probe, given, call),
      body: (given, call) => this.attempt(declared, given, call),
    };
    this.outcome = this.run.ask(asked, this.role(isPivot));
    return this.outcome;
  }

  private role(isPivot: boolean): EffectRole {
    const undoing = this.undoing();
    return isPivot ? { undoing, pivot: true } : { undoing };
  }

  private undoing(): Undoing | undefined {
    const { declared, options } = this.called;
    const { undo: own } = options;
    if (own === 'none') return undefined;
    if (own) return { undo: ({ output }, call) => own(output, call) };
    const how = declared.undo;
    if (!how) return undefined;
    const { policy } = this.operation(how.operation);
    const settings = { retry: policy.retry, timeoutMs: policy.timeoutMs };
    const { operation } = how;
    const undo = (input: unknown, call: Call) => this.reverse(operation, input, call);
    switch (how.by) {
      case 'output':
        return { ...settings, undo: ({ output }, call) => this.reverseOutput(operation, output, call) };
      case 'values':
        return { ...settings, undo: (done, call) => undo(how.from(done), call) };
      case 'key':
        return { ...settings, byKey: true, undo: (done, call) => undo(how.from(done), call) };
    }
  }

  /** Of an operation that may give nothing, nothing is undone by nothing. */
  private async reverseOutput(name: string, output: unknown, call: Call): Promise<unknown> {
    return output === undefined && this.called.declared.nullable ? undefined : this.reverse(name, output, call);
  }

  private async reverse(name: string, input: unknown, call: Call): Promise<unknown> {
    const operation = this.operation(name);
    return this.attempt(operation, await this.read(operation, input), call);
  }

  private operation(name: string): DeclaredOperation {
    const { named } = this.called;
    const found = operationsOf(named.system).get(name);
    if (found) return found;
    throw new UsageError(
      'SYSTEM_INVALID',
      `${named.alias} has no operation "${name}", which ${this.name} names. Mark the method with @operation.`,
      {
        details: { system: named.alias, operation: name },
      },
    );
  }

  /** One attempt of an operation of the system. */
  private async attempt(operation: DeclaredOperation, input: unknown, call: Call): Promise<unknown> {
    const reply = await policedAttempt({ system: this.called.named.system, operation, clock: this.run.clock }, input, call);
    return this.checked(operation, reply);
  }

  /** What became of a call whose reply was lost. A probe may be a plain method. */
  private async probed(name: string, input: unknown, call: Call): Promise<unknown> {
    const { named, declared } = this.called;
    const method = Reflect.get(named.system, name) as (...args: unknown[]) => unknown;
    const reply = await method.apply(named.system, declared.input ? [input, call] : [call]);
    return reply === undefined ? undefined : this.checked(declared, reply);
  }

  private async checked(operation: DeclaredOperation, reply: unknown): Promise<unknown> {
    const { output: type, nullable } = operation;
    if (!type || (nullable && (reply === undefined || reply === null))) return type ? undefined : reply;
    const subject = `${this.called.named.alias}.${operation.name}`;
    const refusal = (violations: readonly Violation[]) => replyInvalid({ subject, operation, reply }, violations);
    try {
      return await readDeclared(reply, { type, tolerant: true, refusal });
    } catch (error) {
      if (error instanceof SixfoldError) throw error;
      throw refusal([{ path: '', message: `could not be read: ${messageOf(error)}` }]); // A rule threw. The effect has happened.
    }
  }
}

/** The operation could not be had, and surely did nothing. */
function isUnavailable(error: unknown, { effect }: DeclaredOperation): boolean {
  if (error instanceof TransientError || error instanceof TimeoutError) return true;
  return effect === 'read' && error instanceof OutcomeUnknownError;
}

function inputInvalid(name: string, violations: readonly Violation[]): UsageError {
  return new UsageError('INPUT_INVALID', `The input of ${name} is not valid: ${textOf(violations)}. Nothing was sent.`, {
    details: { operation: name, violations },
  });
}

interface BrokenReply {
  readonly subject: string;
  readonly operation: DeclaredOperation;
  readonly reply: unknown;
}

/** How much of a reply is kept to be looked at, in characters. */
const QUARANTINED_MAX = 10_000;

function replyInvalid({ subject, operation, reply }: BrokenReply, violations: readonly Violation[]): SixfoldError {
  const details = { operation: subject, violations, reply: quarantined(reply) };
  const said = `The reply of ${subject} breaks its contract: ${textOf(violations)}.`;
  return operation.effect === 'read'
    ? new CommandFailure('REPLY_INVALID', said, { details })
    : new OutcomeUnknownError('REPLY_LOST', `${said} What it did is not known.`, { details });
}

function quarantined(reply: unknown): unknown {
  const shown = withoutSensitive(reply);
  const text = JSON.stringify(shown) ?? String(shown);
  return text.length <= QUARANTINED_MAX ? shown : `${text.slice(0, QUARANTINED_MAX)}…`;
}

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
import { readDeclared } from '../abstract/validation/declaredValue.js';
import { textOf, type Violation } from '../abstract/validation/violations.js';
import type { Call } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import { CommandFailure, OutcomeUnknownError, type SixfoldError, TimeoutError, TransientError, UsageError } from '../kernel/errors.js';
import { withoutSensitive } from '../kernel/sensitiveKeys.js';
import { type DeclaredOperation, operationsOf } from '../systems/operation.js';
import { policedAttempt } from '../systems/policies/policedAttempt.js';
import type { CallOptions, NamedSystem } from './scope.js';

export interface CalledOperation {
  readonly named: NamedSystem;
  readonly declared: DeclaredOperation;
  readonly input: unknown;
  readonly options: CallOptions;
}

type Asked = Omit<StepRequest<unknown>, 'branch' | 'undoable'>;

export class OperationCall {
  /** @param pivot name of the operation that is the point of no return, as `system.operation` */
  constructor(
    private readonly run: RunContext,
    private readonly called: CalledOperation,
    private readonly pivot: string | undefined,
  ) {}

  private get name(): string {
    return `${this.called.named.alias}.${this.called.declared.name}`;
  }

  /** @throws UsageError `INPUT_INVALID` before anything is sent */
  make(): Promise<unknown> {
    const { fallback } = this.called.declared;
    return fallback === undefined ? this.send() : this.sendOrFallBack(this.operation(fallback));
  }

  private async sendOrFallBack(fallback: DeclaredOperation): Promise<unknown> {
    try {
      return await this.send();
    } catch (error) {
      if (!isUnavailable(error, this.called.declared)) throw error;
      return new OperationCall(this.run, { ...this.called, declared: fallback }, this.pivot).make();
    }
  }

  private send(): Promise<unknown> {
    const { declared, input } = this.called;
    const { input: type } = declared;
    if (!type) return this.ask(undefined);
    const read = readDeclared(input, { type, refusal: (violations) => inputInvalid(this.name, violations) });
    return read instanceof Promise ? read.then((checked) => this.ask(checked)) : this.ask(read);
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
      body: (given, call) => this.attempt(declared.name, given, call),
    };
    return this.run.ask(asked, this.role(isPivot));
  }

  private role(isPivot: boolean): EffectRole {
    const undoing = this.undoing();
    return isPivot ? { undoing, pivot: true } : { undoing };
  }

  private undoing(): Undoing | undefined {
    const { declared, options } = this.called;
    const { undo } = options;
    if (undo === 'none') return undefined;
    if (undo) return { undo: ({ output }, call) => undo(output, call) };
    const how = declared.undo;
    if (!how) return undefined;
    const { policy } = this.operation(how.operation);
    const settings = { retry: policy.retry, timeoutMs: policy.timeoutMs };
    switch (how.by) {
      case 'output':
        return { ...settings, undo: ({ output }, call) => this.attempt(how.operation, output, call) };
      case 'values':
        return { ...settings, undo: (done, call) => this.attempt(how.operation, how.from(done), call) };
      case 'key':
        return { ...settings, byKey: true, undo: (done, call) => this.attempt(how.operation, how.from(done), call) };
    }
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
  private async attempt(name: string, input: unknown, call: Call): Promise<unknown> {
    const operation = this.operation(name);
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

  private checked(operation: DeclaredOperation, reply: unknown): unknown {
    const { output: type, nullable } = operation;
    if (!type || (nullable && (reply === undefined || reply === null))) return type ? undefined : reply;
    const subject = `${this.called.named.alias}.${operation.name}`;
    const refusal = (violations: readonly Violation[]) => replyInvalid({ subject, operation, reply }, violations);
    return readDeclared(reply, { type, tolerant: true, refusal });
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

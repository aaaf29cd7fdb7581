/** One load of a command: a fresh instance from the container, driven through its lifecycle. */
import type { Container } from 'inversify';
import { type AnyCommand, lifecycleOf } from '../abstract/AbstractCommand.js';
import type { Authorizer } from '../abstract/Authorizer.js';
import type { ChildCommands } from '../abstract/ChildCommands.js';
import { CommandMiddleware } from '../abstract/CommandMiddleware.js';
import type { RegisteredCommand } from '../abstract/command.js';
import type { DurableRun } from '../abstract/DurableRun.js';
import type { EarlierRuns } from '../abstract/EarlierRuns.js';
import { driveLifecycle, type LifecycleBodies, type LifecycleFrame } from '../abstract/Lifecycle.js';
import { MiddlewareStack } from '../abstract/MiddlewareStack.js';
import type { Phase } from '../abstract/Phase.js';
import { ProgressMeter } from '../abstract/ProgressMeter.js';
import { readParams } from '../abstract/params.js';
import { RunContext, type SuccessorParams } from '../abstract/RunContext.js';
import type { RunHappening, RunProgress } from '../abstract/RunEvent.js';
import { NOTHING_FOUND } from '../abstract/RunReport.js';
import { readResult } from '../abstract/results.js';
import type { Program, RunOrigin, StartedRun } from '../engine/Engine.js';
import type { Class } from '../kernel/Class.js';
import type { Carried } from '../kernel/codec/Carried.js';
import type { Codec } from '../kernel/codec/Codec.js';
import { chainHash } from '../kernel/digest.js';
import { CommandFailure, UsageError } from '../kernel/errors.js';
import type { Logger } from '../kernel/Logger.js';
import type { SecretVault } from '../kernel/SecretVault.js';
import { instanceOf } from './commandBinding.js';

export interface ProgramParts {
  readonly container: Container;
  readonly codec: Codec;
  readonly logger: Logger;
  readonly secrets: SecretVault;
  readonly children: ChildCommands;
  readonly authorizer: Authorizer | undefined;
  readonly earlier: EarlierRuns;
}

/** What the load is for. */
export interface ProgramRun {
  readonly command: RegisteredCommand;
  readonly started: StartedRun;
  readonly origin: RunOrigin;
}

export class CommandProgram implements Program, LifecycleFrame<unknown>, SuccessorParams {
  clear: (() => Promise<void>) | undefined = undefined;
  before: (() => Promise<void>) | undefined = undefined;
  after: LifecycleFrame<unknown>['after'] = undefined;
  readonly fingerprint: string;
  readonly retired: readonly string[] | undefined;
  private readonly instance: AnyCommand;
  private meter: ProgressMeter | undefined;
  private context: RunContext | undefined;
  private bodies: LifecycleBodies<unknown> | undefined;

  constructor(
    private readonly subject: ProgramRun,
    private readonly parts: ProgramParts,
  ) {
    const { command } = subject;
    this.instance = instanceOf(command.type, parts.container);
    this.fingerprint = fingerprintOf(command);
    this.retired = command.retiredSteps;
  }

  run(durable: DurableRun): Promise<unknown> {
    const { codec } = this.parts;
    const { command, started } = this.subject;
    const params = codec.revive(started.params, command.params) as object;
    const context = this.contextOf(durable);
    this.context = context;
    const bodies = this.instance[lifecycleOf]({ command: command.name, params, run: context, earlier: this.parts.earlier });
    this.bodies = bodies;
    this.surround(context, params);
    return driveLifecycle(bodies, this);
  }

  carryParams(params: object): Carried {
    const { name, params: declared } = this.subject.command;
    return this.parts.codec.carryExact(params, `the params of ${name}`, declared);
  }

  carryResult(result: unknown): Carried {
    const { name, result: declared } = this.subject.command;
    return this.parts.codec.carry(result, `the result of ${name}`, declared as Class<object> | undefined);
  }

  report(): () => string {
    const { secrets, codec } = this.parts; // All that the text needs: this load is not kept for it.
    const found = this.bodies?.findings() ?? NOTHING_FOUND;
    const report = this.context?.report(found) ?? (() => ({ ...found, timeline: [], steps: [], undone: [] }));
    if (found === NOTHING_FOUND && secrets.idle) return () => JSON.stringify(report());
    const made = (): string => codec.encode(report(), 'the report of the run');
    const saysNothing = found.findings.length === 0 && found.degraded.length === 0;
    if (saysNothing && secrets.idle) return made;
    // What a command says itself can be something that the journal does not carry, and is refused now.
    const text = made();
    return () => text;
  }

  unload(): Promise<void> | undefined {
    return this.context?.cleanUp();
  }

  progress(happening: RunHappening, at: number): RunProgress {
    this.meter ??= new ProgressMeter(this.subject.command.phaseWeights);
    return this.meter.take(happening, at);
  }

  private contextOf(durable: DurableRun): RunContext {
    const { codec, logger, secrets, children } = this.parts;
    const { command, started, origin } = this.subject;
    const deadline = origin.deadline === undefined ? undefined : new Date(origin.deadline);
    return new RunContext({
      durable,
      identity: { command: command.name, principal: codec.decode(started.principal), deadline },
      timeoutsMs: command.phaseTimeoutsMs ?? {},
      logger,
      redact: (text) => secrets.redact(text),
      children,
      successor: this,
    });
  }

  readParams(given: object): object | Promise<object> {
    const { params, name } = this.subject.command;
    return readParams(params, given, name);
  }

  get compensated(): boolean {
    return this.context?.compensated === true;
  }

  get pastPivot(): boolean {
    return this.context?.pastPivot === true;
  }

  compensate(error: unknown): Promise<unknown> | undefined {
    return this.context?.compensate(error);
  }

  enter(phase: Phase): void {
    this.context?.enter(phase);
  }

  /** Puts the authorizer and the middleware of the host around the phases. */
  private surround(ctx: RunContext, params: object): void {
    const { container, authorizer } = this.parts;
    if (authorizer) this.clear = () => this.authorize(authorizer, ctx, params);
    if (!container.isBound(CommandMiddleware)) return;
    const layers = container.getAll<CommandMiddleware>(CommandMiddleware);
    const stack = new MiddlewareStack(layers, { command: this.subject.command.name, params, ctx });
    this.before = () => stack.before();
    this.after = (ending) => stack.after(ending);
  }

  private async authorize(authorizer: Authorizer, ctx: RunContext, params: object): Promise<void> {
    const { command, origin } = this.subject;
    const { principal } = ctx;
    const asked = { principal, command: command.name, params, parent: origin.parent };
    const body = async () => authorizer.authorize(asked);
    const verdict = await ctx.activity('security_clearance', () => ctx.ask({ name: 'authorize', effect: 'read', body }));
    if (verdict === 'allowed') return;
    const why = typeof verdict?.refused === 'string' ? verdict.refused : 'the authorizer did not say that it may';
    throw new CommandFailure('NOT_AUTHORIZED', `${command.name} was refused: ${why}. Run it as somebody who may.`, {
      details: { command: command.name },
    });
  }

  accept(result: unknown): unknown {
    const accepted = this.checked(result);
    if (!this.context?.reversible) return accepted;
    // A result that the journal cannot keep fails the run; what was done must still be undone then.
    return Promise.resolve(accepted).then((kept) => {
      this.carryResult(kept);
      return kept;
    });
  }

  private checked(result: unknown): unknown {
    const hook = this.bodies?.resultHook;
    const { name, result: declared, type } = this.subject.command;
    if (!declared) return result;
    if (result === undefined) {
      throw new UsageError(
        'HOOK_RESULT_INVALID',
        `${type.name}.${hook} returned nothing, and @command declares that it gives a ${declared.name}. Return one.`,
        { details: { class: type.name, hook } },
      );
    }
    return readResult(declared as Class<object>, result, name);
  }
}

const FINGERPRINTS = new WeakMap<RegisteredCommand, string>();

/** Changes when the source of the class or of one of its bases does; the code that they call is not looked at. */
export function fingerprintOf(command: RegisteredCommand): string {
  const known = FINGERPRINTS.get(command);
  if (known !== undefined) return known;
  const sources: string[] = [];
  for (let type: unknown = command.type; typeof type === 'function' && type !== Function.prototype; type = Object.getPrototypeOf(type)) {
    sources.push(Function.prototype.toString.call(type));
  }
  const fingerprint = chainHash(command.name, command.version, ...sources);
  FINGERPRINTS.set(command, fingerprint);
  return fingerprint;
}

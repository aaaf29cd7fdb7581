/**
 * Runs the commands of one container on one engine.
 *
 * Owns: the way from params to a run, and from a run's end to its outcome. Does not own: the journal or the driving.
 */
import type { Container } from 'inversify';
import type { AnyCommand, ParamsOf, ResultOf } from '../abstract/AbstractCommand.js';
import type { RegisteredCommand } from '../abstract/command.js';
import type { InputOf } from '../abstract/field.js';
import { readParams } from '../abstract/params.js';
import type { RunReport } from '../abstract/RunReport.js';
import type { EndedRun, Engine, RunEvent, RunHandle, RunHistory, RunSummary } from '../engine/Engine.js';
import type { Class } from '../kernel/Class.js';
import type { Codec } from '../kernel/codec/Codec.js';
import { UsageError } from '../kernel/errors.js';
import { OrchestrationCommand } from '../orchestration/OrchestrationCommand.js';
import { planCommand } from '../orchestration/OrchestrationLifecycle.js';
import type { OrchestrationPlan } from '../orchestration/OrchestrationPlan.js';
import { fingerprintOf, instanceOf } from './CommandProgram.js';
import type { CommandRegistry } from './CommandRegistry.js';
import { type Outcome, troubleOf } from './Outcome.js';

export interface ExecuteOptions {
  /** Idempotency key: the same key of the same command is the same run, now and after a restart. */
  readonly key?: string;
  /** Aborting it cancels the run. */
  readonly signal?: AbortSignal;
  /** Who asks for it: plain data, kept with the run. */
  readonly principal?: unknown;
}

/** One run, under way or ended. */
export interface Run<R> {
  readonly id: string;
  readonly command: string;
  /** How it ended; rejects only when it did not end here: `RUN_HANDED_BACK`, `RUN_DIVERGED`. */
  outcome(): Promise<Outcome<R>>;
  /** The result of a completed run; rejects with the error of any other. */
  result(): Promise<R>;
  /** Asks the run to stop; its outcome tells when it has. */
  cancel(reason: string): Promise<void>;
  /** Phases and steps since this process took the run up. Any number may watch, each from the beginning. */
  progress(): AsyncIterable<RunEvent>;
}

/** What the journal has of a run, with params and principal as values. */
export type RunRecord<T extends RunSummary> = Omit<T, 'params' | 'principal'> & { readonly params: unknown; readonly principal: unknown };

export interface RunnerParts {
  readonly container: Container;
  readonly engine: Engine;
  readonly registry: CommandRegistry;
  readonly codec: Codec;
}

export class CommandRunner implements AsyncDisposable {
  constructor(private readonly parts: RunnerParts) {}

  /** The registered commands. */
  get commands(): readonly RegisteredCommand[] {
    return this.parts.registry.all;
  }

  /**
   * Runs a command to its end.
   *
   * @throws UsageError `COMMAND_UNKNOWN`, `PARAMS_INVALID`, `KEY_REUSED`, before anything happens.
   * @throws the error of the run, as the journal gives it back.
   */
  async execute<C extends AnyCommand>(type: Class<C>, params: InputOf<ParamsOf<C>>, options: ExecuteOptions = {}): Promise<ResultOf<C>> {
    return (await this.start(type, params, options)).result();
  }

  /** Begins a run and gives it back; see `execute` for what it throws. */
  async start<C extends AnyCommand>(type: Class<C>, params: InputOf<ParamsOf<C>>, options: ExecuteOptions = {}): Promise<Run<ResultOf<C>>> {
    const { codec, engine, registry } = this.parts;
    const command = registry.ofType(type);
    const read = await readParams(command.params, params, command.name);
    const handle = await engine.start({
      command: command.name,
      version: command.version,
      fingerprint: fingerprintOf(command),
      params: codec.encode(read, `the params of ${command.name}`, command.params),
      principal: codec.encode(options.principal, 'the principal'),
      key: options.key,
    });
    return this.runOf(handle, command, options.signal);
  }

  /** What a command would do with these params. Executes nothing. @throws UsageError `COMMAND_UNKNOWN`, `PARAMS_INVALID`, `SCOPE_INVALID` */
  async plan<C extends AnyCommand>(type: Class<C>, params: InputOf<ParamsOf<C>>): Promise<OrchestrationPlan> {
    const command = this.parts.registry.ofType(type);
    const read = await readParams(command.params, params, command.name);
    const instance = instanceOf(type, this.parts.container);
    if (!(instance instanceof OrchestrationCommand)) {
      throw new UsageError('COMMAND_NOT_PLANNED', `${command.name} coordinates no systems, so it has no plan.`, {
        details: { command: command.name },
      });
    }
    return (await planCommand(instance, command.name, read)).plan;
  }

  /** Goes on with an interrupted run. @throws UsageError `RUN_NOT_FOUND`, `COMMAND_UNKNOWN` */
  async resume(runId: string): Promise<Run<unknown>> {
    const { engine, registry } = this.parts;
    const handle = await engine.resume(runId);
    return this.runOf(handle, registry.named((await engine.history(handle.id)).command), undefined);
  }

  /** Newest first. @param limit at most so many; default 20 */
  async runs(limit = 20): Promise<readonly RunRecord<RunSummary>[]> {
    return (await this.parts.engine.list(limit)).map((run) => this.decoded(run));
  }

  /** Everything the journal has of a run; the beginning of its id is enough. @throws UsageError `RUN_NOT_FOUND` */
  async history(runId: string): Promise<RunRecord<RunHistory>> {
    return this.decoded(await this.parts.engine.history(runId));
  }

  /** Stops starting steps, waits a while for those under way, and leaves unfinished runs in the journal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.engine.close();
  }

  private decoded<T extends RunSummary>(run: T): RunRecord<T> {
    const { codec } = this.parts;
    return { ...run, params: codec.decode(run.params), principal: codec.decode(run.principal) };
  }

  private runOf<R>(handle: RunHandle, command: RegisteredCommand, signal: AbortSignal | undefined): Run<R> {
    const end = handle.ended();
    if (signal) cancelOn(signal, handle, end);
    return {
      id: handle.id,
      command: command.name,
      outcome: async () => this.outcomeOf<R>(await end, command),
      result: async () => this.resultOf<R>(await end, command),
      cancel: (reason) => handle.cancel(reason),
      progress: () => handle.watch(),
    };
  }

  private resultOf<R>(ended: EndedRun, command: RegisteredCommand): R {
    if (ended.status === 'completed')
      return this.parts.codec.decode(ended.result ?? 'null', command.result as Class<object> | undefined) as R;
    throw this.parts.codec.decode(ended.error ?? 'null');
  }

  private outcomeOf<R>(ended: EndedRun, command: RegisteredCommand): Outcome<R> {
    const { id: runId, status, startedAt, endedAt } = ended;
    const report = this.parts.codec.decode(ended.report) as RunReport;
    const common = { ...report, runId, durationMs: endedAt - startedAt };
    if (status === 'completed') return { ...common, status, result: this.resultOf<R>(ended, command) };
    return { ...common, status, error: troubleOf(this.parts.codec.decode(ended.error ?? 'null')) };
  }
}

/** Cancels while the run lasts; leaves no listener behind. */
function cancelOn(signal: AbortSignal, handle: RunHandle, end: Promise<unknown>): void {
  const cancel = (): void => {
    handle.cancel(String(signal.reason instanceof Error ? signal.reason.message : signal.reason)).catch(() => undefined); // The run's end says what became of it.
  };
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  const forget = (): void => signal.removeEventListener('abort', cancel);
  end.then(forget, forget);
}

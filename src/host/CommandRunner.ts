/**
 * Runs the commands of one container on one engine.
 *
 * Owns: the way from params to a run, and from a run's end to its outcome. Does not own: the journal or the driving.
 */
import type { Container } from 'inversify';
import type { AnyCommand } from '../abstract/AbstractCommand.js';
import type { RegisteredCommand } from '../abstract/command.js';
import type { InputOf } from '../abstract/field.js';
import { readParams } from '../abstract/params.js';
import type { RunEvent } from '../abstract/RunEvent.js';
import type { RunReport } from '../abstract/RunReport.js';
import type { GateOverride } from '../abstract/Timeline.js';
import type { ParamsOf, ResultOf } from '../abstract/TypedCommand.js';
import type { EndedRun, Engine, RunHandle, RunHistory, RunSummary } from '../engine/Engine.js';
import type { Class } from '../kernel/Class.js';
import type { Codec } from '../kernel/codec/Codec.js';
import { UsageError } from '../kernel/errors.js';
import { OrchestrationCommand } from '../orchestration/OrchestrationCommand.js';
import { planCommand } from '../orchestration/OrchestrationLifecycle.js';
import type { OrchestrationPlan } from '../orchestration/OrchestrationPlan.js';
import type { CommandRegistry } from './CommandRegistry.js';
import { instanceOf } from './commandBinding.js';
import { type Outcome, troubleOf } from './Outcome.js';
import { cancelOn, type RunStarter } from './RunStarter.js';
import { runRecord } from './runRecord/fromHistory.js';
import type { RunRecord } from './runRecord/RunRecord.js';
import type { RunRecordDocument } from './runRecord/RunRecordDocument.js';

export interface ExecuteOptions {
  /** Idempotency key: the same key of the same command is the same run, now and after a restart. */
  readonly key?: string;
  /** Aborting it cancels the run. */
  readonly signal?: AbortSignal;
  /** Who asks for it: plain data, kept with the run. */
  readonly principal?: unknown;
  /**
   * In the future. Then steps and children under way are aborted, no more are begun, and the run fails with `DEADLINE_PASSED`,
   * unless its code ends without asking for more. Kept over a restart. @default none
   */
  readonly deadline?: Date;
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
  /**
   * What happens in the run, with the share that is done and an estimate of the time that is left. Begins with what
   * happened since this process took the run up, of which at least the last 10,000 events are kept. Any number may watch.
   *
   * @param options.after goes on behind the event of this offset; one from before a restart stands before everything
   */
  progress(options?: { readonly after?: number }): AsyncIterable<RunEvent>;
  /** Lets a gate pass that waits for it, or will; see `CommandRunner.override`. */
  override(gate: string, override: GateOverride): Promise<void>;
}

export interface RunnerParts {
  readonly container: Container;
  readonly engine: Engine;
  readonly registry: CommandRegistry;
  readonly codec: Codec;
  readonly starter: RunStarter;
}

/** What the reports of older journals do not have. */
const NO_REPORT = { timeline: [], steps: [] };

export class CommandRunner implements AsyncDisposable {
  constructor(private readonly parts: RunnerParts) {}

  /** The registered commands. */
  get commands(): readonly RegisteredCommand[] {
    return this.parts.registry.all;
  }

  /**
   * Runs a command to its end.
   *
   * @throws UsageError `COMMAND_UNKNOWN`, `PARAMS_INVALID`, `DEADLINE_INVALID`, `KEY_REUSED`, before anything happens.
   * @throws the error of the run, as the journal gives it back.
   */
  async execute<C extends AnyCommand>(type: Class<C>, params: InputOf<ParamsOf<C>>, options: ExecuteOptions = {}): Promise<ResultOf<C>> {
    const { starter, registry } = this.parts;
    const command = registry.ofType(type);
    const handle = await starter.start(command, params, options);
    const end = handle.ended();
    if (options.signal) cancelOn(options.signal, handle, end);
    return starter.resultOf(await end, command);
  }

  /** Begins a run and gives it back; see `execute` for what it throws. */
  async start<C extends AnyCommand>(type: Class<C>, params: InputOf<ParamsOf<C>>, options: ExecuteOptions = {}): Promise<Run<ResultOf<C>>> {
    const { starter, registry } = this.parts;
    const command = registry.ofType(type);
    return this.runOf(await starter.start(command, params, options), command, options.signal);
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
    return planCommand(instance, command.name, read);
  }

  /** Goes on with an interrupted run. @throws UsageError `RUN_NOT_FOUND`, `COMMAND_UNKNOWN` */
  async resume(runId: string): Promise<Run<unknown>> {
    const { engine, registry } = this.parts;
    const handle = await engine.resume(runId);
    return this.runOf(handle, registry.named((await engine.history(handle.id)).command), undefined);
  }

  /**
   * Lets a gate pass in the name of a person: who and why are recorded with the run and stand in its outcome. Goes on with
   * the run if it was interrupted. May come before the gate is checked.
   *
   * @param gate the name that the command gave it
   * @throws UsageError `RUN_NOT_FOUND`, `RUN_ENDED`, `OVERRIDE_INVALID`
   */
  async override(runId: string, gate: string, override: GateOverride): Promise<Run<unknown>> {
    const run = await this.resume(runId);
    await run.override(gate, override);
    return run;
  }

  /** Newest first. @param limit at most so many; default 20 */
  async runs(limit = 20): Promise<readonly RunRecord<RunSummary>[]> {
    return (await this.parts.engine.list(limit)).map((run) => this.decoded(run));
  }

  /** Everything the journal has of a run; the beginning of its id is enough. @throws UsageError `RUN_NOT_FOUND` */
  async history(runId: string): Promise<RunRecord<RunHistory>> {
    return this.decoded(await this.parts.engine.history(runId));
  }

  /**
   * The record of a run as a document for people and auditors, which `runRecordMarkdown` and `runRecordHtml` make readable;
   * of a run that has not ended with what is known. The beginning of its id is enough.
   *
   * @throws UsageError `RUN_NOT_FOUND`, InvariantViolation `JOURNAL_ALTERED`
   */
  async document(runId: string): Promise<RunRecordDocument> {
    const { engine, registry, codec } = this.parts;
    const run = await engine.history(runId);
    const known = registry.all.find(({ name }) => name === run.command);
    return runRecord({ ...this.decoded(run), params: codec.revive(run.params, known?.params) });
  }

  /** Stops starting steps, waits a while for those under way, and leaves unfinished runs in the journal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.engine.close();
  }

  private decoded<T extends RunSummary>(run: T): RunRecord<T> {
    const { codec } = this.parts;
    return { ...run, params: codec.revive(run.params), principal: codec.decode(run.principal) };
  }

  private runOf<R>(handle: RunHandle, command: RegisteredCommand, signal: AbortSignal | undefined): Run<R> {
    const end = handle.ended();
    if (signal) cancelOn(signal, handle, end);
    return {
      id: handle.id,
      command: command.name,
      outcome: async () => this.outcomeOf<R>(await end, command),
      result: async () => this.parts.starter.resultOf<R>(await end, command),
      cancel: (reason) => handle.cancel(reason),
      progress: ({ after } = {}) => handle.watch(after),
      override: (gate, override) => handle.override(gate, override),
    };
  }

  private outcomeOf<R>(ended: EndedRun, command: RegisteredCommand): Outcome<R> {
    const { id: runId, status, startedAt, endedAt } = ended;
    const report = this.parts.codec.decode(ended.report()) as RunReport;
    const common = { ...NO_REPORT, ...report, runId, durationMs: endedAt - startedAt };
    if (status === 'completed') return { ...common, status, result: this.parts.starter.resultOf<R>(ended, command) };
    return { ...common, status, error: troubleOf(this.parts.codec.decode(ended.error ?? 'null')) };
  }
}

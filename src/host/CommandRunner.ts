/**
 * Runs the commands of one container on one engine.
 *
 * Owns: the way from params to a run, and from a run's end to its outcome. Does not own: the journal or the driving.
 */
import { randomUUID } from 'node:crypto';
import type { Container } from 'inversify';
import type { AnyCommand } from '../abstract/AbstractCommand.js';
import type { RegisteredCommand } from '../abstract/command.js';
import type { InputOf } from '../abstract/field.js';
import { readParams } from '../abstract/params.js';
import type { RunEvent } from '../abstract/RunEvent.js';
import type { RunReport } from '../abstract/RunReport.js';
import { checkedSignal } from '../abstract/signal.js';
import type { GateOverride } from '../abstract/Timeline.js';
import type { ParamsOf, ResultOf } from '../abstract/TypedCommand.js';
import type { EndedRun, Engine, ForkPoint, Retention, RunCheck, RunHandle, RunHistory, RunSummary } from '../engine/Engine.js';
import type { EndStatus } from '../engine/Record.js';
import type { Class } from '../kernel/Class.js';
import type { Codec } from '../kernel/codec/Codec.js';
import { UsageError } from '../kernel/errors.js';
import { OrchestrationCommand } from '../orchestration/OrchestrationCommand.js';
import { operationNamed, planCommand } from '../orchestration/OrchestrationLifecycle.js';
import type { OrchestrationPlan } from '../orchestration/plan/OrchestrationPlan.js';
import { fingerprintOf } from './CommandProgram.js';
import type { CommandRegistry } from './CommandRegistry.js';
import { instanceOf } from './commandBinding.js';
import { type Outcome, troubleOf } from './Outcome.js';
import { cancelOn, type RunStarter } from './RunStarter.js';
import type { OperationReliability } from './reliability/OperationReliability.js';
import { type ReliabilityOptions, reliabilityOf } from './reliability/reliabilityOf.js';
import { runRecord } from './runRecord/fromHistory.js';
import type { RunRecord } from './runRecord/RunRecord.js';
import type { RunRecordDocument } from './runRecord/RunRecordDocument.js';
import { checkSettledOutput, type StepSettlement, settlementOf } from './settlement.js';

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
  /** Among the runs that wait in the queue of the command: the higher the sooner; an integer. @default 0 */
  readonly priority?: number;
}

export interface NotifyOptions {
  /** The same token is the same signal, however often it is sent. @default a new one */
  readonly token?: string;
}

/** Which runs are pruned, and what remains of them. */
export interface PruneOptions {
  /** Only runs that ended before. */
  readonly endedBefore: Date;
  /** `bodies` keeps that the run was and what it did, without values; the chain of its hashes can still be checked. */
  readonly what: Retention['what'];
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
  /** Sends it a signal; see `CommandRunner.notify`. */
  notify(signal: string, value: object, options?: NotifyOptions): Promise<void>;
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
const NO_REPORT = { timeline: [], steps: [], undone: [] };

export class CommandRunner implements AsyncDisposable {
  constructor(private readonly parts: RunnerParts) {}

  /** The registered commands. */
  get commands(): readonly RegisteredCommand[] {
    return this.parts.registry.all;
  }

  /** What its runs are kept by. */
  get engine(): Pick<Engine, 'name' | 'capabilities' | 'serving'> {
    return this.parts.engine;
  }

  /**
   * Runs a command to its end.
   *
   * @throws UsageError `COMMAND_UNKNOWN`, `PARAMS_INVALID`, `DEADLINE_INVALID`, `QUEUE_INVALID`, `KEY_REUSED`, before anything happens.
   * @throws the error of the run, as the journal gives it back.
   */
  async execute<C extends AnyCommand>(type: Class<C>, params: InputOf<ParamsOf<C>>, options: ExecuteOptions = {}): Promise<ResultOf<C>> {
    const { starter, registry } = this.parts;
    const command = registry.ofType(type);
    const handle = await starter.start(command, params, { ...options, awaited: true });
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
    return this.taken(await this.parts.engine.resume(runId));
  }

  /**
   * Goes on with a run that failed, after its code was mended: what was recorded stands, and the step that it failed with is
   * done again.
   *
   * @throws UsageError `RUN_NOT_FOUND`, `COMMAND_UNKNOWN`, `RUN_NOT_REOPENED` when it has not failed, or what it did was undone.
   */
  async reopen(runId: string): Promise<Run<unknown>> {
    return this.taken(await this.parts.engine.reopen(runId));
  }

  /**
   * Says in the name of a person what a step did whose outcome is unknown, and goes on with its run: with what is called behind it, or with
   * undoing what the run did if that was what it had begun. Who said so and why is recorded.
   *
   * @param step its name, or its identity where several steps of that name are in doubt
   * @throws UsageError `RUN_NOT_FOUND`, `COMMAND_UNKNOWN`, `SETTLE_REFUSED` for a run that is not unknown, a step that is not in doubt, or
   * without `by` and `reason`; `VALUE_NOT_CARRIED`
   */
  async settle(runId: string, step: string, settlement: StepSettlement): Promise<Run<unknown>> {
    const { engine, codec } = this.parts;
    const run = await engine.history(runId);
    if (settlement.as === 'done') await this.checkOutput(run, step, settlement.output);
    return this.taken(await engine.settle(run.id, settlementOf(step, settlement, codec)));
  }

  /** What a person says that an operation gave is checked like its reply. */
  private async checkOutput({ command, params, records }: RunHistory, step: string, output: unknown): Promise<void> {
    const { registry, container, codec } = this.parts;
    const registered = registry.named(command);
    const instance = instanceOf(registered.type, container);
    if (!(instance instanceof OrchestrationCommand)) return;
    const name = records.find((record) => record.step === step)?.label ?? step;
    const operation = await operationNamed(instance, name, codec.revive(params, registered.params) as object);
    if (operation) await checkSettledOutput(operation, name, output);
  }

  /**
   * Begins a new run of the same command and params whose past is what another recorded before a point: to try from there
   * what mended code does. Effects behind that point happen again.
   *
   * @throws UsageError `RUN_NOT_FOUND`, `COMMAND_UNKNOWN`, `FORK_REFUSED` for a point that is not there, or behind a step that was undone.
   */
  async fork(runId: string, from: ForkPoint): Promise<Run<unknown>> {
    return this.taken(await this.parts.starter.fork(runId, from));
  }

  /**
   * Sends a signal to a run, which takes it with `ctx.waitFor`, also later: signals of one name are kept in the order they
   * came. It is on disk when this resolves. The run need not be loaded, nor run in this process.
   *
   * @param value plain data, as the journal carries it
   * @throws UsageError `RUN_NOT_FOUND`, `RUN_ENDED`, `SIGNAL_INVALID` for what is no object, `VALUE_NOT_CARRIED`
   */
  async notify(runId: string, signal: string, value: object, { token = randomUUID() }: NotifyOptions = {}): Promise<void> {
    const text = this.parts.codec.encode(checkedSignal(signal, value), `the value of the signal "${signal}"`);
    await this.parts.engine.notify(runId, { name: signal, value: text, token });
  }

  /** Asks a run to stop, wherever it is; its outcome tells when it has. What it did is undone. @throws UsageError `RUN_NOT_FOUND` */
  async cancel(runId: string, reason: string): Promise<void> {
    await this.parts.engine.cancel(runId, reason);
  }

  /** What a run published last with `ctx.publish`, or undefined. Does not load it. @throws UsageError `RUN_NOT_FOUND` */
  async query(runId: string): Promise<unknown> {
    const { engine, codec } = this.parts;
    const text = await engine.query(runId);
    return text === undefined ? undefined : codec.decode(text);
  }

  /**
   * Lets a gate pass in the name of a person: who and why are recorded with the run and stand in its outcome. May come
   * before the gate is checked. The run need not be loaded, nor run in this process.
   *
   * @param gate the name that the command gave it
   * @throws UsageError `RUN_NOT_FOUND`, `RUN_ENDED`, `OVERRIDE_INVALID`
   */
  async override(runId: string, gate: string, override: GateOverride): Promise<void> {
    await this.parts.engine.override(runId, gate, override);
  }

  /**
   * Says of every open run whether it would go on with the present code, by replaying what it recorded: without effects, and
   * without a trace in the journal. To be asked before a new version goes into service.
   */
  check(): AsyncIterable<RunCheck> {
    return this.parts.engine.check();
  }

  /** Removes ended runs from the journal, or their values. @returns how many runs. @throws UsageError `RETENTION_INVALID` */
  async prune({ endedBefore, what }: PruneOptions): Promise<number> {
    const before = endedBefore instanceof Date ? endedBefore.getTime() : Number.NaN;
    if (Number.isNaN(before) || (what !== 'runs' && what !== 'bodies')) {
      throw new UsageError(
        'RETENTION_INVALID',
        `prune({ endedBefore: ${String(endedBefore)}, what: ${String(what)} }): give a valid Date, and 'runs' or 'bodies'.`,
      );
    }
    return this.parts.engine.prune({ endedBefore: before, what });
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
    const params = codec.revive(run.params, known?.params);
    const planned = known && (await this.plannedOf(run, known, params as object));
    return runRecord({ ...this.decoded(run), params }, { commands: registry.all.map(({ name }) => name), planned });
  }

  /** Undefined for a command without systems, and where the params cannot be planned with any more. */
  private async plannedOf({ fingerprint }: RunHistory, known: RegisteredCommand, params: object) {
    try {
      const instance = instanceOf(known.type, this.parts.container);
      if (!(instance instanceof OrchestrationCommand)) return undefined;
      const by = fingerprint === fingerprintOf(known) ? ('its own code' as const) : ('other code' as const);
      return { plan: await planCommand(instance, known.name, params), by };
    } catch {
      return undefined;
    }
  }

  /**
   * How reliable the operations of systems were, over the runs of the journal.
   *
   * @throws UsageError `STRATEGY_INVALID` for options that mean nothing, InvariantViolation `JOURNAL_ALTERED`
   */
  reliability(options: ReliabilityOptions = {}): Promise<readonly OperationReliability[]> {
    return reliabilityOf(this.parts.engine, options);
  }

  /** Stops starting steps, waits a while for those under way, and leaves unfinished runs in the journal. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.parts.engine.close();
  }

  private decoded<T extends RunSummary>(run: T): RunRecord<T> {
    const { codec } = this.parts;
    return { ...run, params: codec.revive(run.params), principal: codec.decode(run.principal) };
  }

  /** A run that was there before. */
  private async taken(handle: RunHandle): Promise<Run<unknown>> {
    const { engine, registry } = this.parts;
    return this.runOf(handle, registry.named((await engine.history(handle.id)).command), undefined);
  }

  private runOf<R>(handle: RunHandle, command: RegisteredCommand, signal: AbortSignal | undefined): Run<R> {
    let awaited: Promise<EndedRun> | undefined;
    const end = (): Promise<EndedRun> => {
      awaited ??= handle.ended(); // Not before somebody asks: a run that nobody waits for costs nothing here.
      return awaited;
    };
    if (signal) cancelOn(signal, handle, end());
    return {
      id: handle.id,
      command: command.name,
      outcome: async () => this.outcomeOf<R>(await end(), command),
      result: async () => this.parts.starter.resultOf<R>(await end(), command),
      cancel: (reason) => handle.cancel(reason),
      notify: (signal, value, options) => this.notify(handle.id, signal, value, options),
      progress: ({ after } = {}) => handle.watch(after),
      override: (gate, override) => handle.override(gate, override),
    };
  }

  private outcomeOf<R>(ended: EndedRun, command: RegisteredCommand): Outcome<R> {
    const { id: runId, startedAt, endedAt } = ended;
    const status = ended.status as Exclude<EndStatus, 'continued'>; // The engine gives the end of the last successor.
    const report = this.parts.codec.decode(ended.report()) as RunReport;
    const common = { ...NO_REPORT, ...report, runId, durationMs: endedAt - startedAt };
    if (status === 'completed') return { ...common, status, result: this.parts.starter.resultOf<R>(ended, command) };
    return { ...common, status, error: troubleOf(this.parts.codec.decode(ended.error ?? 'null')) };
  }
}

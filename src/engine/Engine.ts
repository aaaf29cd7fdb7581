/** The port of the engines: start, resume, cancel, read back. A contract suite runs on every implementation. */
import type { DurableRun } from '../abstract/DurableRun.js';
import type { RunEvent, RunHappening, RunProgress } from '../abstract/RunEvent.js';
import type { RunWait } from '../abstract/RunWait.js';
import type { Telemetry } from '../abstract/Telemetry.js';
import type { GateOverride } from '../abstract/Timeline.js';
import type { Carried } from '../kernel/codec/Carried.js';
import type { Codec } from '../kernel/codec/Codec.js';
import type { Logger } from '../kernel/Logger.js';
import type { SecretVault } from '../kernel/SecretVault.js';
import type { EndStatus, JournalRecord } from './Record.js';
import type { Stores } from './stores/Stores.js';

/** What is known of a run from its start. Texts are the codec's. */
export interface StartedRun {
  readonly id: string;
  readonly command: string;
  readonly version: string;
  readonly params: Carried;
  readonly principal: string;
  readonly key: string | null;
  readonly fingerprint: string;
  readonly startedAt: number;
}

/** Where a run comes from and how long it may take; kept in its first record. */
export interface RunOrigin {
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined;
  /** W3C trace context. */
  readonly traceparent: string | undefined;
  /** Id of the run that started this one. */
  readonly parent: string | undefined;
  /** Identity of the step of that run which waits for this one; undefined when none does. */
  readonly parentStep?: string | undefined;
  /** The run that this one was forked from, and the last record that it has from there. */
  readonly forkedFrom?: { readonly run: string; readonly seq: number } | undefined;
  /** Id of the run that this one goes on with. */
  readonly predecessor?: string | undefined;
  /** Queues whose places the runs around this one have, which it shares. */
  readonly holds?: readonly string[] | undefined;
  /** When the time of the run begins, if that is before it was started: a fork has the time of what it was forked from. */
  readonly epoch?: number | undefined;
  /** Number of the last record that a fork took over; behind that it has its own time. */
  readonly inherited?: number | undefined;
}

export interface StartRequest {
  readonly command: string;
  readonly version: string;
  /** Digest of the code, to tell an edit from a divergence. */
  readonly fingerprint: string;
  readonly params: Carried;
  readonly principal: string;
  /** Idempotency key, unique for the command: the same key is the same run. */
  readonly key?: string | undefined;
  readonly deadline?: number | undefined;
  readonly parent?: string | undefined;
  readonly parentStep?: string | undefined;
  /** Limits that the run waits for, and its place among the others. */
  readonly queue?: QueueEntry | undefined;
  /**
   * Whoever starts it waits for its end and for nothing else: the run need not be recorded when `start` resolves, and what it is refused with may
   * come with its end. @default false
   */
  readonly awaited?: boolean | undefined;
}

/** How much of a queue may go on at once. */
export interface QueueLimits {
  readonly name: string;
  /** Runs begun and not ended. @default no limit */
  readonly concurrency?: number | undefined;
  /** Beginnings per time. @default no limit */
  readonly rate?: { readonly count: number; readonly perMs: number } | undefined;
}

/** A place in the queue of a command. */
export interface QueueEntry extends QueueLimits {
  /** Keys are served by turns. */
  readonly key: string;
  /** The higher the sooner. */
  readonly priority: number;
}

/** One load of a run's code: made anew at the start and after every interruption. */
export interface Program {
  readonly fingerprint: string;
  /** Runs the code from its start. */
  run(run: DurableRun): Promise<unknown>;
  /** Params for a successor, as the journal carries them. */
  carryParams(params: object): Carried;
  /** What `run` returned, as the journal carries it. */
  carryResult(result: unknown): Carried;
  /** What the outcome says besides the result; asked for when the run ends. @returns makes the text, as often as it is asked */
  report(): () => string;
  /** Closes what this load opened; called once, whether the run ended or is handed back. Undefined when nothing was opened. */
  unload(): Promise<void> | undefined;
  /** Names of steps that older code had and this code does not have any more. */
  readonly retired?: readonly string[] | undefined;
  /** The run has failed, and what it did was undone. */
  readonly compensated?: boolean;
  /** The run has done what leaves no way back. */
  readonly pastPivot?: boolean;
  /** How far the run is, after something more happened in it; called for everything in order. */
  progress(happening: RunHappening, at: number): RunProgress;
}

/** @throws UsageError `COMMAND_UNKNOWN` when this application has no such command. */
type LoadProgram = (run: StartedRun, origin: RunOrigin) => Program;

export interface EndedRun {
  readonly id: string;
  readonly startedAt: number;
  /** Of what an engine gives never `continued`: that has the end of its last successor. */
  readonly status: EndStatus;
  readonly endedAt: number;
  /** The result of a completed run. */
  readonly result: Carried | undefined;
  /** Text of the error of any other. */
  readonly error: string | undefined;
  /** Makes the text of what the outcome says besides. */
  readonly report: () => string;
  /** Id of the run that goes on with a continued one. */
  readonly successor?: string | undefined;
  /** It did not end well, and what it did stands: there was no way back. */
  readonly stands?: boolean | undefined;
}

export interface RunHandle {
  readonly id: string;
  /**
   * How the run ended.
   *
   * @throws TransientError `RUN_HANDED_BACK` when the engine was closed first; the run can be resumed.
   * @throws UsageError `RUN_DIVERGED` when the code no longer asks for what the journal recorded; the run can be resumed with code that does.
   */
  ended(): Promise<EndedRun>;
  /**
   * Everything since this load began, then what follows, until the run ends or is handed back. Any number may watch.
   *
   * @param after only what has a greater offset
   */
  watch(after?: number): AsyncIterable<RunEvent>;
  /** Asks the run to stop: delivered in order with its other records. */
  cancel(reason: string): Promise<void>;
  /** Records that a person lets a gate pass. @throws UsageError `RUN_ENDED` */
  override(gate: string, override: GateOverride): Promise<void>;
}

/** What somebody tells a run. */
export interface Signal {
  readonly name: string;
  /** Text of the codec. */
  readonly value: string;
  /** The same token is the same signal, however often it is sent. */
  readonly token: string;
}

/**
 * `interrupted` has no end and no process that runs it; `waiting` is unloaded until something comes; `queued` has not begun;
 * `stopped` could not go on, and somebody must look at it.
 */
export type RunState = EndStatus | 'running' | 'interrupted' | 'waiting' | 'queued' | 'stopped';

/** Where a fork begins: all that was recorded before this is its past. */
export type ForkPoint = { readonly seq: number } | { readonly step: string };

/** What a person says that a step did whose outcome is unknown. */
export interface Settlement {
  /** Identity of the step, or its name where no other in doubt has it. */
  readonly step: string;
  readonly status: 'succeeded' | 'failed';
  /** What it gave, or the error that it failed with, as text of the codec. */
  readonly body: string;
  readonly by: string;
  readonly reason: string;
}

/** What would become of an open run with the present code. */
export interface RunCheck {
  readonly id: string;
  readonly command: string;
  /** `doubtful` goes on with something new, and nothing shows whether the code still asks for all that was recorded. */
  readonly verdict: 'continues' | 'doubtful' | 'refused' | 'unknown-command';
  /** Why it does not continue, or may not. */
  readonly reason?: string;
  /** The step that the code and the journal disagree about. */
  readonly step?: string;
}

export interface Retention {
  /** Only runs that ended before, in milliseconds since the epoch. */
  readonly endedBefore: number;
  /** `bodies` keeps that the run was and what it did, without values; the chain of its hashes can still be checked. */
  readonly what: 'runs' | 'bodies';
}

export interface RunSummary extends StartedRun {
  readonly state: RunState;
  readonly endedAt: number | null;
  /** Ended steps so far. */
  readonly steps: number;
  /** What an open run stands still for. */
  readonly waits: readonly RunWait[];
  /** Id of the run that goes on with it. */
  readonly successor: string | null;
}

export interface RunHistory extends RunSummary {
  readonly records: readonly JournalRecord[];
}

export interface EngineSetup {
  readonly load: LoadProgram;
  readonly codec: Codec;
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly secrets: SecretVault;
  /** Names of the commands that `load` knows. */
  readonly commands: readonly string[];
  /** Limits of those that have any. */
  readonly queues: readonly QueueLimits[];
}

/** What an engine offers beyond what all do. What it does not offer it refuses with `NOT_ON_ENGINE`. */
export interface EngineCapabilities {
  /** Code that changed goes on with an open run where it agrees with what was recorded; or a run ends on the code that it was begun with. */
  readonly evolution: 'matched' | 'pinned';
  /** That an effect with an undo is about to begin is recorded, or follows from replay. */
  readonly undoIntent: 'recorded' | 'implied';
  readonly fork: boolean;
  readonly reopen: boolean;
  readonly settle: boolean;
  readonly check: boolean;
  /** The records of a run are chained by hashes. */
  readonly auditChain: boolean;
  /** The values of ended runs can be erased while what they did stays. */
  readonly erase: boolean;
  /** How long a key stands for its run: until that is pruned, or for the time that the engine keeps ended runs. */
  readonly keyRetention: 'until-pruned' | 'limited';
  /** Who watches a run is told what happens in it, wherever that is, or only where it is driven. */
  readonly progress: 'everywhere' | 'where-driven';
}

/** How a server reaches the runs that this process drives. */
export interface Serving {
  readonly url: string;
  /** The server's name for what is served there, where this process made it known. */
  readonly deployment: string | undefined;
}

export interface Engine {
  readonly name: string;
  readonly capabilities: EngineCapabilities;
  /** Undefined before `adopt`, and always where the engine has no server. */
  readonly serving?: Serving | undefined;
  /**
   * State, locks and topics that the processes of this engine share.
   *
   * @throws UsageError `ENGINE_CLOSED` when it is not open, `ENGINE_READ_ONLY`
   */
  readonly stores: Stores;
  /** Opens the journal. Called once, before anything else. */
  open(setup: EngineSetup): Promise<void>;
  /**
   * Records the start of a run and begins it; with a key that was used before, gives that run.
   *
   * @throws UsageError `KEY_REUSED` when the key was used with other params.
   */
  start(request: StartRequest): Promise<RunHandle>;
  /**
   * Goes on with an interrupted run; a running or ended one is only looked at.
   *
   * @throws UsageError `RUN_NOT_FOUND` or `COMMAND_UNKNOWN`.
   */
  resume(runId: string): Promise<RunHandle>;
  /** Goes on with the run of a command that was begun with this key, whatever its params; undefined when there is none. */
  resumeByKey(command: string, key: string): Promise<RunHandle | undefined>;
  /**
   * Goes on with a failed run, after its code was mended: the outcome of the step that it failed with is superseded, and the
   * step is done again.
   *
   * @throws UsageError `RUN_NOT_FOUND`, `RUN_NOT_REOPENED` when it has not failed, or what it did was undone.
   */
  reopen(runId: string): Promise<RunHandle>;
  /**
   * Goes on with a run whose outcome is unknown, since a person says what a step of it did.
   *
   * @throws UsageError `RUN_NOT_FOUND`, `SETTLE_REFUSED` for a run that is not unknown, or a step that is not in doubt.
   */
  settle(runId: string, settlement: Settlement): Promise<RunHandle>;
  /**
   * A new run of the same command and params that begins with what was recorded before a point of another.
   *
   * @param queue limits that it waits for, as if it were started
   * @throws UsageError `RUN_NOT_FOUND`, `FORK_REFUSED` for a point that is not there, or behind a step that was undone.
   */
  fork(runId: string, from: ForkPoint, queue?: QueueEntry): Promise<RunHandle>;
  /** Sends a signal to a run, whether it is loaded, waits or runs in another process. @throws UsageError `RUN_NOT_FOUND`, `RUN_ENDED` */
  notify(runId: string, signal: Signal): Promise<void>;
  /** Asks a run to stop, wherever it is. @throws UsageError `RUN_NOT_FOUND` */
  cancel(runId: string, reason: string): Promise<void>;
  /** Lets a gate pass, wherever the run is. @throws UsageError `RUN_NOT_FOUND`, `RUN_ENDED`, `OVERRIDE_INVALID` */
  override(runId: string, gate: string, override: GateOverride): Promise<void>;
  /** What the run published last, as text of the codec. @throws UsageError `RUN_NOT_FOUND` */
  query(runId: string): Promise<string | undefined>;
  /** Replays every open run against the present code, without effects and without a trace in the journal. */
  check(): AsyncIterable<RunCheck>;
  /** Removes or erases ended runs. @returns how many */
  prune(retention: Retention): Promise<number>;
  /** Newest first. */
  list(limit: number): Promise<readonly RunSummary[]>;
  /** @throws UsageError `RUN_NOT_FOUND`, InvariantViolation `JOURNAL_ALTERED`. `runId` may be the beginning of an id, if no other begins so. */
  history(runId: string): Promise<RunHistory>;
  /** Goes on with the runs that were interrupted, and from now on with those that are due, have mail, or lose their process. */
  adopt(): Promise<void>;
  /** Stops starting steps, waits for those under way up to a limit, and leaves unfinished runs to be resumed. */
  close(): Promise<void>;
}

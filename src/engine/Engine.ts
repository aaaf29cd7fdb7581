/** The port of the engines: start, resume, cancel, read back. A contract suite runs on every implementation. */
import type { DurableRun } from '../abstract/DurableRun.js';
import type { RunEvent, RunHappening, RunProgress } from '../abstract/RunEvent.js';
import type { Telemetry } from '../abstract/Telemetry.js';
import type { GateOverride } from '../abstract/Timeline.js';
import type { Carried } from '../kernel/codec/Carried.js';
import type { Codec } from '../kernel/codec/Codec.js';
import type { Logger } from '../kernel/Logger.js';
import type { SecretVault } from '../kernel/SecretVault.js';
import type { EndStatus, JournalRecord } from './Record.js';

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
}

/** One load of a run's code: made anew at the start and after every interruption. */
export interface Program {
  readonly fingerprint: string;
  /** Runs the code from its start. */
  run(run: DurableRun): Promise<unknown>;
  /** What `run` returned, as the journal carries it. */
  carryResult(result: unknown): Carried;
  /** What the outcome says besides the result; asked for when the run ends. @returns makes the text, as often as it is asked */
  report(): () => string;
  /** Closes what this load opened; called once, whether the run ended or is handed back. Undefined when nothing was opened. */
  unload(): Promise<void> | undefined;
  /** How far the run is, after something more happened in it; called for everything in order. */
  progress(happening: RunHappening, at: number): RunProgress;
}

/** @throws UsageError `COMMAND_UNKNOWN` when this application has no such command. */
type LoadProgram = (run: StartedRun, origin: RunOrigin) => Program;

export interface EndedRun {
  readonly id: string;
  readonly startedAt: number;
  readonly status: EndStatus;
  readonly endedAt: number;
  /** The result of a completed run. */
  readonly result: Carried | undefined;
  /** Text of the error of any other. */
  readonly error: string | undefined;
  /** Makes the text of what the outcome says besides. */
  readonly report: () => string;
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

/** `interrupted` has no end and no process that runs it. */
export type RunState = EndStatus | 'running' | 'interrupted';

export interface RunSummary extends StartedRun {
  readonly state: RunState;
  readonly endedAt: number | null;
  /** Ended steps so far. */
  readonly steps: number;
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
}

export interface Engine {
  readonly name: string;
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
  /** Newest first. */
  list(limit: number): Promise<readonly RunSummary[]>;
  /** @throws UsageError `RUN_NOT_FOUND`, InvariantViolation `JOURNAL_ALTERED`. `runId` may be the beginning of an id, if no other begins so. */
  history(runId: string): Promise<RunHistory>;
  /** Ids of the runs that were interrupted. */
  interrupted(): Promise<readonly string[]>;
  /** Stops starting steps, waits for those under way up to a limit, and leaves unfinished runs to be resumed. */
  close(): Promise<void>;
}

/** The port of the engines: start, resume, cancel, read back. A contract suite runs on every implementation. */
import type { DurableRun } from '../abstract/DurableRun.js';
import type { Logger } from '../abstract/Logger.js';
import type { Codec } from '../kernel/codec/Codec.js';
import type { EndStatus, JournalRecord } from './Record.js';

/** What is known of a run from its start. Texts are the codec's. */
export interface StartedRun {
  readonly id: string;
  readonly command: string;
  readonly version: string;
  readonly params: string;
  readonly principal: string;
  readonly key: string | null;
  readonly fingerprint: string;
  readonly startedAt: number;
}

export interface StartRequest {
  readonly command: string;
  readonly version: string;
  /** Digest of the code, to tell an edit from a divergence. */
  readonly fingerprint: string;
  readonly params: string;
  readonly principal: string;
  /** Idempotency key, unique for the command: the same key is the same run. */
  readonly key?: string | undefined;
}

/** One load of a run's code: made anew at the start and after every interruption. */
export interface Program {
  readonly fingerprint: string;
  /** Runs the code from its start. */
  run(run: DurableRun): Promise<unknown>;
  /** Text of what `run` returned. */
  encodeResult(result: unknown): string;
  /** What the outcome says besides the result; asked for when the run ends. */
  report(): string;
  /** Closes what this load opened; called once, whether the run ended or is handed back. */
  unload(): Promise<void>;
}

/** @throws UsageError `COMMAND_UNKNOWN` when this application has no such command. */
type LoadProgram = (run: StartedRun) => Program;

export interface EndedRun extends StartedRun {
  readonly status: EndStatus;
  readonly endedAt: number;
  /** Text of the result of a completed run. */
  readonly result: string | undefined;
  /** Text of the error of any other. */
  readonly error: string | undefined;
  readonly report: string;
}

/** What observers of a run see while it runs. Steps that were recorded before are `replayed`. */
export type RunEvent =
  | { readonly type: 'phase'; readonly at: number; readonly phase: string }
  | { readonly type: 'step-started'; readonly at: number; readonly step: string }
  | { readonly type: 'step-replayed'; readonly at: number; readonly step: string; readonly status: string; readonly durationMs: number }
  | {
      readonly type: 'step-ended';
      readonly at: number;
      readonly step: string;
      readonly status: string;
      readonly durationMs: number;
      readonly reason?: string;
    }
  | { readonly type: 'ended'; readonly at: number; readonly status: EndStatus };

export interface RunHandle {
  readonly id: string;
  /**
   * How the run ended.
   *
   * @throws TransientError `RUN_HANDED_BACK` when the engine was closed first; the run can be resumed.
   * @throws UsageError `RUN_DIVERGED` when the code no longer asks for what the journal recorded; the run can be resumed with code that does.
   */
  ended(): Promise<EndedRun>;
  /** Everything since this load began, then what follows, until the run ends or is handed back. Any number may watch. */
  watch(): AsyncIterable<RunEvent>;
  /** Asks the run to stop: delivered in order with its other records. */
  cancel(reason: string): Promise<void>;
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

import type { RunTrace } from '../../abstract/Telemetry.js';
import type { Clock } from '../../kernel/Clock.js';
import type { Carried } from '../../kernel/codec/Carried.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import type { Logger } from '../../kernel/Logger.js';
import type { SecretVault } from '../../kernel/SecretVault.js';
import type { EndedRun, Program, RunOrigin } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
import type { RunWatch } from '../RunWatch.js';
import type { RunJournal, RunRow } from './RunJournal.js';
import type { RunLog } from './RunLog.js';

/** What a run leaves to the one that goes on with it. */
export interface Legacy {
  readonly params: Carried;
  /** Signals that it did not take. */
  readonly signals: readonly JournalRecord[];
  /** Why it was cancelled, if that came too late for it. */
  readonly cancelled: string | undefined;
}

/** What an engine does for the runs that it has loaded. */
export interface RunHost {
  /** Nothing of the run is under way; it may be put aside from now until it says otherwise. */
  resting(runId: string): void;
  /** The step of a run has begun a run of its own, and waits for it. */
  childBegun(runId: string, step: string, childId: string): void;
  /** An earlier load has begun the run of a step, or was about to. @param command name of that run's */
  hasChild(runId: string, command: string, step: string): boolean;
  cancelChild(childId: string, reason: string): void;
  /** The end of the run is recorded and not on disk yet: in the same commit others are told. */
  ended(run: RunRow, origin: RunOrigin, ended: EndedRun): void;
  /** Begins the run that goes on with one that ends, in the same commit. @returns its id */
  succeed(run: RunRow, origin: RunOrigin, legacy: Legacy): string;
}

/** What one load of a run stands on. */
export interface ExecutionParts {
  readonly journal: RunJournal;
  readonly log: RunLog;
  readonly origin: RunOrigin;
  readonly program: Program;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly watch: RunWatch;
  readonly logger: Logger;
  /** How long a body may take to heed its signal. */
  readonly graceMs: number;
  readonly trace: RunTrace;
  readonly secrets: SecretVault;
  readonly host: RunHost;
  /** Keeps the effects of many runs that are resumed at once from beginning together. */
  readonly turnToStart: (() => Promise<() => void> | undefined) | undefined;
  /** Only whether the code still agrees with the journal is asked: nothing is executed or recorded. */
  readonly checking?: boolean;
}

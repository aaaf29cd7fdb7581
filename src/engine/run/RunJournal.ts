/** The records of runs, as the driver of one run needs them: where they are kept is the engine's matter. */
import type { RunWait } from '../../abstract/RunWait.js';
import type { StartedRun } from '../Engine.js';
import type { EndStatus, JournalRecord } from '../Record.js';

/**
 * Where an open run stands: `running` has been begun and not put aside; `waiting` is unloaded until it is due or gets mail;
 * `queued` was not begun yet; `stopped` could not go on and waits for a person or other code.
 */
type Standing = 'running' | 'waiting' | 'queued' | 'stopped';

/** What a queue needs to know of a run. */
export interface QueuePlace {
  readonly queue: string;
  /** Runs of one key are served in order, the keys by turns. */
  readonly key: string;
  /** The higher the sooner. */
  readonly priority: number;
}

/** A run's row. */
export interface RunRow extends StartedRun {
  readonly rowId: number;
  readonly seed: string;
  readonly status: EndStatus | null;
  readonly endedAt: number | null;
  readonly standing: Standing;
  /** When a waiting run is to be loaded again, in milliseconds since the epoch. */
  readonly due: number | null;
  readonly waits: readonly RunWait[];
  /** Number of the process that has it, if one does. */
  readonly owner: number | null;
  /** Id of the run that goes on with it. */
  readonly successor: string | null;
  readonly place: QueuePlace | null;
  /** Digests of params and principal, when these were erased. */
  readonly erased: { readonly params: string; readonly principal: string } | null;
}

/** A run that is to go on after its end, and the records that say so, which follow that of the end. */
export interface Reopening {
  readonly run: RunRow;
  readonly records: readonly [JournalRecord, ...JournalRecord[]];
}

/** What a run is put aside with. */
export interface Rest {
  readonly standing: Exclude<Standing, 'queued'>;
  readonly due: number | null;
  readonly waits: readonly RunWait[];
}

/** What one load of a run needs of the journal that it is recorded in. */
export interface RunJournal {
  /** Records are chained by hashes when they are added; else when they are read. */
  readonly sealing: boolean;
  /** Nothing waits for the disk, and this process is sure to have its runs. */
  readonly idle: boolean;
  /** This process is sure to have its runs now. */
  readonly sure: boolean;
  /** @param late makes the body of a record of a journal that is not sealing, in the place of `record.body` */
  addRecord(run: RunRow, record: JournalRecord, late?: () => string): void;
  /** Drops the records of a range of seq, both ends included; `hash` is that of the last of them. */
  dropRecords(run: RunRow, from: number, to: number, hash: string): void;
  /** What `published` gives from then on. */
  publish(run: RunRow, text: string): void;
  /** Gives a run of this process up. */
  putAside(run: RunRow, rest: Rest): void;
  endRun(run: RunRow, status: EndStatus, endedAt: number, successor?: string): void;
  /**
   * Resolves when all that was added before is on disk and this process is sure to have its runs. Commits of several runs in
   * one turn of the event loop share one.
   *
   * @throws TransientError `LEASE_LOST`
   */
  committed(): Promise<void>;
  /** As `committed`, for who only wants to know: a journal may wait with the commit for who needs it. */
  afterCommit?(): Promise<void>;
}

/** What was recorded of runs before. */
export interface RecordedRuns {
  /** Without those that were dropped. @throws InvariantViolation `RECORD_UNKNOWN` for a kind that this version does not know. */
  records(run: RunRow): readonly JournalRecord[];
  /** Hashes of dropped ranges by the seq that follows them. */
  bridges(run: RunRow): ReadonlyMap<number, { readonly from: number; readonly hash: string }>;
  runByKey(command: string, key: string): RunRow | undefined;
  /** At most two runs whose id begins so: enough to tell whether it is one. */
  runsByPrefix(prefix: string): readonly RunRow[];
}

/** Where runs are found by their keys. */
export interface KeyedRuns {
  /** Adds a run with its first record unless another run of the command has its key; resolves, once that is on disk, to whether it did. */
  addKeyedRun(run: RunRow, first: JournalRecord): Promise<boolean>;
}

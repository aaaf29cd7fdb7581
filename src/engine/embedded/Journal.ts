/** The port of the journals: what an engine needs of one, whether it is a file or memory. */
import type { StartedRun } from '../Engine.js';
import type { EndStatus, JournalRecord } from '../Record.js';

/** A run's row. */
export interface RunRow extends StartedRun {
  readonly rowId: number;
  readonly seed: string;
  readonly status: EndStatus | null;
  readonly endedAt: number | null;
}

export interface Journal {
  /** Records are chained by hashes when they are added; else when they are read. */
  readonly sealing: boolean;
  /** Nothing waits for the disk. */
  readonly idle: boolean;
  /** The row of a run that is to be added. @param child another run started it */
  newRun(run: Omit<RunRow, 'rowId' | 'status' | 'endedAt'>, child: boolean): RunRow;
  addRun(run: RunRow): void;
  /** @param late makes the body of a record of a journal that is not sealing, in the place of `record.body` */
  addRecord(run: RunRow, record: JournalRecord, late?: () => string): void;
  endRun(run: RunRow, status: EndStatus, endedAt: number): void;
  /** Resolves when all that was added before is on disk. Commits of several runs in one turn of the event loop share one. */
  committed(): Promise<void>;
  /** At most two runs whose id begins so: enough to tell whether it is one. */
  runsByPrefix(prefix: string): readonly RunRow[];
  runByKey(command: string, key: string): RunRow | undefined;
  /** Newest first. */
  latestRuns(limit: number): readonly RunRow[];
  openRuns(): readonly RunRow[];
  endedSteps(run: RunRow): number;
  /** @throws InvariantViolation `RECORD_UNKNOWN` for a kind that this version does not know. */
  records(run: RunRow): readonly JournalRecord[];
  /** The process that last had the right to write, if any did. */
  ownerPid(): number | undefined;
  close(): Promise<void>;
}

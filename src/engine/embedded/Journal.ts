/** The port of the journals: what an engine needs of one, whether it is a file or memory. */

import type { RunWait } from '../../abstract/RunWait.js';
import type { QueueLimits, Retention, StartedRun } from '../Engine.js';
import type { EndStatus, JournalRecord } from '../Record.js';
import type { StoreTables } from './stores/StoreTables.js';

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

export type NewRun = Pick<RunRow, 'seed' | 'place' | 'standing'> & StartedRun;

/** What somebody else has for a run; kept until the run has recorded it. */
export interface Mail {
  readonly id: number;
  /** Id of the run. */
  readonly run: string;
  readonly kind: 'signal' | 'cancel' | 'override' | 'child-ended';
  /** Signal, gate, or the identity of the step whose child ended. */
  readonly name: string;
  /** What makes it one and the same, however often it is sent. */
  readonly token: string;
  readonly body: string | null;
  readonly at: number;
}

/** A run that is to go on after its end, and the records that say so, which follow that of the end. */
export interface Reopening {
  readonly run: RunRow;
  readonly records: readonly [JournalRecord, ...JournalRecord[]];
}

/** Which ended runs are pruned. */
export interface PruneRequest {
  /** Only those that ended before, in milliseconds since the epoch. */
  readonly before: number;
  readonly limit: number;
  readonly what: Retention['what'];
}

/** Which open runs to take; only unowned ones of commands that this process knows are. */
export type Wanted =
  /** This one, whatever it stands at. */
  | { readonly id: string }
  /** Waiting ones whose time has come. */
  | { readonly dueBy: number }
  /** Waiting ones that have mail. */
  | { readonly mailed: true }
  /** Running ones whose process is gone, and with `stopped` those that could not go on. */
  | { readonly abandoned: true; readonly stopped: boolean };

/** What a run is put aside with. */
export interface Rest {
  readonly standing: Exclude<Standing, 'queued'>;
  readonly due: number | null;
  readonly waits: readonly RunWait[];
}

export interface JournalEvents {
  /** Another process changed something, or one is gone. May come more often than that. */
  changed(): void;
  /** Other processes took this one for dead: it has no runs any more. Nothing that was not committed will be. */
  fenced(): void;
}

export interface Admission {
  readonly admitted: readonly RunRow[];
  /** When the rate allows the next, in milliseconds since the epoch; undefined when that is not what stands in the way. */
  readonly nextAt: number | undefined;
}

/** What one load of a run needs of the journal that it is recorded in. */
export type RunJournal = Pick<
  Journal,
  'sealing' | 'idle' | 'sure' | 'addRecord' | 'dropRecords' | 'publish' | 'putAside' | 'endRun' | 'committed'
> & {
  /** As `committed`, for who only wants to know: a journal may wait with the commit for who needs it. */
  afterCommit?(): Promise<void>;
};

export interface Journal {
  /** Records are chained by hashes when they are added; else when they are read. */
  readonly sealing: boolean;
  /** Nothing waits for the disk, and this process is sure to have its runs. */
  readonly idle: boolean;
  /** This process is sure to have its runs now. */
  readonly sure: boolean;
  /** Where state, locks and topics are kept. */
  readonly tables: StoreTables;
  /** Called once, before anything else is. @param commands names of those that this process can run */
  attach(events: JournalEvents, commands: readonly string[]): void;
  /** The row of a run that is to be added, owned by this process unless it is queued. @param child another run started it */
  newRun(run: NewRun, child: boolean): RunRow;
  addRun(run: RunRow): void;
  /** Adds a run with its first record unless another run of the command has its key; resolves, once that is on disk, to whether it did. */
  addKeyedRun(run: RunRow, first: JournalRecord): Promise<boolean>;
  /** @param late makes the body of a record of a journal that is not sealing, in the place of `record.body` */
  addRecord(run: RunRow, record: JournalRecord, late?: () => string): void;
  endRun(run: RunRow, status: EndStatus, endedAt: number, successor?: string): void;
  /**
   * Ended runs go on: they are this process's again. All of them or none: none when one is open already, has ended anew, or was
   * removed. Resolves, once that is on disk, to whether they do.
   */
  reopenRuns(reopenings: readonly Reopening[]): Promise<boolean>;
  /** Gives a run of this process up. */
  putAside(run: RunRow, rest: Rest): void;
  /** What `published` gives from then on. */
  publish(run: RunRow, text: string): void;
  published(run: RunRow): string | undefined;
  /** Keeps something for a run; nothing when the run has ended, or has something of that kind, name and token. */
  post(mail: Omit<Mail, 'id'>): void;
  /** The run has recorded it. */
  dropMail(mail: Mail): void;
  /** Mail of the runs of this process, or of one, oldest first. */
  mail(of?: RunRow): readonly Mail[];
  /**
   * Resolves when all that was added before is on disk and this process is sure to have its runs. Commits of several runs in
   * one turn of the event loop share one.
   *
   * @throws TransientError `LEASE_LOST`
   */
  committed(): Promise<void>;
  /** Takes open runs for this process, oldest first. What was added before is on disk then. */
  claim(wanted: Wanted, limit: number): Promise<readonly RunRow[]>;
  /** Begins queued runs as far as the limits allow: by priority, then keys by turns, then age. */
  admit(limits: QueueLimits, now: number, limit: number): Promise<Admission>;
  /** When the next waiting run is due, in milliseconds since the epoch. */
  nextDue(): number | undefined;
  /** At most two runs whose id begins so: enough to tell whether it is one. */
  runsByPrefix(prefix: string): readonly RunRow[];
  runByKey(command: string, key: string): RunRow | undefined;
  /** Newest first. */
  latestRuns(limit: number): readonly RunRow[];
  openRuns(): readonly RunRow[];
  /** Commands of open runs that this process does not know, with how many. */
  unknownCommands(): readonly { readonly command: string; readonly runs: number }[];
  /**
   * The runs that ended before that time and may be pruned, oldest first: without children whose outcome an open run has not
   * recorded; without those that are erased, unless they are asked for, and then without those that go on as a run which is
   * open or ended later.
   */
  endedRuns(before: number, limit: number, withErased?: boolean): readonly RunRow[];
  /**
   * Removes those runs, or their params, principal and bodies, of which the digests stay, so that the chain can still be checked.
   * Which they are is decided in the same commit. Resolves to how many.
   */
  prune(request: PruneRequest): Promise<number>;
  endedSteps(run: RunRow): number;
  /** A process that is alive has the run. */
  isOwned(run: RunRow): boolean;
  /** Without those that were dropped. @throws InvariantViolation `RECORD_UNKNOWN` for a kind that this version does not know. */
  records(run: RunRow): readonly JournalRecord[];
  /** Drops the records of a range of seq, both ends included; `hash` is that of the last of them. */
  dropRecords(run: RunRow, from: number, to: number, hash: string): void;
  /** Hashes of dropped ranges by the seq that follows them. */
  bridges(run: RunRow): ReadonlyMap<number, { readonly from: number; readonly hash: string }>;
  close(): Promise<void>;
}

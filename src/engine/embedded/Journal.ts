/** The port of the journals: what an engine needs of one, whether it is a file or memory. */

import type { QueueLimits, Retention, StartedRun } from '../Engine.js';
import type { KeyedRuns, RecordedRuns, Reopening, RunJournal, RunRow } from '../run/RunJournal.js';
import type { StoreTables } from './stores/StoreTables.js';

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

export interface Journal extends RunJournal, RecordedRuns, KeyedRuns {
  /** Where state, locks and topics are kept. */
  readonly tables: StoreTables;
  /** Called once, before anything else is. @param commands names of those that this process can run */
  attach(events: JournalEvents, commands: readonly string[]): void;
  /** The row of a run that is to be added, owned by this process unless it is queued. @param child another run started it */
  newRun(run: NewRun, child: boolean): RunRow;
  addRun(run: RunRow): void;
  /**
   * Ended runs go on: they are this process's again. All of them or none: none when one is open already, has ended anew, or was
   * removed. Resolves, once that is on disk, to whether they do.
   */
  reopenRuns(reopenings: readonly Reopening[]): Promise<boolean>;
  published(run: RunRow): string | undefined;
  /** Keeps something for a run; nothing when the run has ended, or has something of that kind, name and token. */
  post(mail: Omit<Mail, 'id'>): void;
  /** The run has recorded it. */
  dropMail(mail: Mail): void;
  /** Mail of the runs of this process, or of one, oldest first. */
  mail(of?: RunRow): readonly Mail[];
  /** Takes open runs for this process, oldest first. What was added before is on disk then. */
  claim(wanted: Wanted, limit: number): Promise<readonly RunRow[]>;
  /** Begins queued runs as far as the limits allow: by priority, then keys by turns, then age. */
  admit(limits: QueueLimits, now: number, limit: number): Promise<Admission>;
  /** When the next waiting run is due, in milliseconds since the epoch. */
  nextDue(): number | undefined;
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
  close(): Promise<void>;
}

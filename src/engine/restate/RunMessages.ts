/** What goes between the processes of one application over Restate, as JSON. A run that was begun by one version is read by the next. */
import type { GateOverride } from '../../abstract/Timeline.js';
import type { QueueEntry, RunOrigin, Signal } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
import type { ChildOutcome } from '../run/ChildOutcome.js';
import type { Rest, RunRow } from '../run/RunJournal.js';

/** What a run is begun with. */
export interface RunInput {
  readonly run: string;
  readonly command: string;
  readonly version: string;
  readonly fingerprint: string;
  /** Texts of the codec. */
  readonly params: string;
  readonly principal: string;
  readonly key: string | null;
  readonly seed: string;
  readonly startedAt: number;
  readonly origin: RunOrigin;
  readonly place: RunRow['place'];
  /** Limits that it waits for before it begins. */
  readonly queue?: QueueEntry | undefined;
  /** What was recorded before: of a run that goes on after its end, or was forked from another. */
  readonly past?: readonly JournalRecord[] | undefined;
  readonly bridges?: readonly Bridge[] | undefined;
  /** What is there for it when it begins. */
  readonly mail?: readonly RunMail[] | undefined;
  /** How often the run was gone on with after its end, and its parent, while this one was begun. */
  readonly turn?: number | undefined;
  readonly parentTurn?: number | undefined;
}

/** Records that were dropped. */
export interface Bridge {
  readonly from: number;
  readonly to: number;
  readonly hash: string;
}

export type RunMail =
  | ({ readonly kind: 'signal' } & Signal)
  | { readonly kind: 'cancel'; readonly reason: string }
  | ({ readonly kind: 'override'; readonly gate: string } & GateOverride)
  | { readonly kind: 'child-ended'; readonly step: string; readonly outcome: ChildOutcome }
  /** Its turn in its queue has come. */
  | { readonly kind: 'admitted' }
  /** A run that stands still is to try again. */
  | { readonly kind: 'resume' }
  /** The last mail: what comes later is for the run that goes on with this one. */
  | { readonly kind: 'moved'; readonly to: string; readonly turn?: number };

/** A run is put aside. */
export interface Resting extends Rest {
  /** Now, since its due time is kept as a span. */
  readonly at: number;
  /** Ids of the mail that it need not be woken for: it was handed out, and nothing was recorded of it. */
  readonly seen: readonly string[];
}

/** What is recorded together: one entry of Restate's journal. */
export interface Batch {
  readonly records: readonly JournalRecord[];
  readonly dropped?: readonly Bridge[] | undefined;
  /** Ids of the mail that these records are made of. */
  readonly mail?: readonly string[] | undefined;
  /** Identities of steps whose child is about to be begun. */
  readonly children?: readonly string[] | undefined;
  /** What a query gives from now on. */
  readonly published?: string | undefined;
  readonly rest?: Resting | undefined;
  /** The run that goes on with this one. */
  readonly successor?: RunInput | undefined;
  readonly ended?: true | undefined;
}

/** What a finished invocation gives: the record of the end. */
export interface RunOutput {
  readonly startedAt: number;
  readonly records: readonly JournalRecord[];
}

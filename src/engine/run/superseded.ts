/** What a `reopened` record says, and what it makes of the records before it. */
import type { JournalRecord } from '../Record.js';

/** The body of the record that a run goes on with after its end. */
export interface ReopenedBody {
  /** Identities of the steps of which the last outcome does not count any more. */
  readonly superseded: readonly string[];
  /** Names of the gates that are checked again; that nobody let them pass does not count any more. */
  readonly gates?: readonly string[] | undefined;
  /** That of the run from then on, in milliseconds since the epoch. */
  readonly deadline?: number | undefined;
  /** Identity of the step of which a person said what it did: the outcome follows, and takes the place of the last one, which was unknown. */
  readonly settled?: string | undefined;
  /** Identity of one of which that was said when the code had gone on without it: the run comes to the end that it had. */
  readonly noted?: string | undefined;
  /** What was said, where no outcome follows. */
  readonly verdict?: 'succeeded' | 'failed' | undefined;
  /** Who said so, and why. */
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
}

export function reopenedBody({ body }: JournalRecord): ReopenedBody {
  return JSON.parse(body ?? '{"superseded":[]}') as ReopenedBody;
}

/** A step may be done anew after this outcome: it had no effect, as far as anybody can know. */
export function isRepeatable({ status, effect }: JournalRecord): boolean {
  return status === 'failed' || status === 'cancelled' || (status === 'succeeded' && effect === 'read');
}

/** Without the outcomes that a later `reopened` record took back. */
export function standing(records: readonly JournalRecord[]): readonly JournalRecord[] {
  const left: JournalRecord[] = [];
  for (const record of records) {
    if (record.kind === 'reopened') {
      const { superseded, gates = [], settled } = reopenedBody(record);
      for (const identity of superseded) takeBack(left, ({ kind, step }) => kind === 'step-ended' && step === identity);
      for (const gate of gates) takeBack(left, ({ kind, label }) => kind === 'gate-stood' && label === gate);
      const inDoubt = left.findLastIndex(({ kind, step }) => kind === 'step-ended' && step === settled);
      if (left[inDoubt]?.status === 'unknown') left.splice(inDoubt, 1);
    }
    left.push(record);
  }
  return left;
}

function takeBack(records: JournalRecord[], isMeant: (record: JournalRecord) => boolean): void {
  const at = records.findLastIndex(isMeant);
  const last = records[at];
  if (last && (last.kind !== 'step-ended' || isRepeatable(last))) records.splice(at, 1);
}

/** Kinds of records that answer an ask, so that a replay delivers them. */
const ANSWERS: ReadonlySet<JournalRecord['kind']> = new Set([
  'step-ended',
  'branch-ended',
  'signal-missed',
  'timer-fired',
  'gate-stood',
  'events-closed',
]);

/** Where a run goes on, long after what it has from before: from the delivery of a record on it has at least that time. */
export interface Resumption {
  /** Number of the last answer that it has from before; 0 when there is none. */
  readonly after: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** @param fork when the run was started, and the last record that it took over then, if it says that; undefined when it is no fork */
const NONE: readonly Resumption[] = [];

export function resumptionsOf(
  records: readonly JournalRecord[],
  fork: { readonly startedAt: number; readonly inherited: number | undefined } | undefined,
): readonly Resumption[] {
  if (!fork && records.length === 0) return NONE;
  const reopenings = records.filter(({ kind }) => kind === 'reopened');
  if (!fork && reopenings.length === 0) return NONE;
  const answers = standing(records).filter(({ kind }) => ANSWERS.has(kind));
  const lastUpTo = (until: number): number => answers.findLast(({ seq }) => seq <= until)?.seq ?? 0;
  const upTo = fork?.inherited;
  const forked = fork ? [{ after: upTo === undefined ? Number.POSITIVE_INFINITY : lastUpTo(upTo), at: fork.startedAt }] : [];
  return [...forked, ...reopenings.map(({ seq, at }) => ({ after: lastUpTo(seq), at }))];
}

/**
 * What the journal says of the steps of a run.
 *
 * Owns: outcomes that were not delivered yet, intents and attempts without outcome. Does not own: asks, the order of delivery.
 * Invariants: an outcome is kept until it is delivered, and nothing of a step longer than that, unless it may have had its
 * effect and nobody knows; a `once` step has an open intent from before it begins until it is known what it did.
 */
import type { Clock } from '../../kernel/Clock.js';
import type { JournalRecord, StepStatus } from '../Record.js';
import { Beginnings } from './Beginnings.js';
import type { Leftover } from './divergence.js';
import type { NewRecord } from './RunLog.js';
import { type AttemptNote, attemptedBody, attemptsOf, type Remains, type StepAsk, type Tried, triedOf } from './StepAsk.js';
import { isRepeatable } from './superseded.js';

/** What may have happened. */
interface Open {
  readonly name: string;
  /** Nothing of it happens later, in milliseconds since the epoch. */
  readonly deadline: number | undefined;
}

export interface Ended {
  readonly status: StepStatus;
  /** Text of the codec. */
  readonly body: string;
}

export interface StepRecordsParts {
  readonly clock: Clock;
  /** Appends to the journal. */
  readonly append: (fields: NewRecord) => JournalRecord;
  /** A step begins, as the record of that number says. */
  readonly begun: (identity: string, seq: number) => void;
}

export class StepRecords {
  private readonly outcomes = new Map<string, JournalRecord[]>();
  /** Begun, without outcome, by identity. */
  private readonly intended = new Map<string, Open>();
  /** The last outcome is unknown, and matters. */
  private readonly lost = new Map<string, Open>();
  /** Of earlier loads, until the code asks. */
  private readonly tried = new Map<string, Tried>();
  /** Intents and attempts of earlier loads, until the code asks. */
  private readonly unasked = new Map<string, JournalRecord>();
  private readonly beginnings = new Beginnings();

  constructor(private readonly parts: StepRecordsParts) {}

  get leftover(): Leftover {
    if (this.unasked.size === 0) return this.outcomes;
    const left = new Map<string, readonly JournalRecord[]>(this.outcomes);
    for (const [identity, record] of this.unasked) left.set(identity, [...(left.get(identity) ?? []), record]);
    return left;
  }

  /** Names of the steps that may or may not have had their effect. */
  get unsettled(): readonly string[] {
    return [...this.lost.values(), ...this.intended.values()].map(({ name }) => name);
  }

  /** Takes in what an earlier load recorded. @returns of an outcome, the number of attempts that led to it */
  recall(record: JournalRecord): number {
    const identity = record.step ?? '';
    const attempts = attemptsOf(this.tried.get(identity), record.effect, record.status as StepStatus);
    if (record.kind === 'step-ended') {
      this.keep(identity, record);
      this.beginnings.ended(identity);
    } else {
      this.unasked.set(identity, record);
      if (record.kind === 'step-intended') this.recallIntent(identity, record);
      else this.recallAttempt(identity, record);
    }
    return attempts;
  }

  private recallIntent(identity: string, record: JournalRecord): void {
    this.intended.set(identity, { name: record.label, deadline: deadlineOf(record) });
    this.beginnings.began(identity, record.seq);
  }

  private recallAttempt(identity: string, record: JournalRecord): void {
    this.tried.set(identity, triedOf(record, this.tried.get(identity)));
    this.noteAttempt(identity, record);
  }

  /** A person resumes the run after the step was mended: its last outcome does not count. */
  supersede(identity: string): void {
    const last = this.outcomes.get(identity)?.at(-1);
    if (last && isRepeatable(last)) this.takeBack(identity);
  }

  /** A person says what the step did whose last outcome is unknown; that outcome follows. */
  forgetDoubt(identity: string): void {
    if (this.outcomes.get(identity)?.at(-1)?.status === 'unknown') this.takeBack(identity);
  }

  private takeBack(identity: string): void {
    const records = this.outcomes.get(identity) ?? [];
    if (records.length > 1) this.outcomes.set(identity, records.slice(0, -1));
    else this.outcomes.delete(identity);
  }

  /** The outcome that is delivered next for that identity. */
  next(identity: string): JournalRecord | undefined {
    return this.outcomes.get(identity)?.[0];
  }

  /** That outcome is delivered. */
  pass(identity: string): void {
    const known = this.outcomes.get(identity);
    if (known && known.length > 1) this.outcomes.set(identity, known.slice(1));
    else this.outcomes.delete(identity);
  }

  /** It does not matter any more whether it happened: it is undone, or a person knows. */
  settle(identity: string): void {
    this.lost.delete(identity);
  }

  /** Number of the record that says that the next ask of that identity begins; undefined where no earlier load began it. */
  begunAt(identity: string): number | undefined {
    return this.beginnings.take(identity);
  }

  /** What an ask without outcome goes on with. */
  takeRemains(identity: string): Remains {
    const tried = this.tried.get(identity);
    this.tried.delete(identity);
    this.unasked.delete(identity);
    return { tried, doubtful: tried?.doubtful === true || this.intended.has(identity) || this.lost.has(identity) };
  }

  /** Why a `once` step may have happened already, or undefined (R5). */
  whyDoubtful(identity: string): string | undefined {
    if (this.intended.has(identity)) return 'the process ended while it was under way';
    return this.lost.has(identity) ? 'its outcome was lost, and nobody said since what became of it' : undefined;
  }

  /** Before this the effect may still come, in milliseconds since the epoch. */
  deadlineOf(identity: string): number | undefined {
    return (this.intended.get(identity) ?? this.lost.get(identity))?.deadline;
  }

  /** Records that a step is about to begin, if that was not said. @param until nothing of it happens later */
  intend(ask: StepAsk, until: number | undefined): void {
    const { identity, once } = ask;
    if (!once && this.intended.has(identity)) return; // One for all attempts: it may be repeated, and says only what to undo.
    const deadline = once ? until : undefined;
    ask.deadline = deadline;
    const { name: label, effect } = ask.request;
    const undoable = once && ask.request.undoable === true ? true : undefined; // Any other intent says so by being there.
    const body = deadline === undefined && !undoable ? null : JSON.stringify({ deadline, undoable });
    this.intended.set(identity, { name: label, deadline });
    const { seq } = this.parts.append({ kind: 'step-intended', at: this.parts.clock.now(), step: identity, label, effect, body });
    this.parts.begun(identity, seq);
  }

  /** Records an attempt, or a probe, that another follows. */
  attempted(ask: StepAsk, note: AttemptNote, startedAt: number): Tried {
    const { identity: step, attempt, doubtful } = ask;
    const { name: label, effect } = ask.request;
    const { status } = note;
    const body = attemptedBody(attempt, note);
    const at = this.parts.clock.now();
    const record = this.parts.append({ kind: 'step-attempted', at, step, label, status, effect, startedAt, body });
    this.noteAttempt(step, record);
    return triedOf(record, { doubtful, spent: ask.tried?.spent ?? 0 });
  }

  ended({ identity, request }: StepAsk, { status, body }: Ended, startedAt: number): JournalRecord {
    const { name: label, effect } = request;
    const at = this.parts.clock.now();
    const record = this.parts.append({ kind: 'step-ended', at, step: identity, label, status, effect, startedAt, body });
    this.keep(identity, record);
    return record;
  }

  /** An attempt of a `once` step that has failed did nothing, so the intent for it is done with. */
  private noteAttempt(identity: string, { status, effect }: JournalRecord): void {
    if (status !== 'failed' || effect !== 'once') return;
    this.intended.delete(identity);
    this.lost.delete(identity);
  }

  private keep(identity: string, record: JournalRecord): void {
    const open = this.intended.get(identity) ?? this.lost.get(identity);
    this.intended.delete(identity);
    this.tried.delete(identity);
    this.unasked.delete(identity);
    const known = this.outcomes.get(identity);
    this.outcomes.set(identity, known ? [...known, record] : [record]);
    if (record.status === 'unknown' && (open || record.effect === 'once')) {
      this.lost.set(identity, open ?? { name: record.label, deadline: undefined });
    } else this.lost.delete(identity);
  }
}

function deadlineOf({ body }: JournalRecord): number | undefined {
  return body === null ? undefined : (JSON.parse(body) as { readonly deadline?: number }).deadline;
}

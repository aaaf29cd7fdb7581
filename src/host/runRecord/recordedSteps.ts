/** The steps of a run with their attempts, out of its records. */
import type { JournalRecord } from '../../engine/Record.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { troubleOf } from '../Outcome.js';
import type { RecordedAttempt, RecordedStep } from './RunRecordDocument.js';
import { recordedUndos } from './recordedUndos.js';
import { placeOfStep } from './stepPlace.js';

/** The body of a `step-attempted` record. */
interface AttemptedBody {
  readonly error?: string;
  readonly dueAt?: number;
}

/** What is recorded of a step since its last outcome. */
interface Open {
  last: JournalRecord;
  readonly attempts: RecordedAttempt[];
}

/** Every recorded outcome of a step in order, then those that were begun and have none. */
export function recordedSteps(records: readonly JournalRecord[], codec: Codec): readonly RecordedStep[] {
  const reading = new StepReading(codec, recordedUndos(records), supersededIn(records));
  for (const record of records) reading.take(record);
  return [...reading.ended, ...reading.begun()];
}

class StepReading {
  readonly ended: RecordedStep[] = [];
  private readonly open = new Map<string, Open>();
  /** Attempts up to the last outcome, by the identity of the step. */
  private readonly tries = new Map<string, number>();

  constructor(
    private readonly codec: Codec,
    private readonly undos: ReadonlyMap<string, JournalRecord>,
    private readonly superseded: ReadonlySet<number>,
  ) {}

  take(record: JournalRecord): void {
    const step = record.step ?? '';
    if (record.kind === 'step-ended') this.end(step, record);
    else if (record.kind === 'step-intended' || record.kind === 'step-attempted') {
      const open = this.open.get(step) ?? { last: record, attempts: [] };
      this.open.set(step, open);
      open.last = record;
      if (record.kind === 'step-attempted') open.attempts.push(this.attemptOf(record));
    }
  }

  begun(): RecordedStep[] {
    return [...this.open].map(([step, { last, attempts }]) => {
      const named = this.named(last, step, attempts);
      const none = { durationMs: null, undo: null, superseded: false };
      if (last.kind === 'step-intended') return { ...named, ...none, status: 'begun', startedAt: isoOf(last.at), error: null };
      return { ...named, ...none, status: 'retrying', startedAt: null, error: attempts.at(-1)?.error ?? null };
    });
  }

  private attemptOf(record: JournalRecord): RecordedAttempt {
    const { seq, status, startedAt, body } = record;
    const { error, dueAt } = JSON.parse(body ?? '{}') as AttemptedBody;
    return {
      seq,
      status: status === 'unknown' ? 'unknown' : 'failed',
      startedAt: startedAt === null ? null : isoOf(startedAt),
      durationMs: lastedMs(record),
      error: error === undefined ? null : troubleOf(this.codec.decode(error)),
      nextAt: dueAt === undefined ? null : isoOf(dueAt),
    };
  }

  private end(step: string, record: JournalRecord): void {
    const { startedAt, body, seq } = record;
    const status = (record.status ?? 'unknown') as RecordedStep['status']; // The end of a step has the status of one.
    const named = this.named(record, step, this.open.get(step)?.attempts ?? []);
    this.open.delete(step);
    this.tries.set(step, named.attempt);
    this.ended.push({
      ...named,
      status,
      startedAt: startedAt === null ? null : isoOf(startedAt),
      durationMs: lastedMs(record),
      error: status === 'succeeded' || body === null ? null : troubleOf(this.codec.decode(body)),
      undo: status === 'succeeded' ? undoOf(this.undos.get(step)) : null,
      superseded: this.superseded.has(seq),
    });
  }

  private named({ seq, label, effect }: JournalRecord, step: string, attempts: readonly RecordedAttempt[]) {
    const { phase, part } = placeOfStep(step);
    return { seq, phase, part, name: label, effect, attempt: (this.tries.get(step) ?? 0) + attempts.length + 1, attempts };
  }
}

/** Numbers of the outcomes that a reopening of the run took back. */
function supersededIn(records: readonly JournalRecord[]): ReadonlySet<number> {
  return new Set(
    records.filter(({ kind }) => kind === 'reopened').flatMap((reopened) => supersededBy(reopened, records).map(({ seq }) => seq)),
  );
}

/** The outcomes that a reopening took back. */
export function supersededBy({ seq, body }: JournalRecord, records: readonly JournalRecord[]): readonly JournalRecord[] {
  const { superseded = [] } = JSON.parse(body ?? '{}') as { readonly superseded?: readonly string[] };
  return superseded.flatMap((identity) => {
    const before = records.filter((record) => record.kind === 'step-ended' && record.step === identity && record.seq < seq);
    const last = before.at(-1);
    const isVerdict = last?.status === 'succeeded' && last.effect === 'read'; // Of a gate that did not pass.
    return last && (isVerdict || last.status === 'failed' || last.status === 'cancelled') ? [last] : [];
  });
}

function undoOf(record: JournalRecord | undefined): RecordedStep['undo'] {
  if (!record) return null;
  const status = record.kind === 'step-ended' ? ((record.status ?? 'unknown') as RecordedStep['status']) : 'retrying'; // As above.
  return { seq: record.seq, status, at: isoOf(record.at) };
}

function lastedMs({ startedAt, at }: JournalRecord): number | null {
  return startedAt === null ? null : Math.max(0, at - startedAt);
}

function isoOf(at: number): string {
  return new Date(at).toISOString();
}

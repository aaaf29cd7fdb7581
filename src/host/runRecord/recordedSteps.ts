/** The steps of a run with their attempts, out of its records. */
import type { JournalRecord, StepStatus } from '../../engine/Record.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { troubleOf } from '../Outcome.js';
import { attemptFate } from './attemptFate.js';
import type { RecordedAttempt, RecordedStep } from './RunRecordDocument.js';
import { recordedUndos } from './recordedUndos.js';
import { StepSources } from './StepSources.js';
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
  /** Of them, without answers of the probe. */
  made: number;
}

export interface StepReadingParts {
  readonly codec: Codec;
  /** Number of the last record that a fork took over. */
  readonly inherited: number;
  /** Names of commands, to tell which steps are children. */
  readonly commands: readonly string[];
}

/** Every recorded outcome of a step in order, then those that were begun and have none. */
export function recordedSteps(records: readonly JournalRecord[], parts: StepReadingParts): readonly RecordedStep[] {
  const undos = recordedUndos(records);
  const superseded = supersededIn(records);
  const reading = new StepReading(parts, undos, superseded);
  for (const record of records) reading.take(record);
  return [...reading.ended, ...reading.begun()];
}

class StepReading {
  readonly ended: RecordedStep[] = [];
  private readonly open = new Map<string, Open>();
  /** Attempts up to the last outcome, by the identity of the step. */
  private readonly tries = new Map<string, number>();

  private readonly codec: Codec;
  private readonly sources: StepSources;
  /** The command that a step begins, by the name of the step. */
  private readonly children: ReadonlyMap<string, string>;

  constructor(
    { codec, inherited, commands }: StepReadingParts,
    private readonly undos: ReadonlyMap<string, JournalRecord>,
    private readonly superseded: ReadonlySet<number>,
  ) {
    this.codec = codec;
    this.sources = new StepSources(inherited);
    this.children = new Map(commands.flatMap((command) => [command, `start ${command}`].map((name) => [name, command] as const)));
  }

  take(record: JournalRecord): void {
    this.sources.note(record);
    const step = record.step ?? '';
    if (record.kind === 'step-ended') this.end(step, record);
    else if (record.kind === 'step-intended' || record.kind === 'step-attempted') {
      const open = this.open.get(step) ?? { last: record, attempts: [], made: 0 };
      this.open.set(step, open);
      open.last = record;
      if (record.kind === 'step-attempted') this.attempt(record, open);
    }
  }

  begun(): RecordedStep[] {
    return [...this.open].map(([step, { last, attempts }]) => {
      const named = this.named(last, step, attempts);
      const none = { durationMs: null, undo: null, superseded: false, fate: null, source: 'attempt' as const };
      const attempt = this.triedBefore(step) + 1;
      if (last.kind === 'step-intended') return { ...named, ...none, attempt, status: 'begun', startedAt: isoOf(last.at), error: null };
      return { ...named, ...none, attempt, status: 'retrying', startedAt: null, error: attempts.at(-1)?.error ?? null };
    });
  }

  /** Attempts so far, answers of the probe not counted. */
  private triedBefore(step: string): number {
    return (this.tries.get(step) ?? 0) + (this.open.get(step)?.made ?? 0);
  }

  private attempt(record: JournalRecord, open: Open): void {
    const { seq, startedAt, body, step } = record;
    const { error: text, dueAt } = JSON.parse(body ?? '{}') as AttemptedBody;
    const status = record.status === 'unknown' ? 'unknown' : 'failed';
    const error = text === undefined ? undefined : this.codec.decode(text);
    const source = this.sources.ofAttempt(record, error);
    if (source === 'attempt') open.made += 1;
    open.attempts.push({
      seq,
      attempt: this.triedBefore(step ?? ''),
      source,
      status,
      fate: attemptFate(status, error),
      startedAt: startedAt === null ? null : isoOf(startedAt),
      durationMs: lastedMs(record),
      error: text === undefined ? null : troubleOf(error),
      nextAt: dueAt === undefined ? null : isoOf(dueAt),
    });
  }

  private end(step: string, record: JournalRecord): void {
    const { startedAt, body, seq } = record;
    const status = (record.status ?? 'unknown') as StepStatus; // The end of a step has the status of one.
    const attempts = this.open.get(step)?.attempts ?? [];
    const named = this.named(record, step, attempts);
    const error = status === 'succeeded' || body === null ? undefined : this.codec.decode(body);
    const fate = attemptFate(status, error);
    const source = this.sources.ofEnd(record, error, fate === 'stopped' && !wasUnderWay(record, attempts));
    const attempt = this.triedBefore(step) + (source === 'attempt' ? 1 : 0);
    this.open.delete(step);
    this.tries.set(step, attempt);
    this.ended.push({
      ...named,
      attempt: Math.max(1, attempt),
      status,
      fate,
      source,
      startedAt: startedAt === null ? null : isoOf(startedAt),
      durationMs: lastedMs(record),
      error: error === undefined ? null : troubleOf(error),
      undo: status === 'succeeded' || status === 'unknown' ? undoOf(this.undos.get(step)) : null,
      superseded: this.superseded.has(seq),
    });
  }

  private named({ seq, label, effect }: JournalRecord, step: string, attempts: readonly RecordedAttempt[]) {
    const { phase, part } = placeOfStep(step);
    return { seq, id: step, phase, part, name: label, effect, child: this.children.get(label) ?? null, attempts };
  }
}

/** What stops the run ends what rests between attempts, too, and what was not begun. Of what was under way only a read is `cancelled`. */
function wasUnderWay({ status, effect, startedAt }: JournalRecord, attempts: readonly RecordedAttempt[]): boolean {
  const nextAt = attempts.at(-1)?.nextAt ?? null;
  const isResting = nextAt !== null && startedAt !== null && startedAt < Date.parse(nextAt);
  return !isResting && (status !== 'cancelled' || effect === 'read');
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

import { branchOf } from '../../engine/embedded/Ordinals.js';
import type { JournalRecord } from '../../engine/Record.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { troubleOf } from '../Outcome.js';
import type { RecordedStep } from './RunRecordDocument.js';

/** Every recorded outcome of a step in order, then those that were begun and have none. */
export function recordedSteps(records: readonly JournalRecord[], codec: Codec): readonly RecordedStep[] {
  const outcomes = new Map<string, number>();
  const begun = new Map<string, JournalRecord>();
  const ended: RecordedStep[] = [];
  for (const record of records) {
    const step = record.step ?? '';
    if (record.kind === 'step-intended') begun.set(step, record);
    if (record.kind !== 'step-ended') continue;
    begun.delete(step);
    const attempt = (outcomes.get(step) ?? 0) + 1;
    outcomes.set(step, attempt);
    ended.push(endedStep(record, attempt, codec));
  }
  return [...ended, ...[...begun].map(([step, record]) => begunStep(record, (outcomes.get(step) ?? 0) + 1))];
}

function endedStep(record: JournalRecord, attempt: number, codec: Codec): RecordedStep {
  const { startedAt, at, body } = record;
  const status = (record.status ?? 'unknown') as RecordedStep['status']; // The end of a step has the status of one.
  return {
    ...named(record, attempt),
    status,
    startedAt: startedAt === null ? null : new Date(startedAt).toISOString(),
    durationMs: startedAt === null ? null : Math.max(0, at - startedAt),
    error: status === 'succeeded' || body === null ? null : troubleOf(codec.decode(body)),
  };
}

function begunStep(record: JournalRecord, attempt: number): RecordedStep {
  return { ...named(record, attempt), status: 'begun', startedAt: new Date(record.at).toISOString(), durationMs: null, error: null };
}

function named({ seq, step, label, effect }: JournalRecord, attempt: number) {
  return { seq, phase: branchOf(step ?? ''), name: label, effect, attempt };
}

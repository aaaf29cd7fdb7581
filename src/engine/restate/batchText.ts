/** A batch as the text of an entry. What is null in a record, and what follows from the rest of it, is left out: most of a journal is records. */
import { digest } from '../../kernel/digest.js';
import type { JournalRecord } from '../Record.js';
import type { Batch } from './RunMessages.js';

type Short = Pick<JournalRecord, 'seq' | 'kind' | 'at' | 'label' | 'hash'> & Partial<JournalRecord>;

export function textOf(batch: Batch): string {
  return JSON.stringify({ ...batch, records: batch.records.map(shortened) });
}

export function batchOf(text: string): Batch {
  const { records, ...rest } = JSON.parse(text) as Omit<Batch, 'records'> & { readonly records: readonly Short[] };
  return { ...rest, records: records.map(completed) };
}

/** The largest of what is recorded together. */
export function largestIn({ records, published, successor }: Batch): { readonly what: string; readonly length: number } {
  const parts = records.map(({ label, body }) => ({ what: `What was recorded of ${label}`, length: body?.length ?? 0 }));
  parts.push({ what: 'What it published', length: published?.length ?? 0 });
  parts.push({ what: 'What the next run begins with', length: successor === undefined ? 0 : JSON.stringify(successor).length });
  return parts.reduce((largest, one) => (one.length > largest.length ? one : largest));
}

function shortened(record: JournalRecord): Short {
  const { seq, kind, at, label, hash } = record;
  const short: { -readonly [K in keyof Short]: Short[K] } = { seq, kind, at, label, hash };
  if (record.step !== null) short.step = record.step;
  if (record.status !== null) short.status = record.status;
  if (record.effect !== null) short.effect = record.effect;
  if (record.startedAt !== null) short.startedAt = record.startedAt;
  if (record.body !== null) short.body = record.body;
  else if (record.bodyDigest !== null) short.bodyDigest = record.bodyDigest;
  return short;
}

function completed({ step = null, status = null, effect = null, startedAt = null, body = null, ...rest }: Short): JournalRecord {
  const { seq, kind, at, label, hash, bodyDigest = body === null ? null : digest(body) } = rest;
  return { seq, kind, at, step, label, status, effect, startedAt, body, bodyDigest, hash };
}

/** What the first and the last record of a run say of it as a whole. */
import type { JournalRecord } from '../../engine/Record.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import type { RecordedReport } from './calledSystems.js';

/** What the record of the start says. */
export interface RecordedOrigin {
  readonly deadline?: number;
  readonly parent?: string;
  readonly predecessor?: string;
  readonly forkedFrom?: { readonly run: string; readonly seq: number };
  /** Number of the last record that a fork took over. */
  readonly inherited?: number;
}

/** What the record of the end says; nothing while there is none, or when it was erased. Texts are the codec's. */
export interface RecordedEnd {
  readonly result?: string;
  readonly error?: string;
  readonly report?: string;
}

export function originIn(records: readonly JournalRecord[]): RecordedOrigin {
  return bodyOf<RecordedOrigin>(records[0]);
}

/** @param endedAt null for a run that was reopened and has not ended again */
export function endIn(records: readonly JournalRecord[], endedAt: number | null): RecordedEnd {
  return endedAt === null ? {} : bodyOf<RecordedEnd>(records.findLast(({ kind }) => kind === 'ended'));
}

export function reportIn({ report }: RecordedEnd, codec: Codec): RecordedReport | undefined {
  return report === undefined ? undefined : ((codec.decode(report) as RecordedReport | null) ?? undefined);
}

/** Such a body is plain JSON. */
function bodyOf<T extends object>(record: JournalRecord | undefined): Partial<T> {
  return JSON.parse(record?.body ?? '{}') as Partial<T>;
}

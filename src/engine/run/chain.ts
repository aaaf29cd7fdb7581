/** The chain of hashes over the records of a run: `docs/journal.md` says how to check it by hand. */
import { chainHash, digest } from '../../kernel/digest.js';
import { InvariantViolation } from '../../kernel/errors.js';
import type { JournalRecord } from '../Record.js';
import type { RecordedRuns, RunRow } from './RunJournal.js';

/** Dropped ranges of records by the seq that follows them. */
export type Bridges = ReturnType<RecordedRuns['bridges']>;

/** A place in the chain of a run. Kept outside the journal, it shows later that nothing before it was written anew. */
export interface Anchor {
  readonly run: string;
  readonly seq: number;
  readonly hash: string;
}

/** A record with its hash. @param before the hash before it */
export function sealed(before: string, record: JournalRecord): JournalRecord {
  const bodyDigest = record.body === null ? record.bodyDigest : digest(record.body);
  return { ...record, bodyDigest, hash: hashOf(before, { ...record, bodyDigest }) };
}

/**
 * The records with the hashes that a sealing journal would have given them. Where records were dropped their hashes are not
 * known, and one that stands for the range takes their place.
 */
export function chained(run: RunRow, records: readonly JournalRecord[]): readonly JournalRecord[] {
  let before: Pick<JournalRecord, 'seq' | 'hash'> = { seq: 0, hash: rootHash(run) };
  return records.map((record) => {
    const next = sealed(record.seq === before.seq + 1 ? before.hash : rangeHash(before.hash, before.seq + 1, record.seq - 1), record);
    before = next;
    return next;
  });
}

/** The bridges of what `chained` gave. @param lastSeq number of the last record, dropped or not */
export function bridgesOf(records: readonly JournalRecord[], lastSeq: number): Bridges {
  const bridges = new Map<number, { from: number; hash: string }>();
  const after = [...records.slice(1).map(({ seq }) => seq), lastSeq + 1];
  for (const [index, { seq, hash }] of records.entries()) {
    const next = after[index] ?? 0;
    if (next > seq + 1) bridges.set(next, { from: seq + 1, hash: rangeHash(hash, seq + 1, next - 1) });
  }
  return bridges;
}

/** The end of the chain, also when the last records were dropped. */
export function anchorOf(run: RunRow, records: readonly JournalRecord[], bridges: Bridges): Anchor {
  const last = records.at(-1);
  const droppedTo = Math.max(0, ...bridges.keys()) - 1;
  const bridge = droppedTo > (last?.seq ?? 0) ? bridges.get(droppedTo + 1) : undefined;
  if (bridge) return { run: run.id, seq: droppedTo, hash: bridge.hash };
  return { run: run.id, seq: last?.seq ?? 0, hash: last?.hash ?? rootHash(run) };
}

/** @throws InvariantViolation `JOURNAL_ALTERED` naming the first record that is not as it was written. */
export function verifyChain(run: RunRow, records: readonly JournalRecord[], bridges: Bridges): void {
  let before = { seq: 0, hash: rootHash(run) };
  for (const record of records) {
    const at = record.seq === before.seq + 1 ? before : over(bridges, before.seq + 1, record.seq);
    const bodyIntact = record.body === null || digest(record.body) === record.bodyDigest;
    if (!at || !bodyIntact || record.hash !== hashOf(at.hash, record)) {
      throw altered(run, `record ${record.seq} (${record.kind} ${record.label}) is not as it was written`, { seq: record.seq });
    }
    before = record;
  }
  const last = anchorOf(run, records, bridges);
  const tail = last.seq === before.seq || over(bridges, before.seq + 1, last.seq + 1);
  if (!tail || records[0]?.kind !== 'started' || !endsAsSaid(run, records)) {
    throw altered(run, 'records are missing', { records: records.length });
  }
}

/**
 * Whether the chain of a run, which `verifyChain` has found unbroken, goes through a place that was noted earlier. `dropped`
 * when the records around that place were dropped, so that it cannot be told.
 */
export function passesThrough(records: readonly JournalRecord[], bridges: Bridges, { seq, hash }: Anchor): 'yes' | 'no' | 'dropped' {
  const found = records.find((record) => record.seq === seq)?.hash ?? bridges.get(seq + 1)?.hash;
  if (found !== undefined) return found === hash ? 'yes' : 'no';
  return [...bridges].some(([after, { from }]) => from <= seq && seq < after) ? 'dropped' : 'no';
}

/** The hash after a range of which nothing but bridges is left; undefined when something else is missing. */
function over(bridges: Bridges, from: number, after: number): { readonly hash: string } | undefined {
  let at = after;
  while (at > from) {
    const bridge = bridges.get(at);
    if (!bridge || bridge.from >= at) return undefined;
    at = bridge.from;
  }
  return at === from ? bridges.get(after) : undefined;
}

/** An ended run may have been reopened and have ended again; nothing else follows an end. */
function endsAsSaid(run: RunRow, records: readonly JournalRecord[]): boolean {
  const stray = records.some(({ kind }, index) => (kind === 'reopened') !== (records[index - 1]?.kind === 'ended'));
  const last = records.at(-1);
  if (last?.kind === 'ended') return !stray && last.status === run.status && last.at === run.endedAt;
  return !stray && run.status === null;
}

function altered(run: RunRow, what: string, details: Readonly<Record<string, number>>): InvariantViolation {
  return new InvariantViolation('JOURNAL_ALTERED', `Run ${run.id}: ${what}. The run is not touched; restore a backup.`, {
    details: { run: run.id, ...details },
  });
}

function rangeHash(before: string, from: number, to: number): string {
  return chainHash(before, 'dropped', String(from), String(to));
}

function rootHash(run: RunRow): string {
  return chainHash(
    run.id,
    run.command,
    run.version,
    run.key ?? '',
    run.fingerprint,
    run.seed,
    String(run.startedAt),
    run.erased?.principal ?? digest(run.principal),
    run.erased?.params ?? digest(run.params.text),
  );
}

function hashOf(before: string, record: Omit<JournalRecord, 'hash'>): string {
  const { seq, kind, at, step, label, status, effect, startedAt, bodyDigest } = record;
  return chainHash(
    before,
    String(seq),
    kind,
    String(at),
    step ?? '',
    label,
    status ?? '',
    effect ?? '',
    String(startedAt ?? ''),
    bodyDigest ?? '',
  );
}

/**
 * The records of one run: numbers them, chains their hashes, checks the chain when they are read.
 *
 * Invariant: seq has no gaps, and each hash covers the record before it.
 */
import { chainHash, digest } from '../../kernel/digest.js';
import { InvariantViolation } from '../../kernel/errors.js';
import type { RunOrigin } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
import type { Journal, RunRow } from './Journal.js';

export type NewRecord = Pick<JournalRecord, 'kind' | 'at' | 'label'> &
  Partial<Pick<JournalRecord, 'step' | 'status' | 'effect' | 'startedAt'>> & {
    /** A function makes the text when it is needed, which in memory is when somebody reads it. */
    readonly body?: string | null | (() => string);
  };

export class RunLog {
  private lastSeq: number;
  private lastHash: string;
  private closed = false;

  private constructor(
    private readonly journal: Journal,
    readonly run: RunRow,
    /** What was recorded before this load. */
    readonly earlier: readonly JournalRecord[],
  ) {
    const last = earlier.at(-1);
    this.lastSeq = last?.seq ?? 0;
    this.lastHash = last?.hash ?? (journal.sealing ? rootHash(run) : '');
  }

  static begin(journal: Journal, run: RunRow, origin: RunOrigin): RunLog {
    const log = new RunLog(journal, run, []);
    const said = Object.values(origin).some((value) => value !== undefined);
    log.append({ kind: 'started', at: run.startedAt, label: run.command, body: said ? JSON.stringify(origin) : null });
    return log;
  }

  /** What the first record says; journals of older versions say nothing. */
  get origin(): RunOrigin {
    return { deadline: undefined, traceparent: undefined, parent: undefined, ...JSON.parse(this.earlier[0]?.body ?? '{}') };
  }

  /** How often the run was loaded before. */
  get loads(): number {
    return this.earlier.filter(({ kind }) => kind === 'started' || kind === 'resumed').length;
  }

  /** @throws InvariantViolation `JOURNAL_ALTERED` */
  static read(journal: Journal, run: RunRow): RunLog {
    const records = journal.records(run);
    verifyChain(run, records);
    refuseErased(run, records);
    return new RunLog(journal, run, records);
  }

  /** From here on nothing may be added: the run has ended, or another load goes on with it. */
  close(): void {
    this.closed = true;
  }

  append(fields: NewRecord): JournalRecord {
    if (this.closed) {
      throw new InvariantViolation(
        'JOURNAL_WRITE_FAILED',
        `Run ${this.run.id} is over on this load, and something tried to add "${fields.kind}" to it.`,
      );
    }
    const seq = this.lastSeq + 1;
    const late = typeof fields.body === 'function' ? fields.body : undefined;
    const body = typeof fields.body === 'function' ? (this.journal.sealing ? fields.body() : null) : (fields.body ?? null);
    const { kind, at, label, step = null, status = null, effect = null, startedAt = null } = fields;
    const unsealed = { seq, kind, at, step, label, status, effect, startedAt, body, bodyDigest: null, hash: '' };
    const record = this.journal.sealing ? sealed(this.lastHash, unsealed) : unsealed;
    this.lastSeq = seq;
    this.lastHash = record.hash;
    this.journal.addRecord(this.run, record, late);
    return record;
  }
}

/** The records with the hashes that a sealing journal would have given them. */
export function chained(run: RunRow, records: readonly JournalRecord[]): readonly JournalRecord[] {
  let before = rootHash(run);
  return records.map((record) => {
    const next = sealed(before, record);
    before = next.hash;
    return next;
  });
}

function sealed(before: string, record: JournalRecord): JournalRecord {
  const bodyDigest = record.body === null ? null : digest(record.body);
  return { ...record, bodyDigest, hash: hashOf(before, { ...record, bodyDigest }) };
}

/** @throws InvariantViolation `JOURNAL_ALTERED` naming the first record that is not as it was written. */
export function verifyChain(run: RunRow, records: readonly JournalRecord[]): void {
  let before = rootHash(run);
  for (const [index, record] of records.entries()) {
    const bodyIntact = record.body === null || digest(record.body) === record.bodyDigest;
    if (record.seq !== index + 1 || !bodyIntact || record.hash !== hashOf(before, record)) {
      throw new InvariantViolation(
        'JOURNAL_ALTERED',
        `Run ${run.id}: record ${record.seq} (${record.kind} ${record.label}) is not as it was written. The run is not touched; restore a backup.`,
        { details: { run: run.id, seq: record.seq } },
      );
    }
    before = record.hash;
  }
  const last = records.at(-1);
  const end = records.find(({ kind }) => kind === 'ended');
  const asEnded = end === undefined ? run.status === null : end === last && end.status === run.status && end.at === run.endedAt;
  if (records[0]?.kind !== 'started' || !asEnded) {
    throw new InvariantViolation('JOURNAL_ALTERED', `Run ${run.id}: records are missing. The run is not touched; restore a backup.`, {
      details: { run: run.id, records: records.length },
    });
  }
}

/** A run whose outcomes were erased can be listed, and cannot be gone on with. */
function refuseErased(run: RunRow, records: readonly JournalRecord[]): void {
  const erased = records.find(({ body, bodyDigest }) => body === null && bodyDigest !== null);
  if (!erased) return;
  throw new InvariantViolation(
    'JOURNAL_ALTERED',
    `Run ${run.id}: the body of record ${erased.seq} (${erased.label}) is gone, so it cannot be replayed.`,
    {
      details: { run: run.id, seq: erased.seq },
    },
  );
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
    digest(run.principal),
    digest(run.params.text),
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

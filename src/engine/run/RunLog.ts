/**
 * The records of one run: numbers them, chains their hashes, checks the chain when they are read.
 *
 * Invariant: seq has no gaps but where records were dropped, and each hash covers the record before it.
 */
import { InvariantViolation, UsageError } from '../../kernel/errors.js';
import type { RunOrigin } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
import { type Anchor, anchorOf, type Bridges, sealed, verifyChain } from './chain.js';
import type { KeyedRuns, RecordedRuns, RunJournal, RunRow } from './RunJournal.js';
import { reopenedBody } from './superseded.js';

export type NewRecord = Pick<JournalRecord, 'kind' | 'at' | 'label'> &
  Partial<Pick<JournalRecord, 'step' | 'status' | 'effect' | 'startedAt'>> & {
    /** A function makes the text when it is needed, which in memory is when somebody reads it. */
    readonly body?: string | null | (() => string);
  };

export interface Recorded {
  readonly records: readonly JournalRecord[];
  readonly bridges: Bridges;
}

export class RunLog {
  private lastSeq: number;
  private lastHash: string;
  private closed = false;

  private constructor(
    private readonly journal: RunJournal,
    readonly run: RunRow,
    /** What was recorded before this load. */
    readonly earlier: readonly JournalRecord[],
    last: Pick<Anchor, 'seq' | 'hash'>,
  ) {
    this.lastSeq = last.seq;
    this.lastHash = last.hash;
  }

  static begin(journal: RunJournal, run: RunRow, origin: RunOrigin): RunLog {
    const log = new RunLog(journal, run, [], startOf(journal, run));
    journal.addRecord(run, log.first(origin));
    return log;
  }

  /** Begins with the run itself, unless another run of the command has its key. */
  static beginKeyed(
    journal: RunJournal & KeyedRuns,
    run: RunRow,
    origin: RunOrigin,
  ): { readonly log: RunLog; readonly added: Promise<boolean> } {
    const log = new RunLog(journal, run, [], startOf(journal, run));
    return { log, added: journal.addKeyedRun(run, log.first(origin)) };
  }

  /** What the first record says, and what was changed when the run was reopened; journals of older versions say nothing. */
  get origin(): RunOrigin {
    const reopened = this.earlier.findLast(({ kind }) => kind === 'reopened');
    const deadline = reopened && reopenedBody(reopened).deadline;
    const moved = deadline === undefined ? {} : { deadline };
    return { deadline: undefined, traceparent: undefined, parent: undefined, ...JSON.parse(this.earlier[0]?.body ?? '{}'), ...moved };
  }

  /** How often the run was loaded before. */
  get loads(): number {
    return this.earlier.filter(({ kind }) => kind === 'started' || kind === 'resumed').length;
  }

  /**
   * @throws InvariantViolation `JOURNAL_ALTERED`
   * @throws UsageError `RUN_ERASED`
   */
  static read(journal: RunJournal & Pick<RecordedRuns, 'records' | 'bridges'>, run: RunRow): RunLog {
    return RunLog.of(journal, run, { records: journal.records(run), bridges: journal.bridges(run) });
  }

  /** Goes on behind records that were read elsewhere; throws as `read`. */
  static of(journal: RunJournal, run: RunRow, { records, bridges }: Recorded): RunLog {
    verifyChain(run, records, bridges);
    if (run.erased) throw new UsageError('RUN_ERASED', `The values of run ${run.id} were erased.`, { details: { run: run.id } });
    refuseMissing(run, records);
    return new RunLog(journal, run, records, anchorOf(run, records, bridges));
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
    const late = typeof fields.body === 'function' ? fields.body : undefined;
    const body = typeof fields.body === 'function' ? (this.journal.sealing ? fields.body() : null) : (fields.body ?? null);
    const record = this.next(fields, body);
    this.journal.addRecord(this.run, record, late);
    return record;
  }

  /** A record that is not added here, and is the next one if it is added. */
  following(fields: NewRecord & { readonly body: string }): JournalRecord {
    return this.next(fields, fields.body);
  }

  private first(origin: RunOrigin): JournalRecord {
    const fields = firstOf(this.run, origin);
    return this.next(fields, fields.body);
  }

  private next(fields: NewRecord, body: string | null): JournalRecord {
    const { kind, at, label, step = null, status = null, effect = null, startedAt = null } = fields;
    const unsealed = { seq: this.lastSeq + 1, kind, at, step, label, status, effect, startedAt, body, bodyDigest: null, hash: '' };
    const record = this.journal.sealing ? sealed(this.lastHash, unsealed) : unsealed;
    this.lastSeq = record.seq;
    this.lastHash = record.hash;
    return record;
  }
}

/** What the first record is chained to; a journal that is not sealing is spared the hash. */
function startOf(journal: RunJournal, run: RunRow): Pick<Anchor, 'seq' | 'hash'> {
  return journal.sealing ? anchorOf(run, [], NO_BRIDGES) : UNSEALED;
}

const NO_BRIDGES = new Map<never, never>();
const UNSEALED = { seq: 0, hash: '' };

function firstOf(run: RunRow, origin: RunOrigin): NewRecord & { readonly body: string | null } {
  const said = Object.values(origin).some((value) => value !== undefined);
  return { kind: 'started', at: run.startedAt, label: run.command, body: said ? JSON.stringify(origin) : null };
}

/** A run without its outcomes can be listed, and cannot be gone on with. */
function refuseMissing(run: RunRow, records: readonly JournalRecord[]): void {
  const missing = records.find(({ body, bodyDigest }) => body === null && bodyDigest !== null);
  if (!missing) return;
  throw new InvariantViolation(
    'JOURNAL_ALTERED',
    `Run ${run.id}: the body of record ${missing.seq} (${missing.label}) is gone, so it cannot be replayed.`,
    { details: { run: run.id, seq: missing.seq } },
  );
}

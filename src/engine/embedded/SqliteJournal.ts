/**
 * The journal of all runs of one SQLite file.
 *
 * Owns: the database, the buffer of what is not yet on disk, the right to write. Does not own: what a record means.
 * Invariants: rows reach the disk in the order they were added, those of one flush together or not at all; when
 * `committed` resolves, everything added before is on disk (R1). If a commit fails for want of room or of a lock, the
 * buffer is kept and the commit tried again.
 */
import { statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { Carried } from '../../kernel/codec/Carried.js';
import { InvariantViolation, messageOf } from '../../kernel/errors.js';
import type { Logger } from '../../kernel/Logger.js';
import { type EndStatus, type JournalRecord, RECORD_KINDS } from '../Record.js';
import type { Journal, RunRow } from './Journal.js';
import { JournalOwner } from './JournalOwner.js';
import { type DatabaseOptions, describe, openDatabase, SQLITE, sqliteCode } from './openDatabase.js';

/** Version of the codec's text, kept with each run. */
const CODEC_VERSION = 1;
const RETRY_MS_MAX = 5000;
const RETRYABLE: ReadonlySet<number | undefined> = new Set([SQLITE.BUSY, SQLITE.LOCKED, SQLITE.IOERR, SQLITE.FULL]);

const RUN_COLUMNS =
  'id AS rowId, uid AS id, command, version, key, fingerprint, seed, principal, params, started_at AS startedAt, status, ended_at AS endedAt';

export class SqliteJournal implements Journal {
  readonly sealing = true;
  private readonly file: string;
  private readonly database!: DatabaseSync;
  private readonly owner: JournalOwner | undefined = undefined;
  private readonly statements = new Map<string, StatementSync>();
  private buffer: (() => void)[] = [];
  private waiting: { resolve(): void; reject(error: unknown): void }[] = [];
  private flushing = false;
  private broken: unknown;
  private nextRowId: number;

  constructor(
    options: DatabaseOptions,
    private readonly logger: Logger,
  ) {
    this.file = options.file;
    const owned = !options.readOnly;
    try {
      // What is there is looked at first, so that a foreign file gets no lock beside it; a new one is made by its owner alone.
      if (!owned || isWritten(options.file)) this.database = openDatabase(options);
      if (owned) this.owner = JournalOwner.claim(options.file, () => ownerPidIn(options.file));
      this.database ??= openDatabase(options);
      this.nextRowId = Number(this.select('SELECT coalesce(max(id), 0) AS last FROM run')[0]?.last) + 1;
      if (owned) this.statement('INSERT OR REPLACE INTO owner (one, pid, since) VALUES (1, ?, ?)').run(process.pid, Date.now());
    } catch (error) {
      this.database?.close();
      this.owner?.release();
      throw describe(error, options.file);
    }
  }

  newRun(run: Omit<RunRow, 'rowId' | 'status' | 'endedAt'>): RunRow {
    return { ...run, rowId: this.nextRowId++, status: null, endedAt: null };
  }

  addRun(run: RunRow): void {
    this.buffer.push(() =>
      this.statement(
        `INSERT INTO run (id, uid, kind, command, version, key, fingerprint, codec, seed, principal, params, started_at)
         VALUES (?, ?, 'command', ?, ?, ?, ?, ${CODEC_VERSION}, ?, ?, ?, ?)`,
      ).run(run.rowId, run.id, run.command, run.version, run.key, run.fingerprint, run.seed, run.principal, run.params.text, run.startedAt),
    );
  }

  addRecord(run: RunRow, record: JournalRecord): void {
    this.buffer.push(() =>
      this.statement(
        'INSERT INTO record (run, seq, kind, at, step, label, status, effect, started_at, body, body_digest, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ).run(
        run.rowId,
        record.seq,
        record.kind,
        record.at,
        record.step,
        record.label,
        record.status,
        record.effect,
        record.startedAt,
        record.body,
        record.bodyDigest,
        record.hash,
      ),
    );
  }

  endRun(run: RunRow, status: EndStatus, endedAt: number): void {
    this.buffer.push(() => this.statement('UPDATE run SET status = ?, ended_at = ? WHERE id = ?').run(status, endedAt, run.rowId));
  }

  get idle(): boolean {
    return this.buffer.length === 0 && !this.flushing;
  }

  committed(): Promise<void> {
    if (this.broken) return Promise.reject(this.broken);
    if (this.buffer.length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      if (this.flushing) return;
      this.flushing = true;
      setImmediate(() => this.flush(1));
    });
  }

  private flush(attempt: number): void {
    const batch = this.buffer;
    try {
      this.database.exec('BEGIN IMMEDIATE');
      for (const write of batch) write();
      this.database.exec('COMMIT');
    } catch (error) {
      this.afterFailedFlush(error, attempt);
      return;
    }
    this.flushing = false;
    this.buffer = [];
    for (const waiter of this.waiting.splice(0)) waiter.resolve();
  }

  private afterFailedFlush(error: unknown, attempt: number): void {
    if (this.database.isOpen && this.database.isTransaction) this.database.exec('ROLLBACK');
    if (RETRYABLE.has(sqliteCode(error))) {
      const waitMs = Math.min(RETRY_MS_MAX, 50 * 2 ** attempt);
      this.logger.warn(`The journal cannot be written (${messageOf(error)}); trying again in ${waitMs} ms. Runs wait.`);
      setTimeout(() => this.flush(attempt + 1), waitMs);
      return;
    }
    this.broken = new InvariantViolation('JOURNAL_WRITE_FAILED', `The journal could not be written: ${messageOf(error)}.`, {
      cause: error,
    });
    for (const waiter of this.waiting.splice(0)) waiter.reject(this.broken);
  }

  runsByPrefix(prefix: string): RunRow[] {
    return this.rows(`SELECT ${RUN_COLUMNS} FROM run WHERE substr(uid, 1, ?) = ? LIMIT 2`, prefix.length, prefix);
  }

  runByKey(command: string, key: string): RunRow | undefined {
    return this.rows(`SELECT ${RUN_COLUMNS} FROM run WHERE tenant = '' AND command = ? AND key = ?`, command, key)[0];
  }

  latestRuns(limit: number): RunRow[] {
    return this.rows(`SELECT ${RUN_COLUMNS} FROM run ORDER BY run.id DESC LIMIT ?`, limit);
  }

  openRuns(): RunRow[] {
    return this.rows(`SELECT ${RUN_COLUMNS} FROM run WHERE status IS NULL ORDER BY run.id`);
  }

  endedSteps(run: RunRow): number {
    return Number(this.select("SELECT count(*) AS n FROM record WHERE run = ? AND kind = 'step-ended'", run.rowId)[0]?.n);
  }

  records(run: RunRow): JournalRecord[] {
    const records = this.select(
      'SELECT seq, kind, at, step, label, status, effect, started_at AS startedAt, body, body_digest AS bodyDigest, hash FROM record WHERE run = ? ORDER BY seq',
      run.rowId,
    ) as unknown as JournalRecord[]; // The table is STRICT and written above.
    const unknown = records.find((record) => !RECORD_KINDS.includes(record.kind));
    if (unknown) {
      throw new InvariantViolation(
        'RECORD_UNKNOWN',
        `Record ${unknown.seq} is of kind "${unknown.kind}", which this version does not know. Use a newer version.`,
      );
    }
    return records.map((record) => ({ ...record }));
  }

  ownerPid(): number | undefined {
    const [row] = this.select('SELECT pid FROM owner');
    return row === undefined ? undefined : Number(row.pid);
  }

  async close(): Promise<void> {
    try {
      if (!this.broken) await this.committed();
      if (this.owner) this.database.exec('DELETE FROM owner');
    } finally {
      this.statements.clear();
      this.database.close();
      this.owner?.release();
    }
  }

  private rows(sql: string, ...values: (string | number)[]): RunRow[] {
    const rows = this.select(sql, ...values) as unknown as (RunRow & { readonly params: string })[]; // The table is STRICT and RUN_COLUMNS names its columns.
    return rows.map((row) => ({ ...row, params: Carried.ofText(row.params) }));
  }

  /** @throws what `describe` makes of an error of SQLite */
  private select(sql: string, ...values: (string | number)[]): Record<string, unknown>[] {
    try {
      return this.statement(sql).all(...values);
    } catch (error) {
      throw describe(error, this.file);
    }
  }

  private statement(sql: string): StatementSync {
    const known = this.statements.get(sql);
    if (known) return known;
    const statement = this.database.prepare(sql);
    this.statements.set(sql, statement);
    return statement;
  }
}

function isWritten(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0;
}

/** The process that has the right to write, as far as the file tells now. */
function ownerPidIn(file: string): number | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { readOnly: true });
    const pid = database.prepare('SELECT pid FROM owner').get()?.pid;
    return pid === undefined ? undefined : Number(pid);
  } catch {
    return undefined; // It is just being made; the error that names it is on its way.
  } finally {
    database?.close();
  }
}

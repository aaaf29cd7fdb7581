/**
 * The journal of all runs of one SQLite file, which several processes of one machine may use at a time.
 *
 * Owns: the connection that reads, the timers of the lease. Does not own: what a record means; how and when rows are
 * written, which is GroupCommit's; which process has which run, which Lease, Peers and Claims know.
 * Invariants: as the port says. A run that was taken from this process is written to no more.
 */
import type { DatabaseSync } from 'node:sqlite';
import { InvariantViolation } from '../../kernel/errors.js';
import type { Logger } from '../../kernel/Logger.js';
import type { QueueLimits } from '../Engine.js';
import { type EndStatus, type JournalRecord, RECORD_KINDS } from '../Record.js';
import type { Reopening, Rest, RunRow } from '../run/RunJournal.js';
import type { Admission, Journal, JournalEvents, Mail, NewRun, PruneRequest, Wanted } from './Journal.js';
import { Claims } from './sqlite/Claims.js';
import { GroupCommit, leaseLost, type WritesOn } from './sqlite/GroupCommit.js';
import { Lease } from './sqlite/Lease.js';
import { LockWatch } from './sqlite/LockWatch.js';
import { Membership } from './sqlite/Membership.js';
import { type DatabaseOptions, openDatabase, writingPragmas } from './sqlite/openDatabase.js';
import { Peers } from './sqlite/Peers.js';
import { Queues } from './sqlite/Queues.js';
import { Retention } from './sqlite/Retention.js';
import { RUN_COLUMNS, runRowOf } from './sqlite/runRows.js';
import { Statements } from './sqlite/Statements.js';
import { describe } from './sqlite/sqliteErrors.js';
import { WRITES } from './sqlite/writes.js';
import { SqliteTables } from './stores/SqliteTables.js';

export interface SqliteJournalOptions extends DatabaseOptions {
  /** On which thread rows are written. @default 'auto': on this one until commits turn out to be slow */
  readonly writes?: WritesOn;
  /** How long a process that gives no sign of life keeps its runs. @default 10000 */
  readonly leaseMs?: number;
  /** How often to look whether another process changed something. @default 100 */
  readonly pollMs?: number;
  /** How long `close` tries to write what is not on disk. @default 5000 */
  readonly closeMs?: number;
  /** Ends (SIGKILL) a registered process that is stopped and past its lease while it holds the write lock. @default false */
  readonly endStopped?: boolean;
}

/** How long a commit waits for another's; the thread that waits does nothing else. */
const BUSY_TIMEOUT_MS = 200;
/** An ended run whose last record has that number. */
const ENDED_AT = 'SELECT 1 FROM run WHERE id = ? AND status IS NOT NULL AND ? = (SELECT max(seq) FROM record WHERE record.run = run.id)';
/** Above every character of an id. */
const LAST_CHARACTER = '\u{10ffff}';

export class SqliteJournal implements Journal {
  readonly sealing = true;
  readonly tables: SqliteTables;
  private readonly database: DatabaseSync;
  private readonly statements: Statements;
  private readonly lease: Lease;
  private readonly members: Membership;
  private readonly commits: GroupCommit;
  private readonly claims: Claims;
  private readonly queues: Queues;
  private readonly retention: Retention;
  /** Mail whose removal is not on disk yet. */
  private readonly dropped = new Set<number>();

  constructor(
    private readonly options: SqliteJournalOptions,
    logger: Logger,
  ) {
    const { file, fsync, writes = 'auto', leaseMs = 10_000, pollMs = 100, endStopped = false } = options;
    this.database = openDatabase(options);
    this.statements = new Statements(this.database, file);
    this.lease = new Lease(this.database, leaseMs);
    const peers = new Peers(this.database, leaseMs, this.lease.identity);
    const lock = new LockWatch(peers, this.lease, { file, leaseMs, endStopped });
    const events = { fenced: () => this.members.fenced(), blocked: (forMs: number) => lock.blocked(forMs) };
    this.commits = new GroupCommit(this.database, this.lease, { file, fsync, writes, busyTimeoutMs: BUSY_TIMEOUT_MS }, events, logger);
    this.members = new Membership(this.database, this.lease, peers, this.commits, { file, leaseMs, pollMs });
    this.claims = new Claims(this.statements);
    this.queues = new Queues(this.statements, this.claims);
    this.retention = new Retention(this.statements);
    this.tables = new SqliteTables(this.statements, (work) => {
      this.members.enter();
      return this.commits.exclusively(work);
    });
    if (!options.readOnly) this.register();
  }

  private register(): void {
    try {
      this.lease.register();
      this.database.exec(writingPragmas(this.options.fsync, BUSY_TIMEOUT_MS));
    } catch (error) {
      this.database.close();
      throw describe(error, this.options.file);
    }
  }

  get idle(): boolean {
    return this.commits.empty && this.sure;
  }

  get sure(): boolean {
    return this.options.readOnly === true || this.lease.sure;
  }

  attach(events: JournalEvents, commands: readonly string[]): void {
    this.claims.attach(commands);
    if (!this.options.readOnly) this.members.start(events);
  }

  newRun(run: NewRun, _child: boolean): RunRow {
    this.members.enter();
    const { process } = this.lease;
    const rowId = this.described(() => this.lease.nextRunId());
    const open = { status: null, endedAt: null, due: null, waits: [], successor: null, erased: null };
    return { ...run, ...open, rowId, owner: run.standing === 'queued' ? null : process };
  }

  addRun(run: RunRow): void {
    this.refuseLost(run);
    this.commits.add('addRun', ...runValues(run));
  }

  async addKeyedRun(run: RunRow, first: JournalRecord): Promise<boolean> {
    this.refuseLost(run);
    const added = this.commits.addTold('addKeyedRun', ...runValues(run));
    this.commits.add('addFirstRecord', ...recordValues(first), run.rowId);
    return (await added) > 0;
  }

  addRecord(run: RunRow, record: JournalRecord): void {
    this.refuseLost(run);
    this.commits.add('addRecord', run.rowId, ...recordValues(record));
  }

  endRun(run: RunRow, status: EndStatus, endedAt: number, successor?: string): void {
    this.refuseLost(run);
    this.commits.add('endRun', status, endedAt, successor ?? null, run.rowId);
    if (successor !== undefined) this.commits.add('passMailOn', successor, run.rowId);
    this.commits.add('dropMailOfRun', run.rowId);
  }

  reopenRuns(reopenings: readonly Reopening[]): Promise<boolean> {
    this.members.enter();
    return this.commits.exclusively(() => {
      if (!reopenings.every(({ run, records }) => this.statements.get(ENDED_AT, run.rowId, records[0].seq - 1))) return false;
      for (const { run, records } of reopenings) {
        this.statements.run(WRITES.reopenRun, this.lease.process, run.rowId);
        for (const record of records) this.statements.run(WRITES.addRecord, run.rowId, ...recordValues(record));
      }
      return true;
    });
  }

  putAside(run: RunRow, { standing, due, waits }: Rest): void {
    if (this.isLost(run)) return; // Others have it already.
    this.commits.add('putAside', standing, due, JSON.stringify(waits), run.rowId);
  }

  publish(run: RunRow, text: string): void {
    this.refuseLost(run);
    this.commits.add('publish', text, run.rowId);
  }

  published(run: RunRow): string | undefined {
    const row = this.statements.get('SELECT published FROM run WHERE id = ?', run.rowId);
    return (row?.published as string | null | undefined) ?? undefined; // A STRICT table.
  }

  post({ run, kind, name, token, body, at }: Omit<Mail, 'id'>): void {
    this.commits.add('post', kind, name, token, body, at, run);
  }

  dropMail({ id }: Mail): void {
    this.dropped.add(id);
    const written = this.commits.addTold('dropMail', id);
    // Those who wait for the commit learn why it failed.
    written.then(
      () => this.dropped.delete(id),
      () => this.dropped.delete(id),
    );
  }

  mail(of?: RunRow): readonly Mail[] {
    const rows = this.statements.all(
      `SELECT mail.id, run.uid AS run, mail.kind, mail.name, mail.token, mail.body, mail.at
       FROM mail CROSS JOIN run ON run.id = mail.run WHERE run.owner = ? ${of ? 'AND run.id = ?' : ''} ORDER BY mail.id`,
      this.lease.process,
      ...(of ? [of.rowId] : []),
    ) as unknown as Mail[]; // A STRICT table that only posts are written to.
    return rows.filter(({ id }) => !this.dropped.has(id));
  }

  committed(): Promise<void> {
    return this.options.readOnly ? Promise.resolve() : this.commits.committed();
  }

  async claim(wanted: Wanted, limit: number): Promise<readonly RunRow[]> {
    this.members.enter();
    await this.members.reap();
    // A look without the lock of the file is enough where it finds nothing.
    if (this.idle && this.claims.candidates(wanted, 1).length === 0) return [];
    return this.commits.exclusively(() => this.claims.take(wanted, limit, this.lease.process));
  }

  async admit(limits: QueueLimits, now: number, limit: number): Promise<Admission> {
    this.members.enter();
    await this.members.reap();
    if (this.idle && !this.queues.hasQueued(limits.name)) return { admitted: [], nextAt: undefined };
    return this.commits.exclusively(() => this.queues.admit(limits, now, limit, this.lease.process));
  }

  nextDue(): number | undefined {
    return this.claims.nextDue();
  }

  runsByPrefix(prefix: string): readonly RunRow[] {
    return this.runs('WHERE uid >= ? AND uid < ? LIMIT 2', prefix, `${prefix}${LAST_CHARACTER}`);
  }

  runByKey(command: string, key: string): RunRow | undefined {
    return this.runs("WHERE tenant = '' AND command = ? AND key = ?", command, key)[0];
  }

  latestRuns(limit: number): readonly RunRow[] {
    return this.runs('ORDER BY run.started_at DESC, run.id DESC LIMIT ?', limit);
  }

  openRuns(): readonly RunRow[] {
    return this.runs('WHERE status IS NULL ORDER BY run.id');
  }

  unknownCommands(): readonly { readonly command: string; readonly runs: number }[] {
    const rows = this.statements.all(
      'SELECT command, count(*) AS runs FROM run WHERE status IS NULL AND command NOT IN (SELECT value FROM json_each(?)) GROUP BY command',
      this.claims.known,
    );
    return rows.map(({ command, runs }) => ({ command: String(command), runs: Number(runs) }));
  }

  endedRuns(before: number, limit: number, withErased = false): readonly RunRow[] {
    return this.retention.ended(before, limit, withErased);
  }

  prune(request: PruneRequest): Promise<number> {
    this.members.enter();
    return this.commits.exclusively(() => this.retention.prune(request));
  }

  endedSteps(run: RunRow): number {
    return Number(this.statements.get("SELECT count(*) AS n FROM record WHERE run = ? AND kind = 'step-ended'", run.rowId)?.n);
  }

  isOwned({ owner }: RunRow): boolean {
    return owner !== null && this.members.isAlive(owner);
  }

  records(run: RunRow): readonly JournalRecord[] {
    const records = this.statements.all(
      'SELECT seq, kind, at, step, label, status, effect, started_at AS startedAt, body, body_digest AS bodyDigest, hash FROM record WHERE run = ? ORDER BY seq',
      run.rowId,
    ) as unknown as JournalRecord[]; // A STRICT table that only records are written to.
    const unknown = records.find((record) => !RECORD_KINDS.includes(record.kind));
    if (unknown) {
      throw new InvariantViolation(
        'RECORD_UNKNOWN',
        `Record ${unknown.seq} is of kind "${unknown.kind}", which this version does not know. Use a newer version.`,
      );
    }
    return records.map((record) => ({ ...record }));
  }

  dropRecords(run: RunRow, from: number, to: number, hash: string): void {
    this.refuseLost(run);
    this.commits.add('dropRecords', run.rowId, from, to);
    this.commits.add('dropBridges', run.rowId, from, to);
    this.commits.add('addBridge', run.rowId, from, to, hash);
  }

  bridges(run: RunRow): ReadonlyMap<number, { readonly from: number; readonly hash: string }> {
    const rows = this.statements.all('SELECT from_seq, to_seq, hash FROM bridge WHERE run = ?', run.rowId);
    return new Map(rows.map((row) => [Number(row.to_seq) + 1, { from: Number(row.from_seq), hash: String(row.hash) }]));
  }

  async close(): Promise<void> {
    this.members.stop();
    try {
      if (!this.options.readOnly) await this.commits.close(this.options.closeMs ?? 5000);
    } finally {
      this.members.leave();
      this.database.close();
    }
  }

  private runs(rest: string, ...values: (string | number)[]): RunRow[] {
    return this.statements.all(`SELECT ${RUN_COLUMNS} FROM run ${rest}`, ...values).map(runRowOf);
  }

  /** This process had the run until it lost its lease. */
  private isLost({ owner }: RunRow): boolean {
    return owner !== null && (this.lease.lost || owner !== this.lease.process);
  }

  /** @throws TransientError `LEASE_LOST` */
  private refuseLost(run: RunRow): void {
    if (this.isLost(run)) throw leaseLost();
  }

  private described<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw describe(error, this.options.file);
    }
  }
}

function runValues(run: RunRow) {
  const { rowId, id, command, version, key, fingerprint, seed, principal, params, startedAt, standing, owner, place } = run;
  const inQueue = [place?.queue ?? null, place?.key ?? null, place?.priority ?? null] as const;
  return [rowId, id, command, version, key, fingerprint, seed, principal, params.text, startedAt, standing, owner, ...inQueue] as const;
}

function recordValues(record: JournalRecord) {
  const { seq, kind, at, step, label, status, effect, startedAt, body, bodyDigest, hash } = record;
  return [seq, kind, at, step, label, status, effect, startedAt, body, bodyDigest, hash] as const;
}

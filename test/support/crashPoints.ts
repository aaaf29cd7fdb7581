/**
 * The points at which a process can die: around every commit of a journal and every effect.
 *
 * Owns: the view on node:sqlite, which tells what a commit holds. Does not own: what happens at a point.
 */
import { DatabaseSync, type SQLInputValue, StatementSync } from 'node:sqlite';

export const SIDES = ['before', 'after'] as const;
export type Side = (typeof SIDES)[number];

/** Of a row of `record` that a commit holds. */
export interface WrittenRecord {
  readonly run: number;
  readonly kind: string;
  readonly step: string | null;
  readonly status: string | null;
  readonly body: string | null;
}

export interface Point {
  readonly what: readonly string[];
  readonly side: Side;
}

export interface JournalWatch {
  /** @param what kinds of the records and other rows that the commit holds */
  point(what: readonly string[], side: Side): void;
  /** Between the commit and the point behind it. */
  committed(records: readonly WrittenRecord[]): void;
  /** The pid that a process enters the journal with. @default its own */
  readonly pid?: number;
}

/** What a commit can hold besides records; what stands in it together with a record is left out. */
const OTHERS: readonly (readonly [what: string, sql: RegExp])[] = [
  ['journal made', /CREATE TABLE run/],
  ['process entered', /^INSERT INTO process/],
  ['process removed', /^DELETE FROM process/],
  ['taken', /^UPDATE run SET owner = \?, standing = 'running'/],
  ['put aside', /^UPDATE run SET owner = NULL, standing/],
  ['published', /^UPDATE run SET published/],
  ['mail posted', /^INSERT INTO mail/],
  ['mail taken', /^DELETE FROM mail WHERE id/],
];
export const OTHER_WRITES = OTHERS.map(([what]) => what);
const METHODS = ['run', 'get', 'all'] as const;
type Exec = (this: DatabaseSync, sql: string) => void;
type Prepare = (this: DatabaseSync, sql: string) => StatementSync;
type Method = (this: StatementSync, ...values: SQLInputValue[]) => unknown;
const BEAT = /^UPDATE process SET beat/;

/** Watches everything that this thread writes over node:sqlite. @returns ends that */
export function watchJournals(watchOf: (database: DatabaseSync) => JournalWatch | undefined): () => void {
  const { exec, prepare } = DatabaseSync.prototype as { exec: Exec; prepare: Prepare };
  const statements = new WeakMap<StatementSync, { readonly sql: string; readonly database: DatabaseSync }>();
  const transactions = new WeakMap<DatabaseSync, Transaction>();
  const transactionOf = (database: DatabaseSync): Transaction => {
    const known = transactions.get(database) ?? new Transaction();
    transactions.set(database, known);
    return known;
  };

  DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
    const statement = prepare.call(this, sql);
    statements.set(statement, { sql: sql.trim(), database: this });
    return statement;
  };
  const noted = (statement: StatementSync, values: SQLInputValue[]): SQLInputValue[] => {
    const known = statements.get(statement);
    if (!known) return values;
    transactionOf(known.database).note(known.sql, values);
    const pid = known.sql.startsWith('INSERT INTO process') ? watchOf(known.database)?.pid : undefined;
    return pid === undefined ? values : [pid, ...values.slice(1)];
  };
  const methods = METHODS.map((name) => [name, StatementSync.prototype[name] as Method] as const);
  for (const [name, method] of methods) {
    StatementSync.prototype[name] = function (this: StatementSync, ...values: SQLInputValue[]) {
      return method.apply(this, noted(this, values));
    } as never; // It has the signature of what it wraps.
  }
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    const watch = watchOf(this);
    const transaction = transactionOf(this);
    if (sql !== 'COMMIT' || !watch) {
      if (/^BEGIN|^ROLLBACK/.test(sql)) transaction.clear();
      else transaction.note(sql, []);
      exec.call(this, sql);
      return;
    }
    const { what, records } = transaction.content;
    transaction.clear();
    if (what.length > 0) watch.point(what, 'before');
    exec.call(this, sql);
    watch.committed(records);
    if (what.length > 0) watch.point(what, 'after');
  };
  return () => {
    Object.assign(DatabaseSync.prototype, { exec, prepare });
    Object.assign(StatementSync.prototype, Object.fromEntries(methods));
  };
}

class Transaction {
  private readonly others = new Set<string>();
  private records: WrittenRecord[] = [];

  note(sql: string, values: readonly SQLInputValue[]): void {
    if (sql.startsWith('INSERT INTO record')) {
      const [run, , kind, , step, , status, , , body] = / SELECT id, /.test(sql) ? [values.at(-1), ...values.slice(0, -1)] : values;
      this.records.push({
        run: Number(run),
        kind: kind as string, // A STRICT table.
        ...({ step, status, body } as Pick<WrittenRecord, 'step' | 'status' | 'body'>),
      });
      return;
    }
    if (BEAT.test(sql)) return; // Says nothing that the rest of the commit depends on.
    for (const [what, pattern] of OTHERS) if (pattern.test(sql)) this.others.add(what);
  }

  /** What is to be committed. */
  get content(): { readonly what: readonly string[]; readonly records: readonly WrittenRecord[] } {
    return { what: [...new Set([...this.records.map(({ kind }) => kind), ...this.others])], records: this.records };
  }

  clear(): void {
    this.others.clear();
    this.records = [];
  }
}

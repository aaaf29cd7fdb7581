/**
 * Writes batches, each in one transaction. On the main thread it is called as it is; a thread gets its source text, so it
 * uses nothing from outside itself.
 */
import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';

/** A statement by its name, and its values: plain data, which a thread can be given. */
export type Write = readonly [statement: string, values: readonly SQLInputValue[]];

export interface Batch {
  /** Number of the process that writes. */
  readonly process: number;
  /** Whether to count its beat up. */
  readonly beat: boolean;
  readonly writes: readonly Write[];
}

export interface Commit {
  /** The process is not registered any more; nothing was written. */
  readonly fenced: boolean;
  /** Changed rows of each write. */
  readonly changes: readonly number[];
  /** How long COMMIT took. */
  readonly commitMs: number;
}

/** @throws what SQLite throws; nothing of the batch is written then */
type CommitWriter = (batch: Batch, also?: () => void) => Commit;

export function commitWriter(database: DatabaseSync, texts: Readonly<Record<string, string>>): CommitWriter {
  const statements = new Map<string, StatementSync>();
  const prepared = (name: string): StatementSync => {
    let statement = statements.get(name);
    if (!statement) {
      statement = database.prepare(texts[name] ?? '');
      statements.set(name, statement);
    }
    return statement;
  };
  const isRegistered = ({ process, beat }: Batch): boolean =>
    beat ? Number(prepared('beat').run(process).changes) > 0 : prepared('fence').get(process) !== undefined;
  return (batch, also) => {
    database.exec('BEGIN IMMEDIATE');
    try {
      if (!isRegistered(batch)) {
        database.exec('ROLLBACK');
        return { fenced: true, changes: [], commitMs: 0 };
      }
      const changes = batch.writes.map(([name, values]) => Number(prepared(name).run(...values).changes));
      also?.();
      const before = performance.now();
      database.exec('COMMIT');
      return { fenced: false, changes, commitMs: performance.now() - before };
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  };
}

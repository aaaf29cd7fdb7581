/** The database of one service. Effect, idempotency key and fault switches share it, so that they survive a crash together. */
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';

/** Who waits for the lock of a writer, such as a reader of the books, waits no longer. */
const LOCKED_MS_MAX = 5000;

export class Store {
  private readonly database: DatabaseSync;

  /** @param schema statements that can be repeated */
  constructor(file: string, schema: string) {
    this.database = new DatabaseSync(file, { timeout: LOCKED_MS_MAX });
    // A process that dies loses nothing; only a loss of power could.
    this.database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; ${schema}`);
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.database.prepare(sql).get(...values) as T | undefined;
  }

  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.database.prepare(sql).all(...values) as T[];
  }

  run(sql: string, ...values: SQLInputValue[]): void {
    this.database.prepare(sql).run(...values);
  }

  /** All that the body writes, or nothing if it throws. */
  transaction<T>(body: () => T): T {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      const result = body();
      this.database.exec('COMMIT');
      return result;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }
}

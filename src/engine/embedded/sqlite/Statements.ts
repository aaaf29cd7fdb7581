import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { describe } from './sqliteErrors.js';

type Row = Record<string, unknown>;

/** The statements of one connection, each prepared once. Errors are those of `describe`, except inside a transaction. */
export class Statements {
  private readonly prepared = new Map<string, StatementSync>();

  constructor(
    private readonly database: DatabaseSync,
    private readonly file: string,
  ) {}

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.described(() => this.of(sql).all(...values));
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.described(() => this.of(sql).get(...values));
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return this.described(() => Number(this.of(sql).run(...values).changes));
  }

  private of(sql: string): StatementSync {
    let statement = this.prepared.get(sql);
    if (!statement) {
      statement = this.database.prepare(sql);
      this.prepared.set(sql, statement);
    }
    return statement;
  }

  private described<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      // Whoever began the transaction decides by the code of SQLite whether to try again.
      throw this.database.isOpen && this.database.isTransaction ? error : describe(error, this.file);
    }
  }
}

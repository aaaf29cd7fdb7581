/**
 * The right of this process to its runs: its row in the journal, with a beat that it goes on counting.
 *
 * Owns: the row, the block of row ids that was allotted to it. Does not own: the timer, the transactions that carry a beat.
 * Invariants: others wait for `leaseMs` after the last beat they saw before they take the row away, so this process is
 * sure of its runs for half of that after it wrote one; every transaction checks the row, so nothing is written without it.
 */
import type { DatabaseSync } from 'node:sqlite';
import { type ProcessIdentity, thisProcess } from './processIdentity.js';

/** Row ids that are allotted at once. What a process does not use is lost, and there are enough. */
const BLOCK = 4096;

export class Lease {
  readonly identity: ProcessIdentity = thisProcess();
  /** Number of this process in the journal. It gets another one after its row was taken away. */
  process = 0;
  lost = true;
  private beatAt = Number.NEGATIVE_INFINITY;
  private nextId = 1;
  private lastId = 0;

  constructor(
    private readonly database: DatabaseSync,
    private readonly leaseMs: number,
  ) {}

  /** Others cannot have taken the runs of this process. */
  get sure(): boolean {
    return performance.now() - this.beatAt < this.leaseMs / 2;
  }

  /** The next transaction is to carry a beat. */
  get beatDue(): boolean {
    return performance.now() - this.beatAt > this.leaseMs / 4;
  }

  /** A transaction that was begun at `at`, by `performance.now()`, has carried a beat. */
  proven(at: number): void {
    this.beatAt = Math.max(this.beatAt, at);
  }

  /** Others took the row away. */
  lose(): void {
    this.lost = true;
    this.beatAt = Number.NEGATIVE_INFINITY;
  }

  /** Waits for another's lock as long as the connection does. */
  register(): void {
    if (!this.lost) return;
    const at = performance.now();
    this.transaction(() => {
      const values = [process.pid, JSON.stringify(this.identity), Date.now()] as const;
      const { lastInsertRowid } = this.database
        .prepare('INSERT INTO process (pid, identity, beat, since) VALUES (?, ?, 0, ?)')
        .run(...values);
      this.process = Number(lastInsertRowid);
      this.allot();
    });
    this.lost = false;
    this.beatAt = at;
  }

  nextRunId(): number {
    if (this.nextId > this.lastId) this.transaction(() => this.allot());
    this.nextId += 1;
    return this.nextId - 1;
  }

  /** Gives the row up, and the runs that are still this process's. */
  release(): void {
    this.transaction(() => release(this.database, this.process));
  }

  private allot(): void {
    const [row] = this.database.prepare('UPDATE allotted SET run = run + ? RETURNING run').all(BLOCK);
    this.lastId = Number(row?.run);
    this.nextId = this.lastId - BLOCK + 1;
  }

  private transaction(work: () => void): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      if (this.database.isTransaction) this.database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** Inside a transaction. @param beat only if that is still the last one. @returns whether the process was there */
export function release(database: DatabaseSync, process: number, beat?: number): boolean {
  const { changes } = database.prepare('DELETE FROM process WHERE id = ? AND beat = coalesce(?, beat)').run(process, beat ?? null);
  if (changes === 0) return false;
  database.prepare('UPDATE run SET owner = NULL WHERE owner = ?').run(process);
  return true;
}

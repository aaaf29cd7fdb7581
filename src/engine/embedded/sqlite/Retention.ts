/**
 * Which ended runs nobody needs any more, and removing them or their values.
 *
 * Does not own: the transaction. Invariants: what goes on as an open run stays, since its key and its id lead there; a child stays until
 * the run that waits for it has its outcome.
 */
import { digest } from '../../../kernel/digest.js';
import type { RunOrigin } from '../../Engine.js';
import type { RunRow } from '../../run/RunJournal.js';
import type { PruneRequest } from '../Journal.js';
import { RUN_COLUMNS, runRowOf } from './runRows.js';
import type { Statements } from './Statements.js';
import { WRITES } from './writes.js';

const SUCCESSOR = 'SELECT successor, ended_at AS endedAt FROM run WHERE uid = ?';
const FIRST_BODY = 'SELECT body FROM record WHERE run = ? AND seq = 1';
const WAITING_FOR = `SELECT 1 FROM run WHERE uid = ? AND status IS NULL AND NOT EXISTS
  (SELECT 1 FROM record WHERE record.run = run.id AND kind = 'step-ended' AND step = ? AND record.status <> 'unknown')`;

export class Retention {
  constructor(private readonly statements: Statements) {}

  /** Oldest first. @param whole they are to be removed, and may have been erased */
  ended(before: number, limit: number, whole: boolean): readonly RunRow[] {
    const sql = `SELECT ${RUN_COLUMNS} FROM run WHERE ended_at IS NOT NULL ${whole ? '' : 'AND params_digest IS NULL'}
      AND ended_at < ? AND (ended_at, run.id) > (?, ?) ORDER BY ended_at, run.id LIMIT ?`;
    const found: RunRow[] = [];
    const goingOn = new Map<string, boolean>();
    for (let [endedAt, rowId] = [Number.MIN_SAFE_INTEGER, 0]; found.length < limit; ) {
      const page = this.statements.all(sql, before, endedAt, rowId, limit).map(runRowOf);
      const free = page.filter((run) => !(whole && this.goesOn(run, before, goingOn)) && !this.isAwaited(run));
      found.push(...free.slice(0, limit - found.length));
      const last = page.at(-1);
      if (!last || page.length < limit) break;
      [endedAt, rowId] = [last.endedAt ?? 0, last.rowId];
    }
    return found;
  }

  /** Inside a transaction. @returns how many */
  prune({ before, limit, what }: PruneRequest): number {
    const runs = this.ended(before, limit, what === 'runs');
    for (const run of runs) {
      if (what === 'runs') this.remove(run);
      else this.erase(run);
    }
    return runs.length;
  }

  private remove({ rowId }: RunRow): void {
    for (const write of ['dropMailOfRun', 'removeRecords', 'removeBridges', 'removeRun'] as const)
      this.statements.run(WRITES[write], rowId);
  }

  private erase({ rowId, params, principal }: RunRow): void {
    this.statements.run(WRITES.eraseRun, digest(params.text), digest(principal), rowId);
    this.statements.run(WRITES.eraseRecords, rowId);
  }

  /** One of those that go on with it is open, or has ended since. @param known the same of those, as far as they were looked at */
  private goesOn({ successor }: RunRow, before: number, known: Map<string, boolean>): boolean {
    const looked: string[] = [];
    let goesOn = false;
    for (let next: unknown = successor; typeof next === 'string' && !goesOn; ) {
      const seen = known.get(next);
      const row = seen === undefined ? this.statements.get(SUCCESSOR, next) : undefined;
      looked.push(next);
      goesOn = seen ?? (row !== undefined && (row.endedAt === null || Number(row.endedAt) >= before));
      next = row?.successor;
    }
    for (const id of looked) known.set(id, goesOn);
    return goesOn;
  }

  /** An open run began it, and has not recorded how it ended. */
  private isAwaited({ rowId, key }: RunRow): boolean {
    const at = key?.indexOf('/') ?? -1;
    if (key !== null && at > 0) return this.waitsFor(key.slice(0, at), key.slice(at + 1));
    if (key !== null) return false;
    const body = this.statements.get(FIRST_BODY, rowId)?.body;
    if (typeof body !== 'string') return false;
    const { parent, parentStep } = JSON.parse(body) as RunOrigin; // It may go on with the one that has the key.
    return parent !== undefined && parentStep !== undefined && this.waitsFor(parent, parentStep);
  }

  private waitsFor(parent: string, step: string): boolean {
    return this.statements.get(WAITING_FOR, parent, step) !== undefined;
  }
}

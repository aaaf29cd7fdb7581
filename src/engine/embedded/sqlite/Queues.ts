/**
 * The queues of a journal: which of the queued runs begin.
 *
 * Owns: the state of the rates, whose turn it is. Does not own: the transaction. Invariants: of one queue no more runs are
 * begun and not ended than its limit, whatever process has them, waiting ones included; of the runs of the highest
 * priority the key that was served longest ago is next, and of one key the oldest.
 */
import type { QueueLimits } from '../../Engine.js';
import { Pace } from '../../run/Pace.js';
import type { RunRow } from '../../run/RunJournal.js';
import type { Admission } from '../Journal.js';
import type { Claims } from './Claims.js';
import type { Statements } from './Statements.js';

/** A key that was not served for so many turns counts as one that never was. */
const TURNS_KEPT = 10_000;

const QUEUED = "queue = ?1 AND standing = 'queued' AND status IS NULL AND command IN (SELECT value FROM json_each(?2))";
/** One step into the index for every key, however many runs each has. */
const NEXT = `
  WITH RECURSIVE
    top (priority) AS (SELECT priority FROM run WHERE ${QUEUED} ORDER BY priority DESC LIMIT 1),
    one (key) AS (
      SELECT min(queue_key) FROM run WHERE ${QUEUED} AND priority = (SELECT priority FROM top)
      UNION ALL
      SELECT (SELECT min(queue_key) FROM run WHERE ${QUEUED} AND priority = (SELECT priority FROM top) AND queue_key > one.key)
      FROM one WHERE one.key IS NOT NULL
    ),
    oldest (key, id) AS (
      SELECT key, (SELECT id FROM run WHERE ${QUEUED} AND priority = (SELECT priority FROM top) AND queue_key = one.key
        ORDER BY started_at, id LIMIT 1)
      FROM one WHERE key IS NOT NULL
    )
  SELECT run.id, oldest.key FROM oldest JOIN run ON run.id = oldest.id
    LEFT JOIN queue_turn ON queue_turn.queue = ?1 AND queue_turn.key = oldest.key
  ORDER BY coalesce(queue_turn.turn, 0), run.started_at, run.id LIMIT 1`;
const BEGUN = "SELECT count(*) AS n FROM run WHERE queue = ? AND standing IN ('running', 'waiting', 'stopped') AND status IS NULL";

export class Queues {
  constructor(
    private readonly statements: Statements,
    private readonly claims: Claims,
  ) {}

  hasQueued(queue: string): boolean {
    return this.next(queue) !== undefined;
  }

  /** Inside a transaction. */
  admit({ name: queue, concurrency, rate }: QueueLimits, now: number, limit: number, process: number): Admission {
    const state = this.statements.get('SELECT turn, arrival_at AS arrivalAt FROM queue WHERE name = ?', queue);
    const pace = new Pace(rate, Number(state?.arrivalAt ?? 0), now);
    const free = concurrency === undefined ? limit : Math.min(limit, concurrency - Number(this.statements.get(BEGUN, queue)?.n));
    let turn = Number(state?.turn ?? 0);
    const admitted: RunRow[] = [];
    let next = free > 0 ? this.next(queue) : undefined;
    while (next && admitted.length < free && pace.open) {
      turn += 1;
      pace.take();
      this.statements.run('INSERT OR REPLACE INTO queue_turn (queue, key, turn) VALUES (?, ?, ?)', queue, next.key, turn);
      if (turn % TURNS_KEPT === 0) this.statements.run('DELETE FROM queue_turn WHERE queue = ? AND turn < ?', queue, turn - TURNS_KEPT);
      admitted.push(this.claims.takeOne(next.id, process));
      next = this.next(queue);
    }
    if (admitted.length > 0) {
      this.statements.run('INSERT OR REPLACE INTO queue (name, turn, arrival_at) VALUES (?, ?, ?)', queue, turn, pace.arrivalAt);
    }
    const paced = next !== undefined && admitted.length < free && !pace.open;
    return { admitted, nextAt: paced ? Math.ceil(pace.nextAt) : undefined };
  }

  private next(queue: string): { readonly id: number; readonly key: string } | undefined {
    const row = this.statements.get(NEXT, queue, this.claims.known);
    return row && { id: Number(row.id), key: String(row.key) };
  }
}

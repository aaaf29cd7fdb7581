/**
 * The queues of the journal in memory.
 *
 * Owns: which runs are queued, whose turn it is, the state of the rates. Does not own: the runs. Invariant: as for those of
 * a file: by priority, then the key that was served longest ago, then age.
 */
import type { QueueLimits } from '../Engine.js';
import { Pace } from '../run/Pace.js';
import type { RunRow } from '../run/RunJournal.js';
import type { Admission } from './Journal.js';

interface Queue {
  readonly queued: Set<RunRow>;
  /** When each key was served last, in turns; the one longest ago first. */
  readonly turns: Map<string, number>;
  turn: number;
  arrivalAt: number;
}

interface Asked {
  readonly now: number;
  readonly limit: number;
  /** Runs of the queue that were begun and have not ended. */
  readonly begun: number;
  readonly commands: readonly string[];
}

/** A key that was not served for so many turns counts as one that never was. */
const TURNS_KEPT = 10_000;

export class MemoryQueues {
  private readonly byName = new Map<string, Queue>();

  add(run: RunRow): void {
    const name = run.place?.queue ?? '';
    const queue = this.byName.get(name) ?? { queued: new Set(), turns: new Map(), turn: 0, arrivalAt: 0 };
    queue.queued.add(run);
    this.byName.set(name, queue);
  }

  remove(run: RunRow): void {
    this.byName.get(run.place?.queue ?? '')?.queued.delete(run);
  }

  /** @param take begins a run, and removes it from its queue */
  admit({ name, concurrency, rate }: QueueLimits, { now, limit, begun, commands }: Asked, take: (run: RunRow) => RunRow): Admission {
    const queue = this.byName.get(name);
    if (!queue) return { admitted: [], nextAt: undefined };
    const pace = new Pace(rate, queue.arrivalAt, now);
    const free = concurrency === undefined ? limit : Math.min(limit, concurrency - begun);
    const admitted: RunRow[] = [];
    let next = nextOf(queue, commands);
    while (next && admitted.length < free && pace.open) {
      serve(queue, next.place?.key ?? '');
      pace.take();
      queue.arrivalAt = pace.arrivalAt;
      admitted.push(take(next));
      next = nextOf(queue, commands);
    }
    const paced = next !== undefined && admitted.length < free && !pace.open;
    return { admitted, nextAt: paced ? Math.ceil(pace.nextAt) : undefined };
  }
}

function serve(queue: Queue, key: string): void {
  queue.turn += 1;
  queue.turns.delete(key);
  queue.turns.set(key, queue.turn);
  const [longestAgo] = queue.turns.keys();
  if (queue.turns.size > TURNS_KEPT) queue.turns.delete(longestAgo ?? '');
}

function nextOf({ queued, turns }: Queue, commands: readonly string[]): RunRow | undefined {
  let best: RunRow | undefined;
  const turnOf = (run: RunRow): number => turns.get(run.place?.key ?? '') ?? 0;
  for (const run of queued) {
    if (!commands.includes(run.command)) continue;
    const sooner =
      best && ((run.place?.priority ?? 0) - (best.place?.priority ?? 0) || turnOf(best) - turnOf(run) || best.startedAt - run.startedAt);
    if (sooner === undefined || sooner > 0) best = run; // The set has those of the same time in the order they came.
  }
  return best;
}

/**
 * The other processes of a journal, as this one sees them.
 *
 * Owns: when the beat of each was last seen to change, by this process's own monotonic clock. Does not own: their rows.
 * Invariant: a process is taken for dead when it certainly has ended, or when its beat did not change for `leaseMs` during
 * all of which this process was sure of itself: one that was stopped or locked out has missed the beats of others.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { hasEnded, type ProcessIdentity } from './processIdentity.js';

export interface Peer {
  readonly id: number;
  readonly pid: number;
  readonly beat: number;
  readonly identity: ProcessIdentity;
}

interface Seen {
  readonly beat: number;
  /** By `performance.now()`. */
  readonly since: number;
}

export class Peers {
  private seen = new Map<number, Seen>();
  private readonly select: StatementSync;

  constructor(
    database: DatabaseSync,
    private readonly leaseMs: number,
    private readonly here: ProcessIdentity,
  ) {
    this.select = database.prepare('SELECT id, pid, beat, identity FROM process');
  }

  all(): readonly Peer[] {
    const rows = this.select.all() as unknown as (Omit<Peer, 'identity'> & { readonly identity: string })[]; // A STRICT table.
    return rows.map((row) => ({ ...row, identity: JSON.parse(row.identity) as ProcessIdentity }));
  }

  /** Looks at all of them. @param own number of this process @param sure whether this process could beat meanwhile */
  dead(own: number, sure: boolean): readonly Peer[] {
    const now = performance.now();
    const seen = new Map<number, Seen>();
    const others = this.all().filter(({ id }) => id !== own);
    for (const { id, beat } of others) {
      const before = this.seen.get(id);
      seen.set(id, sure && before?.beat === beat ? before : { beat, since: now });
    }
    this.seen = seen;
    return others.filter((peer) => this.isStale(peer, now) || hasEnded(peer.pid, peer.identity, this.here));
  }

  /** Nothing is known against its being alive. */
  isAlive(id: number): boolean {
    const peer = this.all().find((candidate) => candidate.id === id);
    return peer !== undefined && !hasEnded(peer.pid, peer.identity, this.here) && !this.isStale(peer, performance.now());
  }

  isStale({ id, beat }: Peer, now: number): boolean {
    const seen = this.seen.get(id);
    return seen !== undefined && seen.beat === beat && now - seen.since >= this.leaseMs;
  }
}

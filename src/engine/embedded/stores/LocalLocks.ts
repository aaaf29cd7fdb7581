/**
 * Locks by the rows of a journal.
 *
 * Invariants: a row is never removed, so that its token never comes again; a lease is over by the clock of whoever looks. The processes of a
 * machine have the same; when that is set back, a lease ends as long after that as it lasts, once somebody asked for the lock.
 */
import type { Clock } from '../../../kernel/Clock.js';
import { staleFence } from '../../stores/refusals.js';
import type { Fence, LockHolder, LockStore, LockWish } from '../../stores/Stores.js';
import type { News } from './News.js';
import type { LockRow, StoreRows, StoreTables } from './StoreTables.js';

interface LocksParts {
  readonly tables: StoreTables;
  readonly clock: Clock;
  readonly news: News;
  readonly refuseClosed: () => void;
}

export class LocalLocks implements LockStore {
  constructor(private readonly parts: LocksParts) {}

  async acquire(lock: string, wish: LockWish): Promise<Fence | undefined> {
    const { tables, clock, news, refuseClosed } = this.parts;
    const until = clock.now() + (wish.waitMs ?? 0);
    for (;;) {
      refuseClosed();
      const row = tables.look((rows) => rows.lock(lock));
      if (!row || !isHeld(row, clock.now()) || isTooLong(row, clock.now())) {
        const fence = await tables.change((rows) => take(rows, lock, wish, clock.now()));
        if (fence) return fence;
        continue;
      }
      const now = clock.now();
      if (now >= until) return undefined;
      await news.wait(Math.min(until, row.endsAt) - now);
    }
  }

  renew(fence: Fence, leaseMs: number): Promise<void> {
    const { tables, clock } = this.parts;
    return tables.change((rows) => {
      const now = clock.now();
      const row = refuseStale(rows, fence, now);
      if (row) rows.putLock(fence.lock, { ...row, endsAt: now + leaseMs, leaseMs });
    });
  }

  async release({ lock, token }: Fence): Promise<void> {
    await this.parts.tables.change((rows) => {
      const row = rows.lock(lock);
      if (row?.token === token) rows.putLock(lock, { ...row, owner: null });
    });
    this.parts.news.tell();
  }

  async holder(lock: string): Promise<LockHolder | undefined> {
    const { tables, clock } = this.parts;
    const row = tables.look((rows) => rows.lock(lock));
    return row && row.owner !== null && isHeld(row, clock.now()) ? { owner: row.owner, token: row.token } : undefined;
  }
}

function isHeld({ owner, endsAt }: LockRow, now: number): boolean {
  return owner !== null && now < endsAt;
}

/** The clock was set back since. */
function isTooLong({ endsAt, leaseMs }: LockRow, now: number): boolean {
  return endsAt - now > leaseMs;
}

function take(rows: StoreRows, lock: string, { owner, leaseMs }: LockWish, now: number): Fence | undefined {
  const row = rows.lock(lock);
  if (row && isHeld(row, now)) {
    if (isTooLong(row, now)) rows.putLock(lock, { ...row, endsAt: now + row.leaseMs });
    return undefined;
  }
  const token = (row?.token ?? 0) + 1;
  rows.putLock(lock, { token, owner, endsAt: now + leaseMs, leaseMs });
  return { lock, token };
}

/** @throws CommandFailure `FENCE_STALE` @returns the row of the lock, if there is a fence */
export function refuseStale(rows: StoreRows, fence: Fence | undefined, now: number): LockRow | undefined {
  if (!fence) return undefined;
  const row = rows.lock(fence.lock);
  if (row?.token === fence.token && isHeld(row, now)) return row;
  throw staleFence(fence);
}

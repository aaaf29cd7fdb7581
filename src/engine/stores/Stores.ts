/**
 * The ports of what processes and runs share besides the runs: state, locks and topics. One contract suite runs on those of every engine.
 *
 * Of all of them: names (of spaces, keys, locks, owners, topics, groups and entries) and values have the bounds of `STORE_BOUNDS`; a value is
 * text of the codec, which no store looks into. What was answered is kept as a record of a run would be. Time is the store's, never the
 * caller's. When a change fails with a TransientError it is not known whether it was made.
 */

/** A lock that was acquired. Its token is greater than every one before of that lock, also after its lease, a release or a restart. */
export interface Fence {
  readonly lock: string;
  readonly token: number;
}

export interface Fenced {
  /** Done only while this counts. @throws CommandFailure `FENCE_STALE` */
  readonly fence?: Fence | undefined;
}

export interface StateEntry {
  readonly key: string;
  readonly value: string;
  /** Grows with every write of the space, so that an entry never has a version twice, not even after it was deleted. */
  readonly version: number;
}

export interface StateGuard extends Fenced {
  /** Done only if the entry has this version; 0: only if there is none. @throws CommandFailure `STATE_CONFLICT` */
  readonly version?: number | undefined;
}

export interface StateRange {
  /** Only keys that begin so. @default all */
  readonly prefix?: string | undefined;
  /** Only keys behind this one. @default from the first */
  readonly after?: string | undefined;
  /** From 1 to 1000. */
  readonly limit: number;
}

/** Entries by space and key. Writes of one space are in one order for all; an unguarded write wins over those before it. */
export interface StateStore {
  /** @param guard whoever writes under a lock reads with its fence too: then no write of an earlier holder is missed */
  get(space: string, key: string, guard?: Fenced): Promise<StateEntry | undefined>;
  /** @returns the version that the entry has now */
  set(space: string, key: string, value: string, guard?: StateGuard): Promise<number>;
  /** @returns whether there was one */
  delete(space: string, key: string, guard?: StateGuard): Promise<boolean>;
  /** By code points of the keys. May give fewer than the limit, since an answer is bounded; none when there are no more. On Restate it takes time for each key of the space. */
  list(space: string, range: StateRange): Promise<readonly StateEntry[]>;
}

export interface LockWish {
  /** Who it is, for people. Who has the lock already is no exception: it waits as any other. */
  readonly owner: string;
  /** So long the lock is held unless it is renewed, counted from the answer; from 1 to 86,400,000. Count from the request to be safe. */
  readonly leaseMs: number;
  /** How long to wait for whoever has it, up to 3,600,000. In which order those who wait are served is not promised. @default 0 */
  readonly waitMs?: number | undefined;
}

/**
 * Named locks, each held by at most one at a time by the store's time. A holder that stands still may outlive its lease without
 * knowing it: what the lock protects must be written with the fence. A lock that was ever acquired is kept, for its next token.
 */
export interface LockStore {
  /** @returns undefined when it was not free in the time to wait. Who no longer hears the answer holds the lock for the lease */
  acquire(lock: string, wish: LockWish): Promise<Fence | undefined>;
  /** The lease ends after so long from now. @throws CommandFailure `FENCE_STALE` */
  renew(fence: Fence, leaseMs: number): Promise<void>;
  /** Nothing when it is not held any more. */
  release(fence: Fence): Promise<void>;
  /** Who has it now; may be over when it is answered. */
  holder(lock: string): Promise<LockHolder | undefined>;
}

export interface LockHolder {
  readonly owner: string;
  readonly token: number;
}

export interface NewEntry {
  /** An entry with the id of one that the topic has is not added again. */
  readonly id: string;
  readonly value: string;
}

export interface TopicEntry extends NewEntry {
  /** From 0, without gaps. */
  readonly offset: number;
  /** When it was added, in milliseconds since the epoch; never less than that of the entry before. On Restate by the clock of a worker. */
  readonly at: number;
}

export interface TopicReading {
  /** From 1 to 1000. */
  readonly limit: number;
  /** How long to wait for the next entry when there is none, up to 3,600,000. @default 0 */
  readonly waitMs?: number | undefined;
}

/** What a topic has: entries from `first` on, the next of which will be `next`. */
export interface TopicSpan {
  readonly first: number;
  readonly next: number;
}

/** Logs of entries in one order for all who read them. */
export interface TopicStore {
  /** Adds all of them, in order, or none. @param entries up to 1000. @returns for each the offset that its id has */
  append(topic: string, entries: readonly NewEntry[], guard?: Fenced): Promise<readonly number[]>;
  /**
   * In order. May give fewer than the limit, since an answer is bounded; none when there are none in time.
   *
   * @throws CommandFailure `TOPIC_TRUNCATED` when that offset was removed
   */
  read(topic: string, from: number, reading: TopicReading): Promise<readonly TopicEntry[]>;
  span(topic: string): Promise<TopicSpan>;
  /** Where a group goes on; undefined when it never said. */
  committed(topic: string, group: string): Promise<number | undefined>;
  /** @param offset of the entry that the group reads next, which may be one that it had. @throws UsageError `STORE_INPUT_INVALID` behind the end */
  commit(topic: string, group: string, offset: number, guard?: Fenced): Promise<void>;
  /** Removes the entries before an offset, and their ids; groups are not asked. */
  truncate(topic: string, before: number): Promise<void>;
}

export interface Stores {
  readonly state: StateStore;
  readonly locks: LockStore;
  readonly topics: TopicStore;
}

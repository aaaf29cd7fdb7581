/** What the stores of the embedded engine need of a journal, whether it is a file or memory: rows, and changing them alone. */
import type { StateEntry, TopicEntry, TopicSpan } from '../../stores/Stores.js';

export interface LockRow {
  /** That of the last acquisition. */
  readonly token: number;
  /** Null after a release. */
  readonly owner: string | null;
  /** In milliseconds since the epoch. */
  readonly endsAt: number;
  readonly leaseMs: number;
}

export interface TopicRow extends TopicSpan {
  /** When the last entry was added. */
  readonly lastAt: number;
}

export interface StoreRows {
  lock(name: string): LockRow | undefined;
  putLock(name: string, row: LockRow): void;
  entry(space: string, key: string): StateEntry | undefined;
  /** The first by code points whose key is not below this. */
  entryFrom(space: string, key: string): StateEntry | undefined;
  /** @returns its version, greater than all before of the space */
  putEntry(space: string, key: string, value: string): number;
  removeEntry(space: string, key: string): void;
  topic(name: string): TopicRow | undefined;
  putTopic(name: string, row: TopicRow): void;
  topicEntry(topic: string, offset: number): TopicEntry | undefined;
  /** Nothing when the topic has its id. @param topic has a row @returns the offset that its id has */
  addTopicEntry(topic: string, entry: TopicEntry): number;
  removeTopicEntries(topic: string, before: number): void;
  group(topic: string, group: string): number | undefined;
  putGroup(topic: string, group: string, offset: number): void;
}

export interface StoreTables {
  /** What is committed. */
  look<T>(work: (rows: StoreRows) => T): T;
  /**
   * Changes rows with nobody between; resolves when that is on disk. The work may be done again when a commit failed. What it throws of ours
   * is thrown, but what it changed before stays: it refuses first.
   *
   * @throws TransientError `LEASE_LOST`, `JOURNAL_UNWRITTEN`
   */
  change<T>(work: (rows: StoreRows) => T): Promise<T>;
}

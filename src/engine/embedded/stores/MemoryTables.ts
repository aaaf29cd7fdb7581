/** The rows of the stores in memory, as those of a file are. */
import { byCodePoints } from '../../stores/byCodePoints.js';
import type { StateEntry, TopicEntry } from '../../stores/Stores.js';
import type { LockRow, StoreRows, StoreTables, TopicRow } from './StoreTables.js';

interface Space {
  version: number;
  readonly entries: Map<string, StateEntry>;
  /** In order; undefined after a key came or went. */
  keys: readonly string[] | undefined;
}

interface Topic {
  row: TopicRow;
  readonly entries: Map<number, TopicEntry>;
  readonly offsets: Map<string, number>;
}

export class MemoryTables implements StoreTables, StoreRows {
  private readonly locks = new Map<string, LockRow>();
  private readonly spaces = new Map<string, Space>();
  private readonly topics = new Map<string, Topic>();
  private readonly groups = new Map<string, number>();

  look<T>(work: (rows: StoreRows) => T): T {
    return work(this);
  }

  async change<T>(work: (rows: StoreRows) => T): Promise<T> {
    return work(this);
  }

  lock(name: string): LockRow | undefined {
    return this.locks.get(name);
  }

  putLock(name: string, row: LockRow): void {
    this.locks.set(name, row);
  }

  entry(space: string, key: string): StateEntry | undefined {
    return this.spaces.get(space)?.entries.get(key);
  }

  entryFrom(name: string, key: string): StateEntry | undefined {
    const space = this.spaces.get(name);
    if (!space) return undefined;
    space.keys ??= [...space.entries.keys()].toSorted(byCodePoints);
    const { keys } = space;
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (byCodePoints(keys[middle] ?? '', key) < 0) low = middle + 1;
      else high = middle;
    }
    return space.entries.get(keys[low] ?? '');
  }

  putEntry(name: string, key: string, value: string): number {
    const space = this.spaces.get(name) ?? { version: 0, entries: new Map(), keys: undefined };
    this.spaces.set(name, space);
    space.version += 1;
    if (!space.entries.has(key)) space.keys = undefined;
    space.entries.set(key, { key, value, version: space.version });
    return space.version;
  }

  removeEntry(name: string, key: string): void {
    const space = this.spaces.get(name);
    if (space?.entries.delete(key)) space.keys = undefined;
  }

  topic(name: string): TopicRow | undefined {
    return this.topics.get(name)?.row;
  }

  putTopic(name: string, row: TopicRow): void {
    const topic = this.topics.get(name);
    if (topic) topic.row = row;
    else this.topics.set(name, { row, entries: new Map(), offsets: new Map() });
  }

  topicEntry(name: string, offset: number): TopicEntry | undefined {
    return this.topics.get(name)?.entries.get(offset);
  }

  addTopicEntry(name: string, entry: TopicEntry): number {
    const topic = this.topics.get(name);
    const there = topic?.offsets.get(entry.id);
    if (there !== undefined) return there;
    topic?.offsets.set(entry.id, entry.offset);
    topic?.entries.set(entry.offset, entry);
    return entry.offset;
  }

  removeTopicEntries(name: string, before: number): void {
    const topic = this.topics.get(name);
    for (const { id, offset } of topic?.entries.values() ?? []) {
      if (offset >= before) return; // They are in order.
      topic?.entries.delete(offset);
      topic?.offsets.delete(id);
    }
  }

  group(topic: string, group: string): number | undefined {
    return this.groups.get(JSON.stringify([topic, group]));
  }

  putGroup(topic: string, group: string, offset: number): void {
    this.groups.set(JSON.stringify([topic, group]), offset);
  }
}

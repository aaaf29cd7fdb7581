/** The rows of the stores in the file of a journal. Does not own: the transaction. */
import { SixfoldError } from '../../../kernel/errors.js';
import type { StateEntry, TopicEntry } from '../../stores/Stores.js';
import type { Statements } from '../sqlite/Statements.js';
import type { LockRow, StoreRows, StoreTables, TopicRow } from './StoreTables.js';

const TOPIC_OF = 'topic = (SELECT id FROM topic WHERE name = ?1)';
const READ = {
  lock: 'SELECT token, owner, ends_at AS endsAt, lease_ms AS leaseMs FROM lock WHERE name = ?',
  entry: 'SELECT key, value, version FROM state_entry WHERE space = ? AND key = ?',
  entryFrom: 'SELECT key, value, version FROM state_entry WHERE space = ? AND key >= ? ORDER BY key LIMIT 1',
  topic: 'SELECT first, next, last_at AS lastAt FROM topic WHERE name = ?',
  topicEntry: `SELECT entry AS offset, uid AS id, at, value FROM topic_entry WHERE ${TOPIC_OF} AND entry = ?2`,
  offsetOf: `SELECT entry FROM topic_entry WHERE ${TOPIC_OF} AND uid = ?2`,
  group: `SELECT next FROM topic_group WHERE ${TOPIC_OF} AND name = ?2`,
} as const;
const WRITE = {
  lock: 'INSERT OR REPLACE INTO lock (name, token, owner, ends_at, lease_ms) VALUES (?, ?, ?, ?, ?)',
  version: 'INSERT INTO state_space (name, version) VALUES (?, 1) ON CONFLICT DO UPDATE SET version = version + 1 RETURNING version',
  entry: `INSERT INTO state_entry (space, key, value, version) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET value = excluded.value, version = excluded.version`,
  removeEntry: 'DELETE FROM state_entry WHERE space = ? AND key = ?',
  topic: `INSERT INTO topic (name, first, next, last_at) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET first = excluded.first, next = excluded.next, last_at = excluded.last_at`,
  topicEntry: `INSERT INTO topic_entry (topic, entry, uid, at, value) SELECT id, ?, ?, ?, ? FROM topic WHERE name = ?
    ON CONFLICT (topic, uid) DO NOTHING`,
  removeTopicEntries: `DELETE FROM topic_entry WHERE ${TOPIC_OF} AND entry < ?2`,
  group: 'INSERT OR REPLACE INTO topic_group (topic, name, next) SELECT id, ?, ? FROM topic WHERE name = ?',
} as const;

/** Does something inside a transaction, after all that was added before. */
type Exclusively = <T>(work: () => T) => Promise<T>;

export class SqliteTables implements StoreTables, StoreRows {
  constructor(
    private readonly statements: Statements,
    private readonly exclusively: Exclusively,
  ) {}

  look<T>(work: (rows: StoreRows) => T): T {
    return work(this);
  }

  async change<T>(work: (rows: StoreRows) => T): Promise<T> {
    // A refusal is no failure of the commit, which others share.
    const answer = await this.exclusively(() => {
      try {
        return { value: work(this) };
      } catch (refusal) {
        if (refusal instanceof SixfoldError) return { refusal };
        throw refusal;
      }
    });
    if ('refusal' in answer) throw answer.refusal;
    return answer.value;
  }

  lock(name: string): LockRow | undefined {
    return this.statements.get(READ.lock, name) as LockRow | undefined;
  }

  putLock(name: string, { token, owner, endsAt, leaseMs }: LockRow): void {
    this.statements.run(WRITE.lock, name, token, owner, endsAt, leaseMs);
  }

  entry(space: string, key: string): StateEntry | undefined {
    return this.statements.get(READ.entry, space, key) as StateEntry | undefined;
  }

  entryFrom(space: string, key: string): StateEntry | undefined {
    return this.statements.get(READ.entryFrom, space, key) as StateEntry | undefined;
  }

  putEntry(space: string, key: string, value: string): number {
    const version = Number(this.statements.get(WRITE.version, space)?.version);
    this.statements.run(WRITE.entry, space, key, value, version);
    return version;
  }

  removeEntry(space: string, key: string): void {
    this.statements.run(WRITE.removeEntry, space, key);
  }

  topic(name: string): TopicRow | undefined {
    return this.statements.get(READ.topic, name) as TopicRow | undefined;
  }

  putTopic(name: string, { first, next, lastAt }: TopicRow): void {
    this.statements.run(WRITE.topic, name, first, next, lastAt);
  }

  topicEntry(topic: string, offset: number): TopicEntry | undefined {
    return this.statements.get(READ.topicEntry, topic, offset) as TopicEntry | undefined;
  }

  addTopicEntry(topic: string, { offset, id, at, value }: TopicEntry): number {
    if (this.statements.run(WRITE.topicEntry, offset, id, at, value, topic) > 0) return offset;
    return Number(this.statements.get(READ.offsetOf, topic, id)?.entry);
  }

  removeTopicEntries(topic: string, before: number): void {
    this.statements.run(WRITE.removeTopicEntries, topic, before);
  }

  group(topic: string, group: string): number | undefined {
    return this.statements.get(READ.group, topic, group)?.next as number | undefined;
  }

  putGroup(topic: string, group: string, offset: number): void {
    this.statements.run(WRITE.group, group, offset, topic);
  }
}

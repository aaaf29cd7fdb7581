import type { Clock } from '../../../kernel/Clock.js';
import { Answer } from '../../stores/Answer.js';
import { behindTheEnd, truncated } from '../../stores/refusals.js';
import type { Fenced, NewEntry, TopicEntry, TopicReading, TopicSpan, TopicStore } from '../../stores/Stores.js';
import { refuseStale } from './LocalLocks.js';
import type { News } from './News.js';
import type { StoreRows, StoreTables, TopicRow } from './StoreTables.js';

interface TopicsParts {
  readonly tables: StoreTables;
  readonly clock: Clock;
  readonly news: News;
  readonly refuseClosed: () => void;
}

const NONE: TopicRow = { first: 0, next: 0, lastAt: 0 };

export class LocalTopics implements TopicStore {
  constructor(private readonly parts: TopicsParts) {}

  async append(topic: string, entries: readonly NewEntry[], { fence }: Fenced = {}): Promise<readonly number[]> {
    const { tables, clock, news } = this.parts;
    const offsets = await tables.change((rows) => {
      refuseStale(rows, fence, clock.now());
      return add(rows, topic, entries, clock.now());
    });
    news.tell();
    return offsets;
  }

  async read(topic: string, from: number, { limit, waitMs = 0 }: TopicReading): Promise<readonly TopicEntry[]> {
    const { tables, clock, news, refuseClosed } = this.parts;
    const until = clock.now() + waitMs;
    for (;;) {
      refuseClosed();
      const entries = tables.look((rows) => entriesFrom(rows, topic, from, limit));
      const leftMs = until - clock.now();
      if (entries.length > 0 || leftMs <= 0) return entries;
      await news.wait(leftMs);
    }
  }

  async span(topic: string): Promise<TopicSpan> {
    const { first, next } = this.parts.tables.look((rows) => rows.topic(topic)) ?? NONE;
    return { first, next };
  }

  async committed(topic: string, group: string): Promise<number | undefined> {
    return this.parts.tables.look((rows) => rows.group(topic, group));
  }

  commit(topic: string, group: string, offset: number, { fence }: Fenced = {}): Promise<void> {
    const { tables, clock } = this.parts;
    return tables.change((rows) => {
      refuseStale(rows, fence, clock.now());
      const row = rows.topic(topic) ?? NONE;
      if (offset > row.next) throw behindTheEnd(topic, offset, row.next);
      rows.putTopic(topic, row); // A group may be there before the first entry.
      rows.putGroup(topic, group, offset);
    });
  }

  truncate(topic: string, before: number): Promise<void> {
    return this.parts.tables.change((rows) => {
      const row = rows.topic(topic) ?? NONE;
      const first = Math.min(before, row.next);
      if (first <= row.first) return;
      rows.putTopic(topic, { ...row, first });
      rows.removeTopicEntries(topic, first);
    });
  }
}

function add(rows: StoreRows, topic: string, entries: readonly NewEntry[], now: number): readonly number[] {
  const row = rows.topic(topic) ?? NONE;
  const at = Math.max(now, row.lastAt);
  rows.putTopic(topic, row);
  let { next } = row;
  const offsets = entries.map(({ id, value }) => {
    const offset = rows.addTopicEntry(topic, { offset: next, id, at, value });
    if (offset === next) next += 1;
    return offset;
  });
  if (next > row.next) rows.putTopic(topic, { ...row, next, lastAt: at });
  return offsets;
}

function entriesFrom(rows: StoreRows, topic: string, from: number, limit: number): readonly TopicEntry[] {
  const { first } = rows.topic(topic) ?? NONE;
  if (from < first) throw truncated(topic, from, first);
  const answer = new Answer<TopicEntry>(limit);
  for (let offset = from; ; offset += 1) {
    const entry = rows.topicEntry(topic, offset);
    if (!entry || !answer.add(entry)) return answer.entries;
  }
}

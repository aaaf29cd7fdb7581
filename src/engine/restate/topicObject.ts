/**
 * A topic as a virtual object, whose entries are kept by pages.
 *
 * Invariants: what a handler writes is seen as it is written, so the head, which says what there is, is written last when entries are added
 * and first when they are removed. An id whose offset is before the first entry counts as none.
 */
import type { ObjectContext, ObjectSharedContext } from '@restatedev/restate-sdk';
import { Answer } from '../stores/Answer.js';
import type { Fence, NewEntry, TopicEntry, TopicSpan } from '../stores/Stores.js';
import { JSON_INPUT } from './jsonInput.js';
import type { RestateSdk } from './sdk.js';
import { callObject, isStale, OBJECT_OPTIONS, PRIVATE, type Refused, STALE, TOPIC } from './storeObjects.js';

interface Head extends TopicSpan {
  /** When the last entry was added. */
  readonly lastAt: number;
  /** The first page that may still be there. */
  readonly page: number;
}

const NEW: Head = { first: 0, next: 0, lastAt: 0, page: 0 };
const PAGE_ENTRIES = 16;
/** So many pages are removed in one go. */
const TIDIED_MAX = 16;

const pageOf = (offset: number): number => Math.floor(offset / PAGE_ENTRIES);
const pageKey = (page: number): string => `page:${page}`;
const idKey = (id: string): string => `id:${id}`;
const groupKey = (group: string): string => `group:${group}`;

export function topicObject(sdk: RestateSdk) {
  const { object } = sdk.handlers;
  return sdk.object({
    name: TOPIC,
    handlers: {
      append: async (ctx: ObjectContext, { entries, fence }: { readonly entries: readonly NewEntry[]; readonly fence?: Fence }) =>
        (await isStale(ctx, fence)) ? STALE : append(ctx, entries),
      read: object.shared({}, (ctx: ObjectSharedContext, { from, limit }: { readonly from: number; readonly limit: number }) =>
        read(ctx, from, limit),
      ),
      /** Ends when there may be an entry at that offset, or after so long. */
      news: object.shared({}, async (ctx: ObjectSharedContext, { from, waitMs }: { readonly from: number; readonly waitMs: number }) => {
        const { id, promise } = ctx.awakeable();
        const self = { service: TOPIC, key: ctx.key };
        if (await callObject<boolean>(ctx, { ...self, method: 'listen', parameter: { id, from } })) return;
        const told = await sdk.RestatePromise.race([promise.map(() => true), ctx.sleep(waitMs).map(() => false)]);
        if (!told) await callObject(ctx, { ...self, method: 'unlisten', parameter: { id } });
      }),
      listen: object.exclusive(PRIVATE, async (ctx: ObjectContext, { id, from }: { readonly id: string; readonly from: number }) => {
        const { first, next } = await headOf(ctx);
        if (from < first || from < next) return true;
        ctx.set('listeners', [...(await listenersOf(ctx)), id]);
        return false;
      }),
      unlisten: object.exclusive(PRIVATE, async (ctx: ObjectContext, { id }: { readonly id: string }) => {
        ctx.set(
          'listeners',
          (await listenersOf(ctx)).filter((one) => one !== id),
        );
        return true;
      }),
      span: object.shared({}, async (ctx: ObjectSharedContext): Promise<TopicSpan> => {
        const { first, next } = await headOf(ctx);
        return { first, next };
      }),
      committed: object.shared({}, (ctx: ObjectSharedContext, { group }: { readonly group: string }) => ctx.get<number>(groupKey(group))),
      commit: async (ctx: ObjectContext, { group, offset, fence }: Commit): Promise<boolean | Refused> => {
        if (await isStale(ctx, fence)) return STALE;
        const { next } = await headOf(ctx);
        if (offset > next) return { refused: 'next', found: next };
        ctx.set(groupKey(group), offset);
        return true;
      },
      truncate: async (ctx: ObjectContext, { before }: { readonly before: number }): Promise<void> => {
        const head = await headOf(ctx);
        const first = Math.min(before, head.next);
        if (first > head.first) await tidy(ctx, { ...head, first });
      },
      tidy: object.exclusive(PRIVATE, async (ctx: ObjectContext) => tidy(ctx, await headOf(ctx))),
    },
    options: OBJECT_OPTIONS,
  });
}

interface Commit {
  readonly group: string;
  readonly offset: number;
  readonly fence?: Fence;
}

async function append(ctx: ObjectContext, entries: readonly NewEntry[]): Promise<readonly number[]> {
  const head = await headOf(ctx);
  const offsets = new Map<string, number>();
  // All are asked for before the first is awaited, so that they come together.
  const asked = [...new Set(entries.map(({ id }) => id))].map((id) => ({ id, known: ctx.get<number>(idKey(id)) }));
  for (const { id, known } of asked) {
    const there = await known;
    if (there !== null && there >= head.first) offsets.set(id, there);
  }
  const at = Math.max(await ctx.date.now(), head.lastAt);
  const added: TopicEntry[] = [];
  for (const { id, value } of entries) {
    if (offsets.has(id)) continue;
    const offset = head.next + added.length;
    offsets.set(id, offset);
    added.push({ offset, id, at, value });
  }
  if (added.length > 0) {
    await write(ctx, head.next, added);
    ctx.set<Head>('head', { ...head, next: head.next + added.length, lastAt: at });
    for (const id of await listenersOf(ctx)) ctx.resolveAwakeable(id);
    ctx.clear('listeners');
  }
  return entries.map(({ id }) => offsets.get(id) ?? 0);
}

async function write(ctx: ObjectContext, next: number, added: readonly TopicEntry[]): Promise<void> {
  const begun = next % PAGE_ENTRIES === 0 ? null : await ctx.get<readonly TopicEntry[]>(pageKey(pageOf(next)));
  const all = [...(begun ?? []).filter(({ offset }) => offset < next), ...added];
  for (const [page, entries] of Map.groupBy(all, ({ offset }) => pageOf(offset))) ctx.set(pageKey(page), entries);
  for (const { id, offset } of added) ctx.set(idKey(id), offset);
}

async function read(ctx: ObjectSharedContext, from: number, limit: number): Promise<readonly TopicEntry[] | Refused> {
  const { first, next } = await headOf(ctx);
  if (from < first) return { refused: 'first', found: first };
  const answer = new Answer<TopicEntry>(limit);
  for (let page = pageOf(from); page * PAGE_ENTRIES < next && !answer.full; page += 1) {
    const entries = await ctx.get<readonly TopicEntry[]>(pageKey(page));
    if (!entries) return { refused: 'first', found: (await headOf(ctx)).first }; // Removed since.
    for (const entry of entries) if (entry.offset >= from && entry.offset < next && !answer.add(entry)) return answer.entries;
  }
  return answer.entries;
}

/** Removes what is before the first entry, by whole pages, and goes on later where that is much. */
async function tidy(ctx: ObjectContext, head: Head): Promise<void> {
  const end = Math.min(pageOf(head.first), head.page + TIDIED_MAX);
  ctx.set<Head>('head', { ...head, page: end });
  for (let page = head.page; page < end; page += 1) {
    for (const { id } of (await ctx.get<readonly TopicEntry[]>(pageKey(page))) ?? []) {
      const offset = await ctx.get<number>(idKey(id));
      if (offset !== null && offset < head.first) ctx.clear(idKey(id)); // Else it was added again.
    }
    ctx.clear(pageKey(page));
  }
  if (end < pageOf(head.first)) ctx.genericSend({ service: TOPIC, key: ctx.key, method: 'tidy', parameter: {}, ...JSON_INPUT });
}

async function listenersOf(ctx: ObjectContext): Promise<readonly string[]> {
  return (await ctx.get<readonly string[]>('listeners')) ?? [];
}

async function headOf(ctx: ObjectSharedContext): Promise<Head> {
  return (await ctx.get<Head>('head')) ?? NEW;
}

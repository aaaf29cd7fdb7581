/** What state, locks and topics promise, whatever engine has them. A new engine is added to ENGINES and passes the same suite. */
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import type { Engine } from '../../src/engine/Engine.js';
import { restateEngine } from '../../src/engine/restate/RestateEngine.js';
import type { Fence, Stores, TopicEntry } from '../../src/engine/stores/Stores.js';
import { journalFolder, openEngine, setupOf } from '../support/engineHarness.js';
import { JournalProcess } from '../support/JournalProcess.js';
import { ManualClock } from '../support/ManualClock.js';
import { bundleOf } from '../support/processBundle.js';
import { hasRestate, type RestateServers, restateServers } from '../support/restate/engines.js';

jest.setTimeout(60_000);

const folder = journalFolder();
const probe = bundleOf('storesProbe.ts');
const restate = restateServers(folder);
const replayed = restateServers(folder, { forceReplay: true });
const nothing = async (): Promise<undefined> => undefined;
let files = 0;

interface Opened {
  readonly engine: Engine;
  /** Ends what keeps the data as if it were killed, and starts it anew. Undefined where it ends with the process. */
  readonly restart?: () => Promise<Engine>;
}

const openRestate = (servers: RestateServers) => async (): Promise<Opened> => {
  const start = async (): Promise<Engine> => {
    const engine = await servers.engine();
    await engine.open(setupOf(nothing));
    await engine.adopt();
    return engine;
  };
  const engine = await start();
  return {
    engine,
    restart: async () => {
      await engine.close();
      await (await servers.server()).restart();
      return start();
    },
  };
};

const ENGINES: Readonly<Record<string, () => Promise<Opened>>> = {
  'embedded, in memory': async () => ({ engine: await openEngine(':memory:', nothing) }),
  'embedded, in a file': async () => {
    const file = join(folder, `${files++}.db`);
    const engine = await openEngine(file, nothing);
    return {
      engine,
      restart: async () => {
        await engine.close();
        return openEngine(file, nothing);
      },
    };
  },
  ...(hasRestate() && { restate: openRestate(restate), 'restate, replayed at every await': openRestate(replayed) }),
};

/** Passes requests on, and cuts the first one with an idempotency key off after the server has done it, before its reply. */
async function forgetfulProxy(target: string): Promise<AsyncDisposable & { readonly url: string; readonly cut: () => number }> {
  let cut = 0;
  const pass = async (asked: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const body = asked.method === 'POST' ? await buffer(asked) : null;
    const headers = Object.entries(asked.headers).filter(([header]) => header === 'content-type' || header === 'idempotency-key');
    const answer = await fetch(target + asked.url, { method: asked.method ?? 'GET', headers: headers as [string, string][], body });
    const text = await answer.text();
    if (cut === 0 && asked.headers['idempotency-key'] !== undefined) {
      cut += 1;
      asked.socket.destroy();
    } else reply.writeHead(answer.status).end(text);
  };
  const server = createServer((asked, reply) => void pass(asked, reply));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: () => cut,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const refusedWith = (code: string, details: object = {}) => expect.objectContaining({ code, details: expect.objectContaining(details) });

let names = 0;
/** The members of a suite share their server. */
function unique(word: string): string {
  names += 1;
  return `${word}/${names} ü&?`;
}

function valuesOf(entries: readonly TopicEntry[]): readonly string[] {
  return entries.map(({ value }) => value);
}

describe.each(Object.entries(ENGINES))('%s', (name, open) => {
  let opened: Opened;
  let stores: Stores;
  let present: Engine;

  beforeAll(async () => {
    opened = await open();
    present = opened.engine;
    stores = present.stores;
  });
  afterAll(() => present.close());

  async function acquired(lock: string, { leaseMs = 30_000, waitMs = 0, owner = 'ada' } = {}): Promise<Fence> {
    const fence = await stores.locks.acquire(lock, { owner, leaseMs, waitMs });
    if (!fence) throw new Error(`${lock} is held`);
    return fence;
  }

  describe('a lock', () => {
    it('is held by who acquired it, until it is released', async () => {
      const lock = unique('lock');
      expect(await stores.locks.holder(lock)).toBeUndefined();
      const fence = await acquired(lock);
      expect(await stores.locks.holder(lock)).toEqual({ owner: 'ada', token: fence.token });
      expect(await stores.locks.acquire(lock, { owner: 'bob', leaseMs: 1000 })).toBeUndefined();
      expect(await stores.locks.acquire(lock, { owner: 'ada', leaseMs: 1000 })).toBeUndefined();
      await stores.locks.release(fence);
      await stores.locks.release(fence);
      expect(await stores.locks.holder(lock)).toBeUndefined();
      expect((await acquired(lock, { owner: 'bob' })).token).toBeGreaterThan(fence.token);
    });

    it('is waited for as long as was said, and given when it is released', async () => {
      const lock = unique('lock');
      const fence = await acquired(lock);
      const before = performance.now();
      expect(await stores.locks.acquire(lock, { owner: 'bob', leaseMs: 1000, waitMs: 200 })).toBeUndefined();
      expect(performance.now() - before).toBeGreaterThan(190);
      const waiting = acquired(lock, { owner: 'bob', waitMs: 30_000 });
      await wait(100);
      await stores.locks.release(fence);
      expect((await waiting).token).toBeGreaterThan(fence.token);
      expect(await stores.locks.holder(lock)).toMatchObject({ owner: 'bob' });
    });

    it('is held by one of twenty at a time, whose counting under it loses nothing, and whose tokens grow', async () => {
      const [lock, space] = [unique('lock'), unique('space')];
      const tokens: number[] = [];
      let inside = 0;
      const contender = async (_: unknown, number: number): Promise<void> => {
        const fence = await acquired(lock, { owner: `c${number}`, waitMs: 50_000 });
        inside += 1;
        expect(inside).toBe(1);
        tokens.push(fence.token);
        const before = await stores.state.get(space, 'count', { fence });
        await stores.state.set(space, 'count', String(Number(before?.value ?? 0) + 1), { fence });
        inside -= 1;
        await stores.locks.release(fence);
      };
      await Promise.all(Array.from({ length: 20 }, contender));
      expect(await stores.state.get(space, 'count')).toMatchObject({ value: '20' });
      expect(tokens).toHaveLength(20);
      expect(tokens.every((token, index) => index === 0 || token > (tokens[index - 1] ?? 0))).toBe(true);
    });

    it('goes to the next when a lease is over; the old token is refused wherever it is presented, and takes nothing away', async () => {
      const [lock, space, topic] = [unique('lock'), unique('space'), unique('topic')];
      const stalled = await acquired(lock, { leaseMs: 300 });
      await stores.state.set(space, 'key', 'first', { fence: stalled });
      const next = await acquired(lock, { owner: 'bob', waitMs: 30_000 });
      expect(next.token).toBeGreaterThan(stalled.token);
      const stale = refusedWith('FENCE_STALE', { lock, token: stalled.token });
      await expect(stores.state.set(space, 'key', 'late', { fence: stalled })).rejects.toEqual(stale);
      await expect(stores.state.delete(space, 'key', { fence: stalled })).rejects.toEqual(stale);
      await expect(stores.state.get(space, 'key', { fence: stalled })).rejects.toEqual(stale);
      await expect(stores.topics.append(topic, [{ id: 'late', value: 'late' }], { fence: stalled })).rejects.toEqual(stale);
      await expect(stores.topics.commit(topic, 'group', 0, { fence: stalled })).rejects.toEqual(stale);
      await expect(stores.locks.renew(stalled, 1000)).rejects.toEqual(stale);
      await stores.locks.release(stalled);
      expect(await stores.locks.holder(lock)).toEqual({ owner: 'bob', token: next.token });
      expect(await stores.state.get(space, 'key', { fence: next })).toMatchObject({ value: 'first' });
      expect(await stores.topics.span(topic)).toEqual({ first: 0, next: 0 });
      await stores.topics.append(topic, [{ id: 'timely', value: 'timely' }], { fence: next });
      await stores.topics.commit(topic, 'group', 1, { fence: next });
      expect(await stores.topics.committed(topic, 'group')).toBe(1);
    });

    it('is nobody’s after its lease, even if nobody else wants it; a token that was never given counts no more than that', async () => {
      const [lock, space] = [unique('lock'), unique('space')];
      const fence = await acquired(lock, { leaseMs: 100 });
      for (let asked = 0; (await stores.locks.holder(lock)) && asked < 200; asked += 1) await wait(50);
      expect(await stores.locks.holder(lock)).toBeUndefined();
      for (const token of [fence.token, fence.token + 1]) {
        await expect(stores.state.set(space, 'key', 'late', { fence: { lock, token } })).rejects.toEqual(refusedWith('FENCE_STALE'));
      }
      expect(await stores.state.get(space, 'key')).toBeUndefined();
    });

    it('is held longer when it is renewed', async () => {
      const lock = unique('lock');
      const fence = await acquired(lock, { leaseMs: 1500 });
      await stores.locks.renew(fence, 60_000);
      await wait(1800);
      expect(await stores.locks.holder(lock)).toEqual({ owner: 'ada', token: fence.token });
      await stores.locks.renew(fence, 100); // Also shorter.
      expect(await acquired(lock, { owner: 'bob', waitMs: 30_000 })).toMatchObject({ lock });
    });
  });

  describe('state', () => {
    it('has what was set last, in its space, until it is deleted', async () => {
      const [space, other] = [unique('space'), unique('space')];
      const { state } = stores;
      expect(await state.get(space, 'key')).toBeUndefined();
      const first = await state.set(space, 'key', '{"n":1}');
      const second = await state.set(space, 'key', '"ü \\u0000 😀"');
      expect(second).toBeGreaterThan(first);
      expect(await state.get(space, 'key')).toEqual({ key: 'key', value: '"ü \\u0000 😀"', version: second });
      expect(await state.get(other, 'key')).toBeUndefined();
      expect([await state.delete(space, 'key'), await state.delete(space, 'key')]).toEqual([true, false]);
      expect(await state.get(space, 'key')).toBeUndefined();
    });

    it('is changed only in the version that was read, and an entry never has a version twice', async () => {
      const space = unique('space');
      const { state } = stores;
      const first = await state.set(space, 'key', '1', { version: 0 });
      const conflict = refusedWith('STATE_CONFLICT', { space, key: 'key', expected: 0, found: first });
      await expect(state.set(space, 'key', 'x', { version: 0 })).rejects.toEqual(conflict);
      const second = await state.set(space, 'key', '2', { version: first });
      await expect(state.delete(space, 'key', { version: first })).rejects.toEqual(refusedWith('STATE_CONFLICT', { found: second }));
      expect(await state.delete(space, 'key', { version: second })).toBe(true);
      const again = await state.set(space, 'key', '3', { version: 0 });
      expect(again).toBeGreaterThan(second);
      await expect(state.set(space, 'key', 'x', { version: first })).rejects.toEqual(refusedWith('STATE_CONFLICT', { found: again }));
      await expect(state.delete(space, 'none', { version: 7 })).rejects.toEqual(refusedWith('STATE_CONFLICT', { found: 0 }));
      expect(await state.get(space, 'key')).toMatchObject({ value: '3' });
    });

    it('loses nothing to those who change it at once and try again', async () => {
      const space = unique('space');
      let refusals = 0;
      const counted = async (): Promise<void> => {
        for (;;) {
          const entry = await stores.state.get(space, 'n');
          try {
            await stores.state.set(space, 'n', String(Number(entry?.value ?? 0) + 1), { version: entry?.version ?? 0 });
            return;
          } catch (error) {
            expect(error).toEqual(refusedWith('STATE_CONFLICT'));
            refusals += 1;
          }
        }
      };
      await Promise.all(Array.from({ length: 8 }, counted));
      expect(await stores.state.get(space, 'n')).toMatchObject({ value: '8' });
      expect(refusals).toBeGreaterThan(0);
    });

    it('is listed by prefix, in the order of code points, page by page', async () => {
      const space = unique('space');
      const keys = ['a', 'a/1', 'a/10', 'a/2', 'a/\u{ff5e}', 'a/\u{1f600}', 'b'];
      for (const key of keys.toReversed()) await stores.state.set(space, key, key);
      const list = async (prefix: string | undefined, limit: number, after?: string): Promise<readonly string[]> =>
        (await stores.state.list(space, { prefix, limit, after })).map(({ key }) => key);
      expect(await list(undefined, 9)).toEqual(keys);
      expect(await list('a/', 9)).toEqual(keys.slice(1, 6));
      expect(await list('a/', 2)).toEqual(['a/1', 'a/10']);
      expect(await list('a/', 2, 'a/10')).toEqual(['a/2', 'a/\u{ff5e}']);
      expect(await list('a/', 9, 'a')).toEqual(keys.slice(1, 6));
      expect(await list('a/', 9, 'b')).toEqual([]);
      expect(await list('c', 9)).toEqual([]);
      await stores.state.delete(space, 'a/10');
      expect(await list('a/1', 9)).toEqual(['a/1']);
    });

    it('gives no more in one answer than it says, and all of it page by page', async () => {
      const space = unique('space');
      const keys = Array.from({ length: 7 }, (_, index) => `k${index}`);
      for (const key of keys) await stores.state.set(space, key, key.padEnd(200_000, '.'));
      const found: string[] = [];
      for (let pages = 0; pages < 9; pages += 1) {
        const page = await stores.state.list(space, { limit: 1000, after: found.at(-1) });
        expect(page.length).toBeLessThan(6);
        found.push(...page.map(({ key }) => key));
      }
      expect(found).toEqual(keys);
    });
  });

  describe('a topic', () => {
    const entry = (id: string, value = id) => ({ id, value });

    it('has its entries in the order they came, each id once', async () => {
      const topic = unique('topic');
      const { topics } = stores;
      expect(await topics.read(topic, 0, { limit: 9 })).toEqual([]);
      expect(await topics.append(topic, [entry('a'), entry('b'), entry('a', 'again')])).toEqual([0, 1, 0]);
      expect(await topics.append(topic, [entry('b', 'again'), entry('c')])).toEqual([1, 2]);
      const entries = await topics.read(topic, 0, { limit: 9 });
      expect(entries.map(({ offset, id, value }) => [offset, id, value])).toEqual([
        [0, 'a', 'a'],
        [1, 'b', 'b'],
        [2, 'c', 'c'],
      ]);
      expect(Math.abs((entries[0]?.at ?? 0) - Date.now())).toBeLessThan(60_000);
      expect(valuesOf(await topics.read(topic, 1, { limit: 1 }))).toEqual(['b']);
      expect(await topics.span(topic)).toEqual({ first: 0, next: 3 });
    });

    it('has all of what many add at once, the entries of one append together, and nothing of it twice', async () => {
      const topic = unique('topic');
      const batches = Array.from({ length: 8 }, (_, batch) => Array.from({ length: 5 }, (__, n) => entry(`${batch}.${n}`)));
      await Promise.all([...batches, ...batches].map((batch) => stores.topics.append(topic, batch)));
      const values = valuesOf(await stores.topics.read(topic, 0, { limit: 1000 }));
      expect(values).toHaveLength(40);
      const inRows = Array.from({ length: 8 }, (_, row) => values.slice(5 * row, 5 * row + 5).join());
      expect(new Set(inRows)).toEqual(new Set(batches.map((batch) => batch.map(({ value }) => value).join())));
    });

    it('tells who waits for the next entry as it comes, and who waits in vain that there is none', async () => {
      const topic = unique('topic');
      await stores.topics.append(topic, [entry('first')]);
      const reads = [1, 1, 0].map((from) => stores.topics.read(topic, from, { limit: 9, waitMs: 30_000 }));
      expect(valuesOf((await reads[2]) ?? [])).toEqual(['first']);
      await wait(100);
      await stores.topics.append(topic, [entry('news')]);
      const added = performance.now();
      expect((await Promise.all(reads.slice(0, 2))).map(valuesOf)).toEqual([['news'], ['news']]);
      expect(performance.now() - added).toBeLessThan(4000); // Before anybody would look of himself.
      const before = performance.now();
      expect(await stores.topics.read(topic, 2, { limit: 9, waitMs: 200 })).toEqual([]);
      expect(performance.now() - before).toBeGreaterThan(190);
    });

    it('keeps where each group goes on, also backwards, and not behind its end', async () => {
      const topic = unique('topic');
      const { topics } = stores;
      expect(await topics.committed(topic, 'one')).toBeUndefined();
      await topics.commit(topic, 'early', 0);
      await topics.append(topic, [entry('a'), entry('b')]);
      await topics.commit(topic, 'one', 2);
      await topics.commit(topic, 'two', 1);
      await topics.commit(topic, 'one', 1);
      expect(await Promise.all(['early', 'one', 'two', 'three'].map((group) => topics.committed(topic, group)))).toEqual([
        0,
        1,
        1,
        undefined,
      ]);
      await expect(topics.commit(topic, 'one', 3)).rejects.toEqual(refusedWith('STORE_INPUT_INVALID', { topic, offset: 3, next: 2 }));
      expect(await topics.committed(unique('topic'), 'one')).toBeUndefined();
    });

    it('forgets entries and their ids before an offset, and says so to who reads them', async () => {
      const topic = unique('topic');
      const { topics } = stores;
      const ids = Array.from({ length: 40 }, (_, n) => `e${n}`);
      await topics.append(
        topic,
        ids.map((id) => entry(id)),
      );
      await topics.truncate(topic, 35);
      await topics.truncate(topic, 3);
      expect(await topics.span(topic)).toEqual({ first: 35, next: 40 });
      await expect(topics.read(topic, 34, { limit: 9 })).rejects.toEqual(refusedWith('TOPIC_TRUNCATED', { topic, from: 34, first: 35 }));
      expect(valuesOf(await topics.read(topic, 35, { limit: 9 }))).toEqual(ids.slice(35));
      expect(await topics.append(topic, [entry('e0'), entry('e34'), entry('e35')])).toEqual([40, 41, 35]);
      await topics.truncate(topic, 1_000_000);
      expect(await topics.span(topic)).toEqual({ first: 42, next: 42 });
      expect(await topics.append(topic, [entry('e39')])).toEqual([42]);
      expect(valuesOf(await topics.read(topic, 42, { limit: 9 }))).toEqual(['e39']);
    });

    it('gives no more in one answer than it says, and all of it page by page', async () => {
      const topic = unique('topic');
      const ids = Array.from({ length: 7 }, (_, n) => `e${n}`);
      for (const id of ids) await stores.topics.append(topic, [entry(id, id.padEnd(200_000, '.'))]);
      const found: string[] = [];
      for (let pages = 0; pages < 9; pages += 1) {
        const page = await stores.topics.read(topic, found.length, { limit: 1000 });
        expect(page.length).toBeLessThan(6);
        found.push(...page.map(({ id }) => id));
      }
      expect(found).toEqual(ids);
    });
  });

  it('refuses what is outside of the bounds, and does nothing then', async () => {
    const { state, locks, topics } = stores;
    const topic = unique('topic');
    const wish = { owner: 'ada', leaseMs: 1000 };
    const refused: readonly Promise<unknown>[] = [
      state.get('', 'key'),
      state.get('space', 'k'.repeat(257)),
      state.get('space', 'line\nbreak'),
      state.get('space', '\ud800'),
      state.get('..', 'key'),
      state.set('space', 'key', 'v'.repeat(262_145)),
      state.set('space', 'key', 'v', { version: -1 }),
      state.set('space', 'key', 'v', { fence: { lock: 'lock', token: 0 } }),
      state.list('space', { limit: 0 }),
      state.list('space', { limit: 1001 }),
      locks.acquire('lock', { ...wish, leaseMs: 0.5 }),
      locks.acquire('lock', { ...wish, leaseMs: 86_400_001 }),
      locks.acquire('lock', { ...wish, waitMs: Number.NaN }),
      topics.append(topic, []),
      topics.append(
        topic,
        Array.from({ length: 1001 }, (_, n) => ({ id: `${n}`, value: '' })),
      ),
      topics.append(
        topic,
        Array.from({ length: 5 }, (_, n) => ({ id: `${n}`, value: 'v'.repeat(250_000) })),
      ),
      topics.append(topic, [
        { id: 'fine', value: '' },
        { id: '', value: '' },
      ]),
      topics.read(topic, -1, { limit: 1 }),
    ];
    for (const one of await Promise.allSettled(refused)) {
      expect(one).toMatchObject({ status: 'rejected', reason: refusedWith('STORE_INPUT_INVALID') });
    }
    expect(await topics.span(topic)).toEqual({ first: 0, next: 0 });
  });

  // Memory ends with its process.
  const itOutlives = name === 'embedded, in memory' ? undefined : it;
  itOutlives?.('keeps everything over a restart, the tokens of locks and the lease of a holder too', async () => {
    const [lock, held, space, topic] = [unique('lock'), unique('lock'), unique('space'), unique('topic')];
    const fence = await acquired(lock);
    await stores.locks.release(fence);
    const kept = await acquired(held);
    const version = await stores.state.set(space, 'key', 'value', { fence: kept });
    await stores.state.delete(space, 'none');
    await stores.topics.append(topic, [{ id: 'a', value: 'a' }]);
    await stores.topics.commit(topic, 'group', 1);
    if (!opened.restart) throw new Error(`${name} cannot be started anew`);
    present = await opened.restart();
    stores = present.stores;
    expect((await acquired(lock)).token).toBeGreaterThan(fence.token);
    expect(await stores.locks.acquire(held, { owner: 'bob', leaseMs: 1000 })).toBeUndefined();
    expect(await stores.state.get(space, 'key', { fence: kept })).toEqual({ key: 'key', value: 'value', version });
    expect(await stores.state.set(space, 'key', 'more', { version })).toBeGreaterThan(version);
    expect(await stores.topics.append(topic, [{ id: 'a', value: 'again' }])).toEqual([0]);
    expect(valuesOf(await stores.topics.read(topic, 0, { limit: 9 }))).toEqual(['a']);
    expect(await stores.topics.committed(topic, 'group')).toBe(1);
  });

  it('is there while the engine is open, and who waits is told when it is closed', async () => {
    const { engine } = await open();
    const { locks, topics, state } = engine.stores;
    const [lock, topic] = [unique('lock'), unique('topic')];
    await locks.acquire(lock, { owner: 'ada', leaseMs: 2000 });
    const waiting = Promise.allSettled([
      topics.read(topic, 0, { limit: 1, waitMs: 30_000 }),
      locks.acquire(lock, { owner: 'bob', leaseMs: 2000, waitMs: 30_000 }),
    ]);
    await wait(100);
    await engine.close();
    const closed = refusedWith('ENGINE_CLOSED');
    for (const one of await waiting) expect(one).toMatchObject({ status: 'rejected', reason: closed });
    await expect(state.get('space', 'key')).rejects.toEqual(closed);
    expect(() => engine.stores).toThrow(closed);
  });
});

describe('a change whose reply is lost on the way from Restate', () => {
  if (!hasRestate()) console.warn('npm has no Restate server for this platform: left out');
  const itIs = hasRestate() ? it : undefined;

  itIs?.each<[string, (stores: Stores, name: string) => Promise<unknown>, unknown]>([
    [
      'an acquisition',
      (stores, name) => stores.locks.acquire(name, { owner: 'ada', leaseMs: 30_000 }),
      expect.objectContaining({ token: 1 }),
    ],
    ['a write in a version', (stores, name) => stores.state.set(name, 'key', '1', { version: 0 }), 1],
  ])('is made once, and answered: %s', async (_what, change, expected) => {
    const worker = await openRestate(restate)();
    const { ports } = await restate.server();
    await using proxy = await forgetfulProxy(`http://127.0.0.1:${ports.ingress}`);
    const caller = restateEngine({ ingressUrl: proxy.url });
    await caller.open(setupOf(nothing));
    const answer = await change(caller.stores, unique('name'));
    expect(answer).toEqual(expected);
    expect(proxy.cut()).toBe(1);
    await caller.close();
    await worker.engine.close();
  });
});

describe('a file', () => {
  const processes: JournalProcess[] = [];
  let file: string;
  beforeEach(() => {
    file = join(folder, `${files++}.db`);
  });
  afterEach(async () => {
    for (const one of processes.splice(0)) await one.kill();
  });

  async function started(): Promise<JournalProcess> {
    const process = await JournalProcess.start(probe.file, file);
    processes.push(process);
    return process;
  }

  it('is shared by processes that count under one lock, and lose nothing', async () => {
    const both = await Promise.all([started(), started()]);
    const [ours = [], theirs = []] = await Promise.all(both.map((one) => one.call<readonly number[]>('count', 25)));
    const tokens = [...ours, ...theirs];
    expect(new Set(tokens).size).toBe(50);
    expect(ours.toSorted((a, b) => a - b)).toEqual(ours);
    const engine = await openEngine(file, nothing);
    expect(await engine.stores.state.get('s', 'count')).toMatchObject({ value: '50' });
    await engine.close();
  });

  it('tells a process of what another adds and releases', async () => {
    const other = await started();
    const engine = await openEngine(file, nothing);
    const { topics, locks } = engine.stores;
    const reading = topics.read('t', 0, { limit: 1, waitMs: 30_000 });
    const fence = await other.call<Fence>('acquire', 'lock', { owner: 'other', leaseMs: 60_000 });
    const acquiring = locks.acquire('lock', { owner: 'here', leaseMs: 1000, waitMs: 30_000 });
    await other.call('add', 'theirs');
    expect(valuesOf(await reading)).toEqual(['theirs']);
    await other.call('release', fence);
    expect((await acquiring)?.token).toBeGreaterThan(fence.token);
    await engine.close();
  });

  it('has every entry that a killed process was told of, and its lock is free after the lease', async () => {
    const other = await started();
    const fence = await other.call<Fence>('acquire', 'lock', { owner: 'other', leaseMs: 1000 });
    let said = '';
    const enough = new Promise<void>((resolve) => {
      other.child.stdout?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.split('\n').length > 50) resolve();
      });
    });
    other.call('append').catch(() => undefined); // Until it is killed.
    await enough;
    await other.kill();
    const told = said.split('\n').slice(0, -1).map(Number);
    const engine = await openEngine(file, nothing);
    const { topics, locks } = engine.stores;
    const entries = await topics.read('t', 0, { limit: 1000 });
    expect(entries.slice(0, told.length).map(({ offset, value }) => [offset, Number(value)])).toEqual(told.map((n) => [n, n]));
    const next = await locks.acquire('lock', { owner: 'here', leaseMs: 1000, waitMs: 30_000 });
    expect(next?.token).toBeGreaterThan(fence.token);
    await engine.close();
  });

  it('of format 2 that has no such tables gets them when it is opened', async () => {
    copyFileSync(join(__dirname, '../fixtures/journals/format-2.db'), file);
    const engine = await openEngine(file, nothing);
    expect(await engine.list(99)).not.toEqual([]);
    expect(await engine.stores.topics.append('t', [{ id: 'a', value: 'a' }])).toEqual([0]);
    await engine.close();
    const reading = await openEngine(file, nothing, { readOnly: true });
    expect(() => reading.stores).toThrow(refusedWith('ENGINE_READ_ONLY'));
    await reading.close();
  });

  it.each([':memory:', 'a file'])('lets a lease end when the clock was set back: %s', async (where) => {
    let now = Date.UTC(2026, 0, 1);
    const clock = Object.assign(new ManualClock(now), { now: () => now });
    const engine = await openEngine(where === ':memory:' ? where : file, nothing, { clock });
    const { locks } = engine.stores;
    const wish = { owner: 'ada', leaseMs: 1000 };
    const first = await locks.acquire('lock', wish);
    now -= 3_600_000;
    expect(await locks.acquire('lock', wish)).toBeUndefined();
    now += 999;
    expect(await locks.acquire('lock', wish)).toBeUndefined();
    now += 1;
    expect((await locks.acquire('lock', wish))?.token).toBeGreaterThan(first?.token ?? 0);
    await engine.close();
  });
});

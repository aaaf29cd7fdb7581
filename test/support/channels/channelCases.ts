/** The contract of `Channel`, case by case. */
import { setImmediate as turn } from 'node:timers/promises';
import { SixfoldError } from '../../../src/kernel/errors.js';
import { bearer } from '../../../src/systems/channels/authentication.js';
import type { Channel } from '../../../src/systems/channels/Channel.js';
import { type ChannelSettings, callWith, type Opened } from './channelKinds.js';
import type { Line } from './Warehouse.js';
import type { Wire } from './Wire.js';

export interface ChannelCase {
  /** What a channel does. */
  readonly title: string;
  readonly check: (under: UnderTest) => Promise<void>;
}

interface UnderTest extends Omit<Opened, 'channel'> {
  readonly channelOf: (settings?: ChannelSettings) => Channel;
}

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const LINE: Line = { sku: 'bolt', quantity: 3 };
const TURNS_MAX = 100_000;

export async function failureOf(work: Promise<unknown>): Promise<SixfoldError> {
  const error: unknown = await work.then(
    (value) => new Error(`It gave ${JSON.stringify(value)}.`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof SixfoldError) return error;
  throw error;
}

async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

/** Lets the event loop turn until it is so. */
export async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; turns < TURNS_MAX; turns += 1) {
    if (holds()) return;
    await turn();
  }
  throw new Error(`It did not become so: ${holds.toString()}`);
}

/** How many connections and timers keep this process busy, those of the servers included. */
function busyWith(kind: RegExp): number {
  return process.getActiveResourcesInfo().filter((name) => kind.test(name)).length;
}

const CONNECTIONS = /TCPSocket|TLS|Connect|GetAddrInfo|HTTP2/;
const TIMERS = /Timeout/;

function networkOf({ wire }: UnderTest): Wire {
  if (!wire) throw new Error('This case needs a network.');
  return wire;
}

export const CASES: readonly ChannelCase[] = [
  {
    title: 'carries an input there and the reply back, neither side holding what the other has',
    async check({ warehouse, channelOf }) {
      const input = { ...LINE };
      const reply = await channelOf().invoke<Line>('reserve', input, callWith());
      expect(reply).toEqual(input);
      expect(warehouse.requests[0]?.input).toEqual(input);
      expect(warehouse.requests[0]?.input).not.toBe(input);
      expect(reply).not.toBe(warehouse.requests[0]?.input);
    },
  },
  {
    title: 'sends the key, the trace context and the deadline of the call',
    async check({ warehouse, channelOf }) {
      const deadline = new Date(Date.now() + 60_000);
      await channelOf().invoke('reserve', LINE, callWith({ key: 'run-1/reserve~0', traceparent: TRACE, deadline }));
      const [request] = warehouse.requests;
      expect(request).toMatchObject({ key: 'run-1/reserve~0', traceparent: TRACE });
      expect(Math.abs((request?.deadline?.getTime() ?? 0) - deadline.getTime())).toBeLessThan(500);
    },
  },
  {
    title: 'refuses an operation that it knows no way for, before anything is sent',
    async check({ warehouse, channelOf }) {
      const error = await failureOf(channelOf().invoke('constructor', LINE, callWith()));
      expect(error).toMatchObject({ name: 'UsageError', code: 'CHANNEL_INVALID' });
      expect(error.message).toContain('constructor');
      await expect(channelOf().invoke('melt', LINE, callWith())).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
      await expect(channelOf().invoke('MELT /stock', LINE, callWith())).rejects.toMatchObject({ code: 'CHANNEL_INVALID' });
      expect(warehouse.requests).toEqual([]);
    },
  },
  {
    title: 'says SYSTEM_REFUSED when the system says no, with its reason',
    async check({ channelOf }) {
      const error = await failureOf(channelOf().invoke('refuse', LINE, callWith()));
      expect(error).toMatchObject({ name: 'CommandFailure', code: 'SYSTEM_REFUSED' });
      expect(error.message).toContain('there are no bolt');
    },
  },
  {
    title: 'says SYSTEM_OVERLOADED with how long to wait when the system has too much to do',
    async check({ channelOf }) {
      const error = await failureOf(channelOf().invoke('overload', LINE, callWith()));
      expect(error).toMatchObject({ name: 'TransientError', code: 'SYSTEM_OVERLOADED', details: { retryAfterMs: 2000 } });
    },
  },
  {
    title: 'says CHANNEL_UNREACHABLE while nobody listens, and reaches the system as soon as somebody does',
    async check(under) {
      const [wire, channel] = [networkOf(under), under.channelOf()];
      await channel.invoke('reserve', LINE, callWith());
      await wire.close();
      await failureOf(channel.invoke('reserve', LINE, callWith())); // It may not have seen the reset yet.
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        const error = await failureOf(channel.invoke('reserve', LINE, callWith()));
        expect(error).toMatchObject({ name: 'TransientError', code: 'CHANNEL_UNREACHABLE' });
        expect(error.message).toContain('ECONNREFUSED');
      }
      await wire.open();
      expect(await channel.invoke('reserve', LINE, callWith())).toEqual(LINE);
      expect(under.warehouse.requests).toHaveLength(2);
    },
  },
  {
    title: 'says REPLY_LOST when the connection is reset after the request arrived, and does not send it again',
    async check(under) {
      const [wire, channel] = [networkOf(under), under.channelOf()];
      const reply = failureOf(channel.invoke('hang', LINE, callWith()));
      await under.warehouse.arrival('hang');
      wire.reset();
      expect(await reply).toMatchObject({ name: 'OutcomeUnknownError', code: 'REPLY_LOST' });
      expect(await channel.invoke('reserve', LINE, callWith())).toEqual(LINE);
      expect(under.warehouse.requests.map(({ operation }) => operation)).toEqual(['hang', 'reserve']);
    },
  },
  {
    title: 'gives up within 50 ms when the call is aborted, with the reason of its signal, and the system learns of it',
    async check({ warehouse, channelOf }) {
      const channel = channelOf();
      const tookMs: number[] = [];
      for (let attempt = 1; attempt <= 5; attempt += 1) {
        const controller = new AbortController();
        const reply = channel.invoke('hang', LINE, callWith({ signal: controller.signal }));
        await until(() => warehouse.requests.length === attempt);
        const reason = new Error('not wanted any more');
        const abortedAt = performance.now();
        controller.abort(reason);
        await expect(reply).rejects.toBe(reason);
        tookMs.push(performance.now() - abortedAt);
        await until(() => warehouse.requests.at(-1)?.gone.aborted === true);
      }
      expect(Math.min(...tookMs)).toBeLessThan(50); // The machine may be busy with something else.
    },
  },
  {
    title: 'sends nothing for a call that is aborted already',
    async check({ warehouse, channelOf }) {
      const reason = new Error('too late');
      await expect(channelOf().invoke('reserve', LINE, callWith({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
      await expect(listOf(channelOf().stream('count', LINE, callWith({ signal: AbortSignal.abort(reason) })))).rejects.toBe(reason);
      expect(warehouse.requests).toEqual([]);
    },
  },
  {
    title: 'says REPLY_LOST when the deadline of the call passes before the reply',
    async check({ warehouse, channelOf }) {
      const channel = channelOf();
      await channel.invoke('reserve', LINE, callWith());
      const error = await failureOf(channel.invoke('hang', LINE, callWith({ deadline: new Date(Date.now() + 100) })));
      expect(error).toMatchObject({ name: 'OutcomeUnknownError', code: 'REPLY_LOST' });
      expect(error.message).toMatch(/deadline/i);
      expect(warehouse.requests).toHaveLength(2);
    },
  },
  {
    title: 'streams a reply item by item, in order, to its end',
    async check({ channelOf }) {
      const items = await listOf(channelOf().stream<Line>('count', { sku: 'bolt', quantity: 500 }, callWith()));
      expect(items).toEqual(Array.from({ length: 500 }, (_, index) => ({ sku: 'bolt', quantity: index + 1 })));
    },
  },
  {
    title: 'ends the request when the loop over a stream ends early',
    async check({ warehouse, channelOf }) {
      const seen: number[] = [];
      for await (const { quantity } of channelOf().stream<Line>('endless', LINE, callWith())) {
        seen.push(quantity);
        if (seen.length === 3) break;
      }
      expect(seen).toEqual([1, 2, 3]);
      const request = await warehouse.arrival('endless');
      await until(() => request.gone.aborted || warehouse.streamsEnded === 1);
    },
  },
  {
    title: 'ends a stream when the call is aborted, with the reason of its signal',
    async check({ warehouse, channelOf }) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const loop = async (): Promise<void> => {
        for await (const { quantity } of channelOf().stream<Line>('endless', LINE, callWith({ signal: controller.signal }))) {
          if (quantity === 3) controller.abort(reason);
        }
      };
      await expect(loop()).rejects.toBe(reason);
      const request = await warehouse.arrival('endless');
      await until(() => request.gone.aborted);
    },
  },
  {
    title: 'ends the request of a stream that nobody reads when the call is aborted',
    check: async ({ warehouse, channelOf }) => {
      const controller = new AbortController();
      const items = channelOf()
        .stream<Line>('endless', LINE, callWith({ signal: controller.signal }))
        [Symbol.asyncIterator]();
      await items.next();
      const request = await warehouse.arrival('endless');
      const reason = new Error('enough');
      controller.abort(reason);
      await until(() => request.gone.aborted);
      await expect(items.next()).rejects.toBe(reason);
    },
  },
  {
    title: 'says REPLY_LOST when a stream is cut off, after the items that came',
    async check(under) {
      const wire = networkOf(under);
      let items = 0;
      const loop = async (): Promise<void> => {
        for await (const _ of under.channelOf().stream<Line>('endless', LINE, callWith())) {
          items += 1;
          if (items === 3) wire.reset();
        }
      };
      expect(await failureOf(loop())).toMatchObject({ name: 'OutcomeUnknownError', code: 'REPLY_LOST' });
      expect(items).toBeGreaterThanOrEqual(3);
    },
  },
  {
    title: 'says SYSTEM_REFUSED for a stream that the system does not begin',
    async check({ warehouse, channelOf }) {
      warehouse.refusesStreams = true;
      expect(await failureOf(listOf(channelOf().stream('count', LINE, callWith())))).toMatchObject({ code: 'SYSTEM_REFUSED' });
    },
  },
  {
    title: 'carries 50 calls at once, each with its own reply',
    async check({ channelOf }) {
      const channel = channelOf();
      const lines = Array.from({ length: 50 }, (_, quantity) => ({ sku: `part-${quantity}`, quantity: quantity + 1 }));
      expect(await Promise.all(lines.map((line) => channel.invoke<Line>('reserve', line, callWith())))).toEqual(lines);
    },
  },
  {
    title: 'says REPLY_LOST for a reply that is larger than its limit, and carries one within it',
    async check({ channelOf }) {
      const channel = channelOf({ replyBytesMax: 100_000 });
      const within = await channel.invoke<Line>('large', { sku: 'x', quantity: 99_000 }, callWith());
      expect(within.sku).toHaveLength(99_000);
      const error = await failureOf(channel.invoke('large', { sku: 'x', quantity: 101_000 }, callWith()));
      expect(error).toMatchObject({ name: 'OutcomeUnknownError', code: 'REPLY_LOST' });
      expect(error.message).toContain('100000');
    },
  },
  {
    title: 'says SYSTEM_REFUSED for wrong credentials, and shows them to nobody',
    async check({ warehouse, channelOf }) {
      warehouse.authorization = 'Bearer open-sesame';
      const secrets = { 'env:TOKEN': 'open-barley' };
      const channel = channelOf({ auth: bearer('env:TOKEN') });
      const error = await failureOf(channel.invoke('reserve', LINE, callWith({ secrets })));
      expect(error).toMatchObject({ name: 'CommandFailure', code: 'SYSTEM_REFUSED' });
      expect(error.message).toContain('who is Bearer [secret]?');
      expect(JSON.stringify([error.message, error.details, error.stack, String(error.cause)])).not.toContain('barley');
    },
  },
  {
    title: 'meets a secret that was changed at the next call',
    async check({ warehouse, channelOf }) {
      const secrets = { 'env:TOKEN': 'monday-token' };
      const channel = channelOf({ auth: bearer('env:TOKEN') });
      await channel.invoke('reserve', LINE, callWith({ secrets }));
      secrets['env:TOKEN'] = 'tuesday-token';
      await channel.invoke('reserve', LINE, callWith({ secrets }));
      expect(warehouse.requests.map(({ authorization }) => authorization)).toEqual(['Bearer monday-token', 'Bearer tuesday-token']);
    },
  },
  {
    title: 'is healthy while the system can be used',
    check: ({ channelOf }) => channelOf().checkHealth(callWith()),
  },
  {
    title: 'is not healthy while nobody listens, and says so',
    async check(under) {
      const [wire, channel] = [networkOf(under), under.channelOf()];
      await wire.close();
      expect(await failureOf(channel.checkHealth(callWith()))).toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    },
  },
  {
    title: 'tells the version of what the other side runs',
    async check({ warehouse, channelOf }) {
      expect(await channelOf().version(callWith())).toBe(warehouse.version);
    },
  },
  {
    title: 'connects at the first call, keeps its connections until the last release, and then has no socket and no timer open',
    async check(under) {
      const [wire, channel] = [networkOf(under), under.channelOf()];
      const before = [CONNECTIONS, TIMERS].map(busyWith); // The server of gRPC leaves a socket behind when it is forced to end.
      channel.acquire();
      channel.acquire();
      expect(wire.connectionsMade).toBe(0);
      await Promise.all([1, 2, 3].map((quantity) => channel.invoke('reserve', { sku: 'bolt', quantity }, callWith())));
      const made = wire.connectionsMade;
      await channel.release();
      await channel.invoke('reserve', LINE, callWith());
      expect(wire.connectionsMade).toBe(made);
      await channel.release();
      await until(() => wire.connections === 0 && [CONNECTIONS, TIMERS].every((kind, index) => busyWith(kind) <= (before[index] ?? 0)));
      expect(await channel.invoke('reserve', LINE, callWith())).toEqual(LINE);
    },
  },
  {
    title: 'lets a call that is under way come to its end at the last release',
    async check({ warehouse, channelOf }) {
      const channel = channelOf();
      channel.acquire();
      const reply = channel.invoke<Line>('large', { sku: 'x', quantity: 50_000 }, callWith());
      await warehouse.arrival('large');
      await channel.release();
      expect((await reply).sku).toHaveLength(50_000);
    },
  },
];

const NO_NETWORK = 'there is no network between the two sides';
const TRUSTED = 'who runs in the same process is trusted';

/** What a channel cannot do, by title, and why. */
export const GAPS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'in-process': {
    'says CHANNEL_UNREACHABLE while nobody listens, and reaches the system as soon as somebody does': NO_NETWORK,
    'says REPLY_LOST when the connection is reset after the request arrived, and does not send it again': NO_NETWORK,
    'says REPLY_LOST when a stream is cut off, after the items that came': NO_NETWORK,
    'says REPLY_LOST for a reply that is larger than its limit, and carries one within it': 'a reply is in memory before it is copied',
    'says SYSTEM_REFUSED for wrong credentials, and shows them to nobody': TRUSTED,
    'meets a secret that was changed at the next call': TRUSTED,
    'is not healthy while nobody listens, and says so': NO_NETWORK,
    'connects at the first call, keeps its connections until the last release, and then has no socket and no timer open': NO_NETWORK,
  },
};

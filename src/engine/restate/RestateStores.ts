/**
 * State, locks and topics in the virtual objects of a Restate cluster.
 *
 * Does not own: what they keep. Every change has a key of its own, by which Restate makes it once, however often the request is sent.
 */
import { randomUUID } from 'node:crypto';
import { checkedStores } from '../stores/checkedStores.js';
import { behindTheEnd, staleFence, stateConflict, truncated } from '../stores/refusals.js';
import type {
  Fence,
  Fenced,
  LockHolder,
  LockStore,
  LockWish,
  NewEntry,
  StateEntry,
  StateRange,
  StateStore,
  Stores,
  TopicEntry,
  TopicReading,
  TopicSpan,
  TopicStore,
} from '../stores/Stores.js';
import type { Ingress } from './Ingress.js';
import type { Address } from './RunAddress.js';
import type { StateChange, StateWrite } from './stateObject.js';
import { LOCK, type Refused, STATE, TOPIC } from './storeObjects.js';

export interface RestateStoresParts {
  readonly ingress: Ingress;
  /** No request is held open for longer, in milliseconds. */
  readonly sliceMs: number;
  readonly refuseClosed: () => void;
}

export function restateStores(parts: RestateStoresParts): Stores {
  const calls = new ObjectCalls(parts);
  return checkedStores({ state: stateOf(calls), locks: locksOf(calls), topics: topicsOf(calls) }, parts.refuseClosed);
}

class ObjectCalls {
  constructor(private readonly parts: RestateStoresParts) {}

  look<T>(address: Address, handler: string, input?: unknown): Promise<T> {
    return this.call(address, handler, input);
  }

  change<T>(address: Address, handler: string, input: unknown): Promise<T> {
    return this.call(address, handler, input, randomUUID());
  }

  /** Asks again until there is something or the time is over. @param ask told how long it may take */
  async wait<T>(waitMs: number, ask: (forMs: number) => Promise<T | undefined>): Promise<T | undefined> {
    const until = performance.now() + waitMs;
    for (let leftMs = waitMs; leftMs > 0; leftMs = Math.ceil(until - performance.now())) {
      this.parts.refuseClosed();
      const found = await ask(Math.min(leftMs, this.parts.sliceMs));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  private async call<T>(address: Address, handler: string, input: unknown, idempotencyKey?: string): Promise<T> {
    try {
      return (await this.parts.ingress.call<T>(address, handler, input, idempotencyKey)) as T; // An object always says something.
    } catch (error) {
      this.parts.refuseClosed(); // It was cut off by that.
      throw error;
    }
  }
}

function stateOf(calls: ObjectCalls): StateStore {
  const at = (space: string): Address => ({ service: STATE, key: space });
  const change = async <T extends number | boolean>(handler: string, space: string, write: StateChange | StateWrite): Promise<T> => {
    const answer = await calls.change<T | Refused>(at(space), handler, write);
    if (typeof answer !== 'object') return answer;
    throw refusalOf(answer, write.fence, (found) => stateConflict({ space, key: write.key, expected: write.version ?? 0, found }));
  };
  return {
    async get(space: string, key: string, { fence }: Fenced = {}): Promise<StateEntry | undefined> {
      if (!fence) return (await calls.look<StateEntry | null>(at(space), 'get', { key })) ?? undefined;
      const answer = await calls.look<StateEntry | Refused | null>(at(space), 'getFenced', { key, fence });
      if (answer && 'refused' in answer) throw staleFence(fence);
      return answer ?? undefined;
    },
    set: (space, key, value, { fence, version } = {}) => change<number>('set', space, { key, value, fence, version }),
    delete: (space, key, { fence, version } = {}) => change<boolean>('delete', space, { key, fence, version }),
    list: (space: string, range: StateRange) => calls.look<readonly StateEntry[]>(at(space), 'list', range),
  };
}

function locksOf(calls: ObjectCalls): LockStore {
  const at = (lock: string): Address => ({ service: LOCK, key: lock });
  return {
    async acquire(lock: string, { owner, leaseMs, waitMs = 0 }: LockWish): Promise<Fence | undefined> {
      const taken = async (handler: string, wish: LockWish): Promise<Fence | undefined> => {
        const token = await calls.change<number | null>(at(lock), handler, wish);
        return token === null ? undefined : { lock, token };
      };
      if (waitMs === 0) return taken('take', { owner, leaseMs });
      return calls.wait(waitMs, (forMs) => taken('acquire', { owner, leaseMs, waitMs: forMs }));
    },
    async renew(fence: Fence, leaseMs: number): Promise<void> {
      if (!(await calls.change<boolean>(at(fence.lock), 'renew', { token: fence.token, leaseMs }))) throw staleFence(fence);
    },
    async release({ lock, token }: Fence): Promise<void> {
      await calls.change(at(lock), 'release', { token });
    },
    async holder(lock: string): Promise<LockHolder | undefined> {
      return (await calls.look<LockHolder | null>(at(lock), 'holder')) ?? undefined;
    },
  };
}

function topicsOf(calls: ObjectCalls): TopicStore {
  const at = (topic: string): Address => ({ service: TOPIC, key: topic });
  const read = async (topic: string, from: number, limit: number): Promise<readonly TopicEntry[]> => {
    const answer = await calls.look<readonly TopicEntry[] | Refused>(at(topic), 'read', { from, limit });
    if ('refused' in answer) throw refusalOf(answer, undefined, (first) => truncated(topic, from, first));
    return answer;
  };
  return {
    async append(topic: string, entries: readonly NewEntry[], { fence }: Fenced = {}): Promise<readonly number[]> {
      const answer = await calls.change<readonly number[] | Refused>(at(topic), 'append', { entries, fence });
      if ('refused' in answer) throw refusalOf(answer, fence);
      return answer;
    },
    async read(topic: string, from: number, { limit, waitMs = 0 }: TopicReading): Promise<readonly TopicEntry[]> {
      const entries = await read(topic, from, limit);
      if (entries.length > 0) return entries;
      const found = await calls.wait(waitMs, async (forMs) => {
        await calls.look(at(topic), 'news', { from, waitMs: forMs });
        const news = await read(topic, from, limit);
        return news.length > 0 ? news : undefined;
      });
      return found ?? [];
    },
    span: (topic) => calls.look<TopicSpan>(at(topic), 'span'),
    async committed(topic: string, group: string): Promise<number | undefined> {
      return (await calls.look<number | null>(at(topic), 'committed', { group })) ?? undefined;
    },
    async commit(topic: string, group: string, offset: number, { fence }: Fenced = {}): Promise<void> {
      const answer = await calls.change<boolean | Refused>(at(topic), 'commit', { group, offset, fence });
      if (typeof answer === 'object') throw refusalOf(answer, fence, (next) => behindTheEnd(topic, offset, next));
    },
    async truncate(topic: string, before: number): Promise<void> {
      await calls.change(at(topic), 'truncate', { before });
    },
  };
}

/** @param of makes the error of what was found instead */
function refusalOf(answer: Refused, fence: Fence | undefined, of?: (found: number) => Error): Error {
  if (answer.refused !== 'fence' && of) return of(answer.found);
  if (fence) return staleFence(fence);
  return new TypeError(`an object refused for ${answer.refused}, which it was not asked to heed`);
}

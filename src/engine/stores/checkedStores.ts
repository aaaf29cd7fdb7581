/** The bounds of the stores, and the one place where they are checked: an engine's own stores are given only what keeps them. */
import { UsageError } from '../../kernel/errors.js';
import type { Fence, LockStore, NewEntry, StateGuard, StateStore, Stores, TopicStore } from './Stores.js';

/** Characters are those of JavaScript, UTF-16 code units. */
export const STORE_BOUNDS = {
  nameCharacters: 256,
  valueCharacters: 262_144,
  /** Entries of an append, of an answer, and the greatest limit. */
  entries: 1000,
  /** Of all values of an append, or of an answer, which has at least one entry. */
  charactersInAll: 1_048_576,
  leaseMs: 86_400_000,
  waitMs: 3_600_000,
} as const;

/** No names: in the path of a URL they are steps. */
const STEPS: readonly string[] = ['.', '..'];

/** @param refuseClosed throws when the engine is closed */
export function checkedStores({ state, locks, topics }: Stores, refuseClosed: () => void): Stores {
  const checked = <T>(check: () => void, then: () => Promise<T>): Promise<T> => {
    try {
      refuseClosed();
      check();
      return then();
    } catch (error) {
      return Promise.reject(error);
    }
  };
  return { state: checkedState(state, checked), locks: checkedLocks(locks, checked), topics: checkedTopics(topics, checked) };
}

type Checked = <T>(check: () => void, then: () => Promise<T>) => Promise<T>;

function checkedState(state: StateStore, checked: Checked): StateStore {
  const check = (space: string, key: string, { fence, version }: StateGuard = {}): void => {
    checkName('space', space);
    checkName('key', key);
    if (fence) checkFence(fence);
    if (version !== undefined) checkNumber('version', version, 0, Number.MAX_SAFE_INTEGER);
  };
  return {
    get: (space, key, guard) =>
      checked(
        () => check(space, key, guard),
        () => state.get(space, key, guard),
      ),
    set: (space, key, value, guard) =>
      checked(
        () => {
          check(space, key, guard);
          checkValue('value', value);
        },
        () => state.set(space, key, value, guard),
      ),
    delete: (space, key, guard) =>
      checked(
        () => check(space, key, guard),
        () => state.delete(space, key, guard),
      ),
    list: (space, range) =>
      checked(
        () => {
          checkName('space', space);
          if (range.prefix !== undefined && range.prefix !== '') checkText('prefix', range.prefix);
          if (range.after !== undefined) checkText('after', range.after);
          checkLimit(range.limit);
        },
        () => state.list(space, range),
      ),
  };
}

function checkedLocks(locks: LockStore, checked: Checked): LockStore {
  return {
    acquire: (lock, wish) =>
      checked(
        () => {
          checkName('lock', lock);
          checkName('owner', wish.owner);
          checkLease(wish.leaseMs);
          checkWait(wish.waitMs);
        },
        () => locks.acquire(lock, wish),
      ),
    renew: (fence, leaseMs) =>
      checked(
        () => {
          checkFence(fence);
          checkLease(leaseMs);
        },
        () => locks.renew(fence, leaseMs),
      ),
    release: (fence) =>
      checked(
        () => checkFence(fence),
        () => locks.release(fence),
      ),
    holder: (lock) =>
      checked(
        () => checkName('lock', lock),
        () => locks.holder(lock),
      ),
  };
}

function checkedTopics(topics: TopicStore, checked: Checked): TopicStore {
  const checkGroup = (topic: string, group: string): void => {
    checkName('topic', topic);
    checkName('group', group);
  };
  return {
    append: (topic, entries, { fence } = {}) =>
      checked(
        () => {
          checkName('topic', topic);
          checkEntries(entries);
          if (fence) checkFence(fence);
        },
        () => topics.append(topic, entries, { fence }),
      ),
    read: (topic, from, reading) =>
      checked(
        () => {
          checkName('topic', topic);
          checkOffset('from', from);
          checkLimit(reading.limit);
          checkWait(reading.waitMs);
        },
        () => topics.read(topic, from, reading),
      ),
    span: (topic) =>
      checked(
        () => checkName('topic', topic),
        () => topics.span(topic),
      ),
    committed: (topic, group) =>
      checked(
        () => checkGroup(topic, group),
        () => topics.committed(topic, group),
      ),
    commit: (topic, group, offset, { fence } = {}) =>
      checked(
        () => {
          checkGroup(topic, group);
          checkOffset('offset', offset);
          if (fence) checkFence(fence);
        },
        () => topics.commit(topic, group, offset, { fence }),
      ),
    truncate: (topic, before) =>
      checked(
        () => {
          checkName('topic', topic);
          checkOffset('before', before);
        },
        () => topics.truncate(topic, before),
      ),
  };
}

function checkName(what: string, name: string): void {
  checkText(what, name);
  if (STEPS.includes(name)) throw invalid(what, `"${name}" is no name`);
}

function checkText(what: string, text: string): void {
  const { nameCharacters } = STORE_BOUNDS;
  const fits = typeof text === 'string' && text.length > 0 && text.length <= nameCharacters;
  if (fits && text.isWellFormed() && !/\p{Cc}/u.test(text)) return;
  const shown = JSON.stringify(typeof text === 'string' ? text.slice(0, nameCharacters) : text);
  throw invalid(what, `${shown} is no text of 1 to ${nameCharacters} characters without control characters`);
}

function checkValue(what: string, value: string): void {
  const { valueCharacters } = STORE_BOUNDS;
  if (typeof value !== 'string') throw invalid(what, 'a value is text of the codec');
  if (value.length > valueCharacters) throw invalid(what, `${value.length} characters are more than ${valueCharacters}`);
}

function checkEntries(list: readonly NewEntry[]): void {
  const { entries, charactersInAll } = STORE_BOUNDS;
  checkNumber('number of entries', list.length, 1, entries);
  for (const { id, value } of list) {
    checkName('id', id);
    checkValue('value', value);
  }
  const characters = list.reduce((sum, { value }) => sum + value.length, 0);
  if (characters > charactersInAll) throw invalid('entries', `${characters} characters are more than ${charactersInAll} in one append`);
}

function checkFence({ lock, token }: Fence): void {
  checkName('lock', lock);
  checkNumber('token', token, 1, Number.MAX_SAFE_INTEGER);
}

const checkOffset = (what: string, offset: number): void => checkNumber(what, offset, 0, Number.MAX_SAFE_INTEGER);
const checkLimit = (limit: number): void => checkNumber('limit', limit, 1, STORE_BOUNDS.entries);
const checkLease = (leaseMs: number): void => checkNumber('leaseMs', leaseMs, 1, STORE_BOUNDS.leaseMs);
const checkWait = (waitMs = 0): void => checkNumber('waitMs', waitMs, 0, STORE_BOUNDS.waitMs);

function checkNumber(what: string, number: number, least: number, greatest: number): void {
  if (Number.isInteger(number) && number >= least && number <= greatest) return;
  throw invalid(what, `${String(number)} is no whole number from ${least} to ${greatest}`);
}

function invalid(what: string, why: string): UsageError {
  return new UsageError('STORE_INPUT_INVALID', `${what}: ${why}.`, { details: { what } });
}

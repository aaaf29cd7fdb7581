/** What stores say no with. */
import { CommandFailure, UsageError } from '../../kernel/errors.js';
import type { Fence } from './Stores.js';

export function staleFence({ lock, token }: Fence): CommandFailure {
  return new CommandFailure(
    'FENCE_STALE',
    `Token ${token} of the lock "${lock}" counts no more: its lease is over, or it was released. Nothing was done. Acquire the lock anew.`,
    { details: { lock, token } },
  );
}

export interface Conflict {
  readonly space: string;
  readonly key: string;
  readonly expected: number;
  /** 0 when there is no entry. */
  readonly found: number;
}

export function stateConflict(conflict: Conflict): CommandFailure {
  const { space, key, expected, found } = conflict;
  const version = (number: number): string => (number === 0 ? 'no entry' : `version ${number}`);
  return new CommandFailure(
    'STATE_CONFLICT',
    `"${key}" of the space "${space}" has ${version(found)}, and was to be changed from ${version(expected)}. Nothing was done. Read it again.`,
    { details: { ...conflict } },
  );
}

export function truncated(topic: string, from: number, first: number): CommandFailure {
  return new CommandFailure(
    'TOPIC_TRUNCATED',
    `The topic "${topic}" has no entry ${from} any more: its first is ${first}. Read from there, and make up for what is missing.`,
    { details: { topic, from, first } },
  );
}

export function behindTheEnd(topic: string, offset: number, next: number): UsageError {
  return new UsageError(
    'STORE_INPUT_INVALID',
    `offset: ${offset} is behind the end of the topic "${topic}", whose next entry is ${next}. Give that or less.`,
    { details: { topic, offset, next } },
  );
}

/** What the virtual objects of the stores have in common. A state space, a lock and a topic is an object each, whose key is its name. */
import type { ObjectContext, ObjectSharedContext } from '@restatedev/restate-sdk';
import type { Fence } from '../stores/Stores.js';
import { JSON_INPUT } from './jsonInput.js';
import type { Address } from './RunAddress.js';

export const STATE = 'sixfold-state';
export const LOCK = 'sixfold-lock';
export const TOPIC = 'sixfold-topic';

/** What was not done, and why. */
export type Refused =
  | { readonly refused: 'fence' }
  | { readonly refused: 'version' | 'first' | 'next' /** What there is instead. */; readonly found: number };

export const STALE: Refused = { refused: 'fence' };

/** State is fetched as it is asked for, not sent with every call. Of a call nothing is kept but the answer, for who asks again. */
export const OBJECT_OPTIONS = {
  enableLazyState: true,
  journalRetention: 0,
  idempotencyRetention: 3_600_000,
  retryPolicy: { initialInterval: 50, maxInterval: 5000, exponentiationFactor: 2, maxAttempts: 2 ** 31 - 1 },
} as const;

/** For what objects alone call. */
export const PRIVATE = { ingressPrivate: true } as const;

type AnyContext = ObjectContext | ObjectSharedContext;

export interface ObjectCall extends Address {
  readonly method: string;
  readonly parameter: unknown;
}

/** @param call whose handler gives something */
export function callObject<T>(ctx: AnyContext, call: ObjectCall) {
  const { inputSerde } = JSON_INPUT;
  const outputSerde = { ...inputSerde, deserialize: (bytes: Uint8Array): T => inputSerde.deserialize(bytes) as T };
  return ctx.genericCall<unknown, T>({ ...call, inputSerde, outputSerde });
}

/** Whether a fence does not count now. Who has an object to itself asks, and then acts before anybody else who comes to the object. */
export async function isStale(ctx: AnyContext, fence: Fence | undefined): Promise<boolean> {
  if (!fence) return false;
  const { lock, token } = fence;
  return !(await callObject<boolean>(ctx, { service: LOCK, key: lock, method: 'counts', parameter: { token } }));
}

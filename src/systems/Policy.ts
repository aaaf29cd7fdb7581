/** What stands around every call of an operation: how often it is tried and how long, and what keeps a failing system from harm. */
import type { RetryPolicy } from '../kernel/RetryPolicy.js';

export interface Policy {
  /** An attempt that takes longer is aborted, and its outcome is unknown unless it changes nothing. @default no limit but that of the run */
  readonly timeoutMs?: number;
  /** How often it is tried, and how the limit of an attempt grows. @default one attempt */
  readonly retry?: RetryPolicy;
  readonly breaker?: BreakerPolicy;
  readonly bulkhead?: BulkheadPolicy;
  /** Only for effect `read`. */
  readonly cache?: CachePolicy;
  readonly batch?: BatchPolicy;
}

/**
 * After too many failures an operation is not called for a while, then once on trial (Nygard, Release It!, "Circuit Breaker").
 * A definite no of the system counts as an answer, not as a failure. Kept with the system instance, so for all runs of a process.
 */
export interface BreakerPolicy {
  /** Failures in a row after which it opens. */
  readonly failuresMax: number;
  /** How long it stays open before one call is let through, in milliseconds. */
  readonly openMs: number;
}

/** So many calls of an operation at once, for all runs of a process. */
export interface BulkheadPolicy {
  readonly concurrencyMax: number;
  /** How many may wait for their turn; more are refused with `BULKHEAD_FULL`. @default 1000 */
  readonly waitingMax?: number;
}

/** Equal inputs get the same output for a while; of several equal calls at once only one is made. */
export interface CachePolicy {
  readonly ttlMs: number;
  /** The entry that was used longest ago goes first. @default 1000 */
  readonly entriesMax?: number;
}

/** Calls that come about the same time, of whichever runs, are made as one. */
export interface BatchPolicy {
  /** Name of the method that takes them: `(items: readonly BatchItem<I>[], call: Call) => Promise<readonly (O | Error)[]>`, one answer for each; `call` is that of the whole batch. */
  readonly by: string;
  /** @default 100 */
  readonly itemsMax?: number;
  /** How long the first one waits for others, in milliseconds. @default 5 */
  readonly waitMs?: number;
}

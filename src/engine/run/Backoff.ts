/** A retry policy that was checked: what is tried again, how often, after how long, and how long it may take. */

import type { AbstractClass } from '../../kernel/Class.js';
import { OutcomeUnknownError, SixfoldError, TimeoutError, TransientError, UsageError } from '../../kernel/errors.js';
import type { RetryPolicy } from '../../kernel/RetryPolicy.js';

const TRANSIENT: readonly AbstractClass<Error>[] = [TransientError, OutcomeUnknownError, TimeoutError];
const BACKOFF_MS = 100;
const BACKOFF_FACTOR = 2;
const BACKOFF_MS_MAX = 60_000;
const JITTER = 0.5;
const NUMBERS = ['backoffMs', 'backoffFactor', 'backoffMsMax', 'timeoutFactor', 'timeoutMsMax'] as const;

export class Backoff {
  /** @param on what is tried again where the policy does not say; undefined for everything */
  private constructor(
    private readonly policy: RetryPolicy,
    private readonly on: readonly AbstractClass<Error>[] | undefined,
  ) {}

  private static readonly NONE = new Backoff({ attemptsMax: 1 }, TRANSIENT);

  /**
   * @param everything tries again after every error, unless the policy says after which
   * @throws UsageError `RETRY_INVALID`
   */
  static of(step: string, policy: RetryPolicy | undefined, everything: boolean): Backoff {
    if (!policy && !everything) return Backoff.NONE;
    const checked = policy ? checkedPolicy(step, policy) : Backoff.NONE.policy;
    return new Backoff(checked, checked.on ?? (everything ? undefined : TRANSIENT));
  }

  get attemptsMax(): number {
    return this.policy.attemptsMax;
  }

  /** True unless the error is a definite no. */
  repeats(error: unknown): boolean {
    if (!this.on) return true;
    // An attempt whose time was up is told as an unknown outcome; a policy that lists timeouts means that as well.
    const cause = error instanceof OutcomeUnknownError ? error.cause : undefined;
    return this.on.some((type) => error instanceof type || cause instanceof type);
  }

  /**
   * Milliseconds from the end of an attempt to the next.
   *
   * @param tries 1 after the first
   * @param draw a number from 0 to below 1
   */
  waitMs(tries: number, error: unknown, draw: () => number): number {
    const { backoffMs = BACKOFF_MS, backoffFactor = BACKOFF_FACTOR, backoffMsMax = BACKOFF_MS_MAX, jitter = JITTER } = this.policy;
    const longestMs = backoffMs === 0 ? 0 : Math.min(backoffMs * backoffFactor ** (tries - 1), backoffMsMax);
    return Math.max(Math.round(longestMs * (1 - jitter + jitter * draw())), retryAfterMs(error));
  }

  /** How long an attempt may take, from how long the first one may; undefined without limit. */
  timeoutMs(tries: number, firstMs: number | undefined): number | undefined {
    const { timeoutFactor = 1, timeoutMsMax = Number.POSITIVE_INFINITY } = this.policy;
    const grown = firstMs === undefined ? Number.POSITIVE_INFINITY : firstMs * timeoutFactor ** (tries - 1);
    const limitMs = Math.min(grown, timeoutMsMax);
    return Number.isFinite(limitMs) ? limitMs : undefined;
  }
}

/** How long the failing side asked to be left alone. */
function retryAfterMs(error: unknown): number {
  const asked = error instanceof SixfoldError ? error.details.retryAfterMs : undefined;
  return typeof asked === 'number' && Number.isFinite(asked) ? Math.ceil(asked) : 0;
}

function checkedPolicy(step: string, policy: RetryPolicy): RetryPolicy {
  const { attemptsMax, jitter, on } = policy;
  if (!Number.isInteger(attemptsMax) || attemptsMax < 1) throw invalid(step, 'attemptsMax', attemptsMax, 'a whole number from 1 on');
  for (const name of NUMBERS) {
    const value = policy[name];
    if (value !== undefined && !(Number.isFinite(value) && value >= 0)) throw invalid(step, name, value, 'a finite number from 0 on');
  }
  if (jitter !== undefined && !(jitter >= 0 && jitter <= 1)) throw invalid(step, 'jitter', jitter, 'a number from 0 to 1');
  if (on !== undefined && !(Array.isArray(on) && on.every((type) => typeof type === 'function'))) {
    throw invalid(step, 'on', on, 'a list of error classes');
  }
  return policy;
}

function invalid(step: string, field: string, value: unknown, expected: string): UsageError {
  return new UsageError('RETRY_INVALID', `The retry policy of ${step} has ${field} ${String(value)}. Give ${expected}.`, {
    details: { step, field, value: String(value) },
  });
}

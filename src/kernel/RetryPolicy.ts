import type { AbstractClass } from './Class.js';

/** How often an effect is tried, and when again. Every attempt is recorded, so that a crash does not begin the count anew. */
export interface RetryPolicy {
  /** With the first. At least 1. One more is made where the probe of a `once` effect says that the last one did not happen. */
  readonly attemptsMax: number;
  /** Wait after the first attempt, in milliseconds; longer after a Sixfold error with a longer `retryAfterMs` in its details. @default 100 */
  readonly backoffMs?: number;
  /** Each wait is so many times the one before. @default 2 */
  readonly backoffFactor?: number;
  /** No wait is longer, in milliseconds. @default 60_000 */
  readonly backoffMsMax?: number;
  /** Share of each wait that is drawn by chance, from 0 to 1, so that many runs do not come back at once. @default 0.5 */
  readonly jitter?: number;
  /**
   * What is tried again; anything else is a definite no at once. A `once` step is not tried again after an outcome that is
   * unknown, whatever stands here. @default TransientError, OutcomeUnknownError and TimeoutError; for an undo every error
   */
  readonly on?: readonly AbstractClass<Error>[];
  /** Each attempt may take so many times as long as the one before, from `timeoutMs` on; never beyond the run's deadline. @default 1 */
  readonly timeoutFactor?: number;
  /** No attempt may take longer, in milliseconds. @default no limit but the run's */
  readonly timeoutMsMax?: number;
}

/** What one attempt of a step says of the system that it called. */
import type { StepStatus } from '../../engine/Record.js';
import {
  CancelledError,
  InvariantViolation,
  OutcomeUnknownError,
  SixfoldError,
  TimeoutError,
  TransientError,
  UsageError,
} from '../../kernel/errors.js';

/**
 * - `answered` it succeeded; `refused` was a definite no, which is an answer too;
 * - `transient`, `timed-out`, `unknown` and `invalid-reply`, which broke its contract, are failures;
 * - `not-called` never left the process, by a breaker, a bulkhead or a mistake of the caller; `stopped` was given up since the run was
 *   stopped; of what failed and was `erased` nobody knows which of them it was.
 */
export type AttemptFate =
  | 'answered'
  | 'refused'
  | 'transient'
  | 'timed-out'
  | 'unknown'
  | 'invalid-reply'
  | 'not-called'
  | 'stopped'
  | 'erased';

/** With these the policy of an operation keeps a call back. */
const KEPT_BACK: readonly string[] = ['BREAKER_OPEN', 'BULKHEAD_FULL'];
/** With these the run gives up what is under way. */
const STOPS: readonly string[] = ['DEADLINE_PASSED', 'PHASE_TIMED_OUT'];

/** @param error as the journal gives it back; undefined where it was erased */
export function attemptFate(status: StepStatus, error: unknown): AttemptFate {
  if (status === 'succeeded') return 'answered';
  if (status === 'cancelled') return 'stopped';
  if (error === undefined) return 'erased';
  if (isInvalidReply(error)) return 'invalid-reply';
  const reason = reasonOf(error);
  if (reason instanceof CancelledError) return 'stopped';
  if (reason instanceof TimeoutError) return STOPS.includes(reason.code) ? 'stopped' : 'timed-out';
  if (reason instanceof TransientError) return KEPT_BACK.includes(reason.code) ? 'not-called' : 'transient';
  if (status === 'unknown') return 'unknown';
  return reason instanceof UsageError || reason instanceof InvariantViolation ? 'not-called' : 'refused';
}

/** The system gave a reply that breaks the rules of its class; what it gave is in `details`. */
export function isInvalidReply(error: unknown): error is SixfoldError {
  if (!(error instanceof SixfoldError)) return false;
  const { code, details } = error;
  return code === 'REPLY_INVALID' || (error instanceof OutcomeUnknownError && ('reply' in details || 'violations' in details));
}

/** The engine says that an outcome is unknown, and why in the cause. */
function reasonOf(error: unknown): unknown {
  const isVerdict = error instanceof OutcomeUnknownError && error.code === 'OUTCOME_UNKNOWN';
  return isVerdict && error.cause instanceof SixfoldError ? error.cause : error;
}

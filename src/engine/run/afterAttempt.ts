/** What follows an attempt of a step that did not succeed, or a question of its probe (R5). */
import { InvariantViolation, OutcomeUnknownError, TimeoutError, TransientError, UsageError } from '../../kernel/errors.js';
import { type Attempted, outcomeUnknown } from './attempt.js';
import type { StepAsk } from './StepAsk.js';

/** How often a probe is asked that has no policy. */
const PROBES_MAX = 3;

/** What is no answer of the system, so that it says nothing of an attempt before. */
const NO_ANSWERS = [TransientError, TimeoutError, OutcomeUnknownError, UsageError, InvariantViolation];

export type Unsuccessful = Extract<Attempted, { readonly error: unknown }> & { readonly status: 'failed' | 'cancelled' | 'unknown' };

export type Sequel =
  /** The step has its outcome. */
  | ({ readonly follows: 'end' } & Unsuccessful)
  /** Another attempt, or a probe, at `dueAt`. */
  | {
      readonly follows: 'again';
      readonly status: 'failed' | 'unknown';
      readonly error: unknown;
      readonly dueAt: number;
      /** How often the probe of the attempt failed to answer. */
      readonly probes: number;
    }
  /** A person must look at it before it goes on. */
  | { readonly follows: 'stuck'; readonly status: 'failed' | 'unknown'; readonly error: unknown };

export interface Situation {
  readonly now: number;
  /** What stopped the run, if something did. */
  readonly stopped: unknown;
  /** When the run is stopped, in milliseconds since the epoch. */
  readonly until: number | undefined;
  readonly draw: () => number;
}

export function afterAttempt(ask: StepAsk, attempted: Unsuccessful, situation: Situation): Sequel {
  const { status, error } = attempted;
  const { backoff, deadline, request, tries } = ask;
  const { now, stopped, until, draw } = situation;
  if (status === 'cancelled') return { follows: 'end', ...attempted };
  if (ask.once && status === 'unknown') {
    if (!request.probe) return { follows: 'end', ...attempted };
    return { follows: 'again', status, error, dueAt: Math.max(now, deadline ?? now), probes: 0 };
  }
  if (tries < backoff.attemptsMax && backoff.repeats(error) && (stopped === undefined || ask.shielded)) {
    const dueAt = now + backoff.waitMs(tries, error, draw);
    if (ask.shielded || until === undefined || dueAt < until) return { follows: 'again', status, error, dueAt, probes: 0 };
  }
  // What is asked again to settle it may be refused, or stay unknown; what undoes may not.
  if (ask.shielded && !request.undoable) return { follows: 'stuck', status, error };
  const saysNothing = backoff.repeats(error) || NO_ANSWERS.some((type) => error instanceof type);
  const earlierMayHave = status === 'failed' && ask.doubtful && request.effect === 'idempotent' && saysNothing;
  return earlierMayHave ? { follows: 'end', ...doubtOf(ask, error) } : { follows: 'end', ...attempted };
}

/** @param answer undefined says that the attempt did nothing and never will; else why there is no answer */
export function afterProbe(ask: StepAsk, answer: Unsuccessful | undefined, { now, draw }: Situation): Sequel {
  const { backoff, request, tried, tries } = ask;
  if (!answer) {
    const no = notDone(request.name);
    // What surely did not happen is worth one attempt more than the policy has, unless it is only to be found out.
    if (ask.settles || tries > backoff.attemptsMax) return { follows: 'end', ...no };
    return { follows: 'again', status: 'failed', error: no.error, dueAt: now, probes: 0 };
  }
  const { error } = answer;
  const probes = (tried?.status === 'unknown' ? tried.probes : 0) + 1;
  if (probes < (request.retry?.attemptsMax ?? PROBES_MAX)) {
    return { follows: 'again', status: 'unknown', error, dueAt: now + backoff.waitMs(probes, error, draw), probes };
  }
  return { follows: 'end', status: 'unknown', error: outcomeUnknown(request.name, 'its probe gave no answer', error) };
}

/** What follows when an effect happened and its outcome cannot be kept: it is not done again. */
export function afterLostValue({ shielded, matters, request }: StepAsk, error: unknown): Sequel {
  if (shielded && !request.undoable) return { follows: 'stuck', status: 'failed', error };
  if (!matters) return { follows: 'end', status: 'failed', error };
  return { follows: 'end', status: 'unknown', error: outcomeUnknown(request.name, 'what it gave cannot be kept', error) };
}

/** What a step ends with that is waiting when the run is stopped. */
export function afterStop(ask: StepAsk, reason: unknown): Unsuccessful {
  return ask.doubtful && ask.request.effect !== 'read' ? doubtOf(ask, reason) : { status: 'cancelled', error: reason };
}

function doubtOf({ request, tried }: StepAsk, cause: unknown): Unsuccessful {
  const why = tried ? 'the reply to an attempt was lost' : 'the process ended while it was under way';
  return { status: 'unknown', error: outcomeUnknown(request.name, why, cause) };
}

/** What a step ends with that surely did not happen. */
export function notDone(name: string): Unsuccessful {
  const error = new TransientError('STEP_NOT_DONE', `The reply to ${name} was lost, and its probe says that it did not happen.`, {
    details: { step: name },
  });
  return { status: 'failed', error };
}

/** @param reason what is told of the cause */
export function undoFailed(name: string, reason: string, cause: unknown): UsageError {
  return new UsageError(
    'UNDO_FAILED',
    `${name} could not be done (${reason}). What it undoes is still there. Mend the system, then resume the run.`,
    { cause, details: { step: name } },
  );
}

/** One attempt of a step: runs the body under a time limit and says what is known of its outcome (R5). */
import type { StepRequest } from '../../abstract/DurableRun.js';
import type { Call } from '../../kernel/Call.js';
import type { Clock } from '../../kernel/Clock.js';
import { CancelledError, OutcomeUnknownError, TimeoutError } from '../../kernel/errors.js';
import { at } from '../../kernel/whereabouts.js';

/** Why attempts end when the engine closes: such an attempt leaves no record. */
export const HANDED_BACK = Symbol('handed back');

export type Attempted =
  | { readonly status: 'succeeded'; readonly value: unknown }
  | { readonly status: 'failed' | 'cancelled' | 'unknown'; readonly error: unknown }
  | { readonly status: 'handed-back' };

export interface AttemptSettings {
  readonly clock: Clock;
  /** How long a body may take to heed its signal before it is given up. */
  readonly graceMs: number;
}

export type CallParts = Omit<Call, 'signal' | 'deadline' | 'attempt' | 'traceparent'>;

/** `controller` is aborted from outside with a CancelledError or HANDED_BACK, and here when the time is up. */
export async function attemptStep(
  request: StepRequest<unknown>,
  input: unknown,
  parts: CallParts,
  controller: AbortController,
  { clock, graceMs }: AttemptSettings,
): Promise<Attempted> {
  const { timeoutMs } = request;
  const deadline = timeoutMs === undefined ? undefined : new Date(clock.now() + timeoutMs);
  const stopTimer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => controller.abort(timedOut(request.name, timeoutMs)));
  const call: Call = { ...parts, signal: controller.signal, deadline, attempt: 1, traceparent: undefined };
  const gaveUp = giveUp(controller.signal, clock, graceMs);
  try {
    const body = at('in-step', async () => request.body(input, call));
    return { status: 'succeeded', value: await Promise.race([body, gaveUp.promise]) };
  } catch (error) {
    return controller.signal.aborted ? outcomeOfAbort(request, controller.signal.reason) : { status: 'failed', error };
  } finally {
    stopTimer?.();
    gaveUp.stop();
  }
}

/** Rejects when the signal has been aborted for `graceMs`. */
function giveUp(signal: AbortSignal, clock: Clock, graceMs: number) {
  let stopTimer: (() => void) | undefined;
  let onAbort: (() => void) | undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      stopTimer = clock.after(graceMs, () => reject(signal.reason));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  promise.catch(() => undefined);
  return {
    promise,
    stop(): void {
      stopTimer?.();
      if (onAbort) signal.removeEventListener('abort', onAbort);
    },
  };
}

function outcomeOfAbort(request: StepRequest<unknown>, reason: unknown): Attempted {
  if (reason === HANDED_BACK) return { status: 'handed-back' };
  const cancelled = reason instanceof CancelledError;
  if (request.effect === 'read') return { status: cancelled ? 'cancelled' : 'failed', error: reason };
  return { status: 'unknown', error: cancelled ? reason : outcomeUnknown(request.name, 'it did not end within its time', reason) };
}

function timedOut(name: string, timeoutMs: number): TimeoutError {
  return new TimeoutError('STEP_TIMED_OUT', `${name} did not end within ${timeoutMs} ms.`, { details: { step: name, timeoutMs } });
}

export function outcomeUnknown(name: string, why: string, cause?: unknown): OutcomeUnknownError {
  return new OutcomeUnknownError(
    'OUTCOME_UNKNOWN',
    `${name} may or may not have had its effect: ${why}. Look at the system before it is done again.`,
    {
      cause,
      details: { step: name },
    },
  );
}

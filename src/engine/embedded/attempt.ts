/** One attempt of a step: runs the body under a time limit and says what is known of its outcome (R5). */
import type { StepRequest } from '../../abstract/DurableRun.js';
import type { AttemptTrace } from '../../abstract/Telemetry.js';
import type { Call } from '../../kernel/Call.js';
import type { Clock } from '../../kernel/Clock.js';
import { CancelledError, OutcomeUnknownError, TimeoutError } from '../../kernel/errors.js';
import { inStep } from '../../kernel/whereabouts.js';
import { isHandBack } from '../handBack.js';

export type Attempted =
  | { readonly status: 'succeeded'; readonly value: unknown }
  | { readonly status: 'failed' | 'cancelled' | 'unknown'; readonly error: unknown }
  /** Without outcome: by the engine's wish, or with why it could not be waited for. */
  | { readonly status: 'handed-back'; readonly error?: unknown };

export interface AttemptSettings {
  readonly clock: Clock;
  /** How long a body may take to heed its signal before it is given up. */
  readonly graceMs: number;
  /** When the run is stopped, in milliseconds since the epoch; the attempt ends no later. */
  readonly runUntil: number | undefined;
  readonly trace: AttemptTrace;
}

export type CallParts = Omit<Call, 'signal' | 'deadline' | 'attempt' | 'traceparent'>;

/** `controller` is aborted from outside with what stops the run or hands it back, and here when the time is up. */
export async function attemptStep(
  request: StepRequest<unknown>,
  input: unknown,
  parts: CallParts,
  controller: AbortController,
  { clock, graceMs, runUntil, trace }: AttemptSettings,
): Promise<Attempted> {
  const { timeoutMs } = request;
  const until = Math.min(
    timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.now() + timeoutMs,
    runUntil ?? Number.POSITIVE_INFINITY,
  );
  const deadline = Number.isFinite(until) ? new Date(until) : undefined;
  const stopTimer = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => controller.abort(timedOut(request.name, timeoutMs)));
  const { key, log, workspace, emit, progress, secret } = parts;
  const call: Call = {
    key,
    log,
    workspace,
    emit,
    progress,
    secret,
    signal: controller.signal,
    deadline,
    attempt: 1,
    traceparent: trace.traceparent,
  };
  const gaveUp = giveUp(controller.signal, clock, request.endsByItself ? undefined : graceMs);
  try {
    const body = trace.run(() => inStep(request.name, async () => request.body(input, call)));
    return { status: 'succeeded', value: await Promise.race([body, gaveUp.promise]) };
  } catch (error) {
    return controller.signal.aborted ? outcomeOfAbort(request, controller.signal.reason) : outcomeOfError(error, request);
  } finally {
    stopTimer?.();
    gaveUp.stop();
  }
}

/** Rejects when the signal has been aborted for `graceMs`, if there is such a limit. */
function giveUp(signal: AbortSignal, clock: Clock, graceMs: number | undefined) {
  let stopTimer: (() => void) | undefined;
  let onAbort: (() => void) | undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    onAbort = () => {
      if (graceMs !== undefined) stopTimer = clock.after(graceMs, () => reject(signal.reason));
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

/** An error is a definite no, unless it says that it is not. */
function outcomeOfError(error: unknown, { endsByItself }: StepRequest<unknown>): Attempted {
  if (endsByItself && isHandBack(error)) return { status: 'handed-back', error }; // The child has no outcome yet.
  return { status: error instanceof OutcomeUnknownError ? 'unknown' : 'failed', error };
}

function outcomeOfAbort(request: StepRequest<unknown>, reason: unknown): Attempted {
  if (isHandBack(reason)) return { status: 'handed-back' }; // It leaves no record.
  const runStopped = reason instanceof CancelledError || (reason instanceof TimeoutError && reason.code !== 'STEP_TIMED_OUT');
  if (request.effect === 'read') return { status: runStopped ? 'cancelled' : 'failed', error: reason };
  return { status: 'unknown', error: runStopped ? reason : outcomeUnknown(request.name, 'it did not end within its time', reason) };
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

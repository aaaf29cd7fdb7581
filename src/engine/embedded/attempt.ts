/** One attempt of a step, or one question of its probe: runs it under a time limit and says what is known of its outcome (R5). */
import type { AttemptTrace } from '../../abstract/Telemetry.js';
import type { Call, Effect } from '../../kernel/Call.js';
import type { Clock } from '../../kernel/Clock.js';
import { CancelledError, OutcomeUnknownError, TimeoutError } from '../../kernel/errors.js';
import { inStep } from '../../kernel/whereabouts.js';
import { isHandBack } from '../handBack.js';

export type Attempted =
  | { readonly status: 'succeeded'; readonly value: unknown }
  | { readonly status: 'failed' | 'cancelled' | 'unknown'; readonly error: unknown }
  /** Without outcome: by the engine's wish, or with why it could not be waited for. */
  | { readonly status: 'handed-back'; readonly error?: unknown };

/** What is attempted. */
export interface Work {
  readonly name: string;
  readonly effect: Effect;
  /** It begins a run: what it has begun cannot be given up, and what it could not wait for has no outcome. */
  readonly child: boolean;
  /** Whether it happened must be found out before anything is undone. */
  readonly matters: boolean;
  body(call: Call): unknown;
}

export interface AttemptSettings {
  readonly clock: Clock;
  /** How long a body may take to heed its signal before it is given up. */
  readonly graceMs: number;
  /** Just now, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** Number of the attempt. */
  readonly number: number;
  /** When it is aborted, in milliseconds since the epoch. */
  readonly until: number | undefined;
  /** When the run is stopped, in milliseconds since the epoch; the attempt ends no later. */
  readonly runUntil: number | undefined;
  readonly trace: AttemptTrace;
  /** What the body threw says that this run has to be left to its next load. Such an error of another run is as any other. */
  readonly handsBack: (error: unknown) => boolean;
}

export type CallParts = Omit<Call, 'signal' | 'deadline' | 'attempt' | 'traceparent'>;

/** `controller` is aborted from outside with what stops the run or hands it back, and here when the time is up. */
export async function attemptStep(
  work: Work,
  parts: CallParts,
  controller: AbortController,
  { clock, graceMs, startedAt, number, until, runUntil, trace, handsBack }: AttemptSettings,
): Promise<Attempted> {
  const { key, log, workspace, emit, progress, secret } = parts;
  const limitMs = until === undefined ? undefined : Math.max(until - startedAt, 0);
  const stopTimer = limitMs === undefined ? undefined : clock.after(limitMs, () => controller.abort(timedOut(work.name, limitMs)));
  const call: Call = {
    key,
    log,
    workspace,
    emit,
    progress,
    secret,
    signal: controller.signal,
    deadline: earliest(until, runUntil),
    attempt: number,
    traceparent: trace.traceparent,
  };
  const gaveUp = giveUp(controller.signal, clock, work.child ? undefined : graceMs);
  try {
    const body = trace.run(() => inStep(work.name, async () => work.body(call)));
    return { status: 'succeeded', value: await Promise.race([body, gaveUp.promise]) };
  } catch (error) {
    if (controller.signal.aborted) return outcomeOfAbort(work, controller.signal.reason);
    // The run that it began, or asked for, has no outcome yet.
    return handsBack(error) ? { status: 'handed-back', error } : outcomeOfError(error);
  } finally {
    stopTimer?.();
    gaveUp.stop();
  }
}

function earliest(...times: readonly (number | undefined)[]): Date | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : new Date(Math.min(...known));
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
function outcomeOfError(error: unknown): Attempted {
  return { status: error instanceof OutcomeUnknownError ? 'unknown' : 'failed', error };
}

function outcomeOfAbort({ name, effect, matters }: Work, reason: unknown): Attempted {
  if (isHandBack(reason)) return { status: 'handed-back' }; // It leaves no record.
  const runStopped = reason instanceof CancelledError || (reason instanceof TimeoutError && reason.code !== 'STEP_TIMED_OUT');
  if (effect === 'read') return { status: runStopped ? 'cancelled' : 'failed', error: reason };
  if (runStopped && !matters) return { status: 'unknown', error: reason };
  return { status: 'unknown', error: outcomeUnknown(name, runStopped ? 'the run was stopped' : 'it did not end within its time', reason) };
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

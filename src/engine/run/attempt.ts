/** One attempt of a step, or one question of its probe: runs it under a time limit and says what is known of its outcome (R5). */
import type { AttemptTrace } from '../../abstract/Telemetry.js';
import type { Call, Effect } from '../../kernel/Call.js';
import type { Clock } from '../../kernel/Clock.js';
import { CancelledError, OutcomeUnknownError, TimeoutError } from '../../kernel/errors.js';
import { inStep } from '../../kernel/whereabouts.js';
import { isHandBack } from '../handBack.js';
import type { AttemptStop } from './AttemptStop.js';

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

/** `stop` is aborted from outside with what stops the run or hands it back, and here when the time is up. */
export async function attemptStep(work: Work, parts: CallParts, stop: AttemptStop, settings: AttemptSettings): Promise<Attempted> {
  const { clock, startedAt, until, handsBack } = settings;
  const limitMs = until === undefined ? undefined : Math.max(until - startedAt, 0);
  const stopTimer = limitMs === undefined ? undefined : clock.after(limitMs, () => stop.abort(timedOut(work.name, limitMs)));
  const call = callOf(parts, stop, settings);
  let stopGrace: (() => void) | undefined;
  try {
    const value = await new Promise<unknown>((resolve, reject) => {
      stop.whenAborted(() => {
        if (!work.child) stopGrace = clock.after(settings.graceMs, () => reject(stop.reason));
      });
      settings.trace.run(() => inStep(work.name, async () => work.body(call))).then(resolve, reject);
    });
    return { status: 'succeeded', value };
  } catch (error) {
    if (stop.aborted) return outcomeOfAbort(work, stop.reason);
    // The run that it began, or asked for, has no outcome yet.
    return handsBack(error) ? { status: 'handed-back', error } : outcomeOfError(error);
  } finally {
    stopTimer?.();
    stopGrace?.();
  }
}

function callOf(parts: CallParts, stop: AttemptStop, { number, until, runUntil, trace }: AttemptSettings): Call {
  const { key, log, workspace, emit, progress, secret } = parts;
  const deadline = until === undefined && runUntil === undefined ? undefined : earliest(until, runUntil);
  const { traceparent } = trace;
  const call = { key, log, workspace, emit, progress, secret, deadline, attempt: number, traceparent, [STOP]: stop };
  return Object.defineProperty(call, 'signal', SIGNAL) as typeof call & Pick<Call, 'signal'>;
}

const STOP = Symbol('sixfold.stop');

/** One for all calls: an accessor of its own would give each of them a shape of its own. */
const SIGNAL: PropertyDescriptor & ThisType<{ readonly [STOP]: AttemptStop }> = {
  enumerable: true,
  configurable: true,
  get() {
    return this[STOP].signal;
  },
};

function earliest(...times: readonly (number | undefined)[]): Date | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : new Date(Math.min(...known));
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

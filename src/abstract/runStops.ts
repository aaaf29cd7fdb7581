/** What ends a run before its code would, in words. */
import { CancelledError, TimeoutError } from '../kernel/errors.js';
import type { Phase } from './Phase.js';

export function deadlinePassed(command: string, deadline: Date): TimeoutError {
  return new TimeoutError(
    'DEADLINE_PASSED',
    `${command} did not end before its deadline, ${deadline.toISOString()}. Give it more time, or see which step took so long.`,
    {
      details: { deadline: deadline.toISOString() },
    },
  );
}

export function phaseTimedOut(command: string, phase: Phase, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    'PHASE_TIMED_OUT',
    `The ${phase} phase of ${command} did not end within ${timeoutMs} ms. Allow more in phaseTimeoutsMs, or see which step took so long.`,
    {
      details: { phase, timeoutMs },
    },
  );
}

/** What code gets that goes on while what the run did is being undone. */
export function runFailed(what: string): CancelledError {
  return new CancelledError('RUN_CANCELLED', `${what} is not started: the run has failed.`, { details: { step: what } });
}

/** Not a failure: thrown so that the code ends where it calls `ctx.continueAs`. */
export function runContinues(command: string): CancelledError {
  return new CancelledError(
    'RUN_CONTINUES',
    `This run of ${command} ends here, and a successor goes on with it. Return what ctx.continueAs gives, and do nothing after it.`,
    { details: { command } },
  );
}

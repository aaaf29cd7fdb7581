/** What a run refuses, in words: each says what happened and what to do instead. */
import { CancelledError, type SixfoldError, TransientError, UsageError } from '../../kernel/errors.js';
import { whereabouts } from '../../kernel/whereabouts.js';

/** @param what such as `waits for`, or `asked for charge after waiting for` */
export function notJournaled({ id, command }: { readonly id: string; readonly command: string }, what: string): UsageError {
  return new UsageError(
    'WORK_NOT_JOURNALED',
    `${command} ${what} something that the journal does not know, such as a timer, a file or a request. Put it in ctx.step or in an operation.`,
    { details: { run: id, command } },
  );
}

export function stepInStep(name: string): UsageError {
  return new UsageError(
    'STEP_IN_STEP',
    `${name} was asked for inside the body of another step. Steps come one after the other or side by side, never inside one another.`,
    { details: { step: name } },
  );
}

export function afterFailure(name: string): CancelledError {
  return new CancelledError('RUN_CANCELLED', `${name} is not started: the run has failed.`, { details: { step: name } });
}

/** A draw in a body is not repeated on replay, so every later one would be another. */
export function refuseInStep(draw: string): void {
  if (whereabouts() !== 'in-step') return;
  throw new UsageError(
    'CHANCE_IN_STEP',
    `ctx.${draw}() was called inside the body of a step, which replay leaves out. Call it before the step.`,
    { details: { draw } },
  );
}

export function handedBack(runId: string): TransientError {
  return new TransientError('RUN_HANDED_BACK', `Run ${runId} was not finished when its engine closed. Resume it.`, {
    details: { run: runId },
  });
}

/** A refusal that ends the run; the others leave it to be resumed. */
export function isOutcome(refusal: SixfoldError): boolean {
  return refusal.code === 'WORK_NOT_JOURNALED';
}

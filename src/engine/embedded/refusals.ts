/** What a run refuses, in words: each says what happened and what to do instead. */
import type { GateOverride } from '../../abstract/Timeline.js';
import { CancelledError, type SixfoldError, UsageError } from '../../kernel/errors.js';
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

export function cancelled(reason: string): CancelledError {
  return new CancelledError('RUN_CANCELLED', `The run was cancelled: ${reason}.`, { details: { reason } });
}

/** @throws UsageError `OVERRIDE_INVALID` */
export function checkedOverride(gate: string, override: GateOverride): GateOverride {
  for (const name of ['by', 'reason'] as const) {
    if (typeof override[name] === 'string' && override[name].trim() !== '') continue;
    const asked = name === 'by' ? 'who lets it pass' : 'why it may pass';
    throw new UsageError('OVERRIDE_INVALID', `The override of gate "${gate}" does not say ${asked}. Give ${name} as text.`, {
      details: { gate },
    });
  }
  return override;
}

export function deadlineInPast(command: string, deadline: number): UsageError {
  return new UsageError(
    'DEADLINE_INVALID',
    `The deadline of ${command}, ${new Date(deadline).toISOString()}, is over. Give one in the future.`,
    {
      details: { deadline },
    },
  );
}

export function runEnded(runId: string): UsageError {
  return new UsageError('RUN_ENDED', `Run ${runId} has ended, so nothing about it can be decided any more. Start another one.`, {
    details: { run: runId },
  });
}

/** A refusal that ends the run; the others leave it to be resumed. */
export function isOutcome(refusal: SixfoldError): boolean {
  return refusal.code === 'WORK_NOT_JOURNALED';
}

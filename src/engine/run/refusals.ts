/** What a run refuses, in words: each says what happened and what to do instead. */
import type { GateOverride } from '../../abstract/Timeline.js';
import { CancelledError, type SixfoldError, UsageError } from '../../kernel/errors.js';
import { whereabouts } from '../../kernel/whereabouts.js';
import { isHandBack } from '../handBack.js';
import type { JournalRecord } from '../Record.js';
import type { Leftover } from './divergence.js';
import type { Rest, RunRow } from './RunJournal.js';

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

export function afterBranch(name: string): CancelledError {
  return new CancelledError(
    'RUN_CANCELLED',
    `${name} is not started: the branch that asks for it has its outcome. Await it inside the branch.`,
    {
      details: { step: name },
    },
  );
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

/** Why a run cannot be gone on with after its end, if it cannot. @param inTime its deadline, if it has one, has not passed */
export function notReopened({ id, status }: RunRow, records: readonly JournalRecord[], inTime = true): UsageError | undefined {
  const refuse = (why: string) =>
    new UsageError('RUN_NOT_REOPENED', `Run ${id} cannot be gone on with: ${why}.`, { details: { run: id, status } });
  if (status === 'compensated') return refuse('what it did was undone. Start another one');
  if (status !== 'failed') return refuse(`only a failed run can, and this one ${status === null ? 'has not ended' : `is ${status}`}`);
  if (stands(records)) return undefined; // Behind its pivot no time stops it.
  const lastEnd = records.findLastIndex(({ kind }) => kind === 'reopened');
  const late = records.slice(lastEnd + 1).find(({ kind }) => kind === 'time-passed')?.label ?? (inTime ? undefined : 'deadline');
  return late === undefined ? undefined : refuse(`its time (${late}) has passed. Start another one, or fork it`);
}

/** It ended behind its pivot. */
function stands(records: readonly JournalRecord[]): boolean {
  const { body } = records.findLast(({ kind }) => kind === 'ended') ?? {};
  return (JSON.parse(body ?? '{}') as { readonly stands?: boolean }).stands === true;
}

/** @param why the child cannot be gone on with */
export function childNotReopened({ id, status }: RunRow, child: RunRow, why: SixfoldError): UsageError {
  return new UsageError(
    'RUN_NOT_REOPENED',
    `Run ${id} cannot be gone on with, since it failed with its child ${child.command}: ${why.message}`,
    { cause: why, details: { run: id, status, child: child.id } },
  );
}

/** Another reopening, or `prune`, was faster. */
export function reopenedByOthers(runId: string): UsageError {
  return new UsageError('RUN_NOT_REOPENED', `Run ${runId} cannot be gone on with: it was gone on with, or removed, meanwhile.`, {
    details: { run: runId },
  });
}

/** A refusal that ends the run; the others leave it to be resumed. */
export function isOutcome(refusal: SixfoldError): boolean {
  return refusal.code === 'WORK_NOT_JOURNALED';
}

/** How a run is left that was refused without an end: for any process to go on with, or for somebody to look at. */
export function restAfter(refusal: SixfoldError): Rest {
  if (isHandBack(refusal)) return { standing: 'running', due: null, waits: [] };
  return { standing: 'stopped', due: null, waits: [{ what: 'person', name: refusal.message }] };
}

/** Ends a check where the run would do something new: whether it still asks for all that was recorded is only known if nothing is left. */
export function checked(runId: string, fresh: readonly { readonly identity: string }[], leftover: Leftover): CancelledError {
  const recorded = [...leftover].find(([, records]) => records.some(({ effect }) => effect !== 'read'))?.[0];
  const doubt = recorded === undefined ? {} : { asked: fresh[0]?.identity, recorded };
  return new CancelledError('RUN_CHECKED', `Run ${runId} would go on here.`, { details: { run: runId, ...doubt } });
}

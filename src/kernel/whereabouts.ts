/**
 * Tells whether the present asynchronous context is inside a run, and if so inside which of its branches or steps. Lets an
 * operation refuse a call that would bypass the journal, a log line name its step, and an ask its branch.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** `between-steps` is the code of hooks; `in-step` is the body of a step, where effects belong. */
export type Whereabouts = 'outside' | 'between-steps' | 'in-step';

interface Place {
  readonly at: Whereabouts;
  /** Name of the step, inside one. */
  readonly step?: string;
  /** Path of the branch, inside one; without the phase. */
  readonly branch?: string;
}

const BETWEEN_STEPS: Place = { at: 'between-steps' };
const context = new AsyncLocalStorage<Place>();

export function whereabouts(): Whereabouts {
  return context.getStore()?.at ?? 'outside';
}

/** Name of the step whose body is running, if one is. */
export function presentStep(): string | undefined {
  return context.getStore()?.step;
}

/** Path of the branch whose code is running, such as `batch~0.page~1`; undefined outside every branch. */
export function presentBranch(): string | undefined {
  return context.getStore()?.branch;
}

/** Runs the code of hooks, and everything it starts. */
export function betweenSteps<T>(body: () => T): T {
  return context.run(BETWEEN_STEPS, body);
}

/** Runs the code of a branch, and everything it starts. @param path the whole path, that of the outer branches included */
export function inBranch<T>(path: string, body: () => T): T {
  return context.run({ at: 'between-steps', branch: path }, body);
}

/** Runs the body of a step, and everything it starts. */
export function inStep<T>(step: string, body: () => T): T {
  return context.run({ at: 'in-step', step }, body);
}

/**
 * Tells whether the present asynchronous context is inside a run, and if so whether inside one of its steps. Lets an
 * operation refuse a call that would bypass the journal, and a log line name its step.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** `between-steps` is the code of hooks; `in-step` is the body of a step, where effects belong. */
export type Whereabouts = 'outside' | 'between-steps' | 'in-step';

interface Place {
  readonly at: Whereabouts;
  /** Name of the step, inside one. */
  readonly step?: string;
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

/** Runs the code of hooks, and everything it starts. */
export function betweenSteps<T>(body: () => T): T {
  return context.run(BETWEEN_STEPS, body);
}

/** Runs the body of a step, and everything it starts. */
export function inStep<T>(step: string, body: () => T): T {
  return context.run({ at: 'in-step', step }, body);
}

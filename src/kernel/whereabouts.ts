/**
 * Tells whether the present asynchronous context is inside a run, and if so whether inside one of its steps. Lets an
 * operation refuse a call that would bypass the journal.
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** `between-steps` is the code of hooks; `in-step` is the body of a step, where effects belong. */
export type Whereabouts = 'outside' | 'between-steps' | 'in-step';

const context = new AsyncLocalStorage<Whereabouts>();

export function whereabouts(): Whereabouts {
  return context.getStore() ?? 'outside';
}

/** Runs `body`, and everything it starts, at the given place. */
export function at<T>(place: Whereabouts, body: () => T): T {
  return context.run(place, body);
}

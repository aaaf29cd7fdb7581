/**
 * The sealed driver of the six phases. The phases' content comes from the base of the command; order, names and what
 * happens on failure come from here.
 *
 * Invariant: `cleanup` is entered whatever happened before.
 */
import type { Phase } from './Phase.js';
import type { RunReport } from './RunReport.js';

/** What a base does in each phase. A phase that it leaves out is entered and does nothing. */
export interface LifecycleBodies<R> {
  planning?(): Promise<void>;
  validation?(): Promise<void>;
  setup?(): Promise<void>;
  execution(): Promise<R>;
  /** Accepts, or refuses by throwing, what the execution returned. */
  completion?(result: R): Promise<void>;
  /** What the outcome says besides the result, whatever became of the run. */
  report(): RunReport;
}

/** Runs the phases before cleanup, which the engine's unloading brings about: it may have effects that are not journaled. */
export async function driveLifecycle<R>(bodies: LifecycleBodies<R>, enter: (phase: Phase) => void): Promise<R> {
  enter('planning');
  await bodies.planning?.();
  enter('validation');
  await bodies.validation?.();
  enter('setup');
  await bodies.setup?.();
  enter('execution');
  const result = await bodies.execution();
  enter('completion');
  await bodies.completion?.(result);
  return result;
}

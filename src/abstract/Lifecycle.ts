/**
 * The sealed driver of the six phases. The phases' content comes from the base of the command; order, names and what
 * happens on failure come from here.
 *
 * Invariants: the phases come in order, each once; what failed or was cancelled is undone before anybody is told how the
 * command ended; `cleanup` is entered whatever happened before, since the engine brings it about when it unloads the run:
 * it may have effects that are not journaled.
 */
import type { Phase } from './Phase.js';
import type { Findings } from './RunReport.js';

/** What a base does in each phase. A phase that it leaves out is entered and does nothing. */
export interface LifecycleBodies<R> {
  /** Name of the hook whose value is the result, for messages. */
  readonly resultHook: string;
  planning?(): Promise<void>;
  validation?(): Promise<void>;
  setup?(): Promise<void>;
  execution(): Promise<R>;
  /** Accepts, or refuses by throwing, what the execution returned. */
  completion?(result: R): Promise<void>;
  /** What the outcome says besides the result, whatever became of the run. */
  findings(): Findings;
}

/** What stands around the phases of every command. */
export interface LifecycleFrame<R> {
  enter(phase: Phase): void;
  /** Turns away a principal that may not run the command. Begins the validation. */
  readonly clear: (() => Promise<void>) | undefined;
  /** Begins the setup. */
  readonly before: (() => Promise<void>) | undefined;
  /** The result as it is kept, or an error. Begins the completion. */
  accept(result: R): R | Promise<R>;
  /** Undoes what the run did. Resolves to the error to end with; undefined when there is nothing to undo. */
  compensate(error: unknown): Promise<unknown> | undefined;
  /** Ends what `before` began. */
  readonly after: ((ending: { readonly result: R } | { readonly error: unknown }) => Promise<void>) | undefined;
}

/** Runs the phases before cleanup. Waits only where there is something to wait for. */
export async function driveLifecycle<R>(bodies: LifecycleBodies<R>, frame: LifecycleFrame<R>): Promise<R> {
  let command: 'not begun' | 'begun' | 'over' = 'not begun';
  try {
    frame.enter('planning');
    if (bodies.planning) await bodies.planning();
    frame.enter('validation');
    if (frame.clear) await frame.clear();
    if (bodies.validation) await bodies.validation();
    frame.enter('setup');
    if (frame.before) await frame.before();
    command = 'begun';
    if (bodies.setup) await bodies.setup();
    frame.enter('execution');
    const returned = await bodies.execution();
    frame.enter('completion');
    const accepted = frame.accept(returned);
    const result = accepted instanceof Promise ? await accepted : accepted;
    if (bodies.completion) await bodies.completion(result);
    command = 'over';
    if (frame.after) await frame.after({ result });
    return result;
  } catch (error) {
    const undoing = frame.compensate(error);
    const failure = undoing ? await undoing : error;
    if (command === 'begun' && frame.after) await frame.after({ error: failure });
    throw failure;
  }
}

/**
 * How often ticks are let through. Code that chains more `process.nextTick` than this between two steps is refused as
 * work that is not journaled, never delivered to wrongly.
 */
const ROUNDS = 3;
const RESOLVED = Promise.resolve();

/**
 * Calls `done` when every microtask and tick has run that follows from what was just done. The event loop does not go
 * on meanwhile: a timer or an answer from outside that comes later finds the run not driven.
 *
 * @param isOver true when nothing more can follow, so that the last rounds are not needed
 */
export function drain(done: () => void, isOver: () => boolean): void {
  let rounds = ROUNDS;
  const afterTicks = (): void => {
    rounds -= 1;
    if (rounds > 0 && !isOver()) void RESOLVED.then(afterMicrotasks);
    else done();
  };
  const afterMicrotasks = (): void => process.nextTick(afterTicks);
  void RESOLVED.then(afterMicrotasks);
}

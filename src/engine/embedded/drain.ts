/**
 * How often ticks are let through. Code that chains more `process.nextTick` than this between two steps is refused as
 * work that is not journaled, never delivered to wrongly.
 */
const ROUNDS = 3;

/**
 * Calls `done` when every microtask and tick has run that follows from what was just done. The event loop does not go
 * on meanwhile: a timer or an answer from outside that comes later finds the run not driven.
 */
export function drain(done: () => void, rounds = ROUNDS): void {
  queueMicrotask(() => process.nextTick(() => (rounds > 1 ? drain(done, rounds - 1) : done())));
}

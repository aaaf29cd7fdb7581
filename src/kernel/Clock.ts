/** Where time comes from. Engines take a clock so that tests can move it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls `callback` once after `delayMs`; the returned function takes it back. */
  after(delayMs: number, callback: () => void): () => void;
}

/** `setTimeout` overflows beyond 2³¹−1 ms, so longer delays are waited for in parts. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, callback) {
    let timer: NodeJS.Timeout;
    const wait = (leftMs: number): void => {
      timer = setTimeout(() => (leftMs > TIMER_MS_MAX ? wait(leftMs - TIMER_MS_MAX) : callback()), Math.min(leftMs, TIMER_MS_MAX));
    };
    wait(Math.max(0, delayMs)); // What is due already comes with the next turn.
    return () => clearTimeout(timer);
  },
};

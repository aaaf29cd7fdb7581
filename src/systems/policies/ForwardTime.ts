import type { Clock } from '../../kernel/Clock.js';

/**
 * Milliseconds that have passed. They never fall: when a clock is put back, what is to last a while begins anew at most, and does not last
 * until the clock is where it was.
 */
export class ForwardTime {
  /** Not zero, which lru-cache takes for "no time". */
  private passedMs = 1;
  private lastMs: number;

  constructor(private clock: Clock) {
    this.lastMs = clock.now();
  }

  /** From now on as this clock goes. Engines that share a system may have clocks of their own. */
  follow(clock: Clock): void {
    if (clock === this.clock) return;
    this.now();
    this.clock = clock;
    this.lastMs = clock.now();
  }

  now(): number {
    const ms = this.clock.now();
    this.passedMs += Math.max(0, ms - this.lastMs);
    this.lastMs = ms;
    return this.passedMs;
  }

  /** What the clock will show in so many milliseconds. */
  dateIn(ms: number): Date {
    return new Date(this.clock.now() + ms);
  }

  /** @returns takes it back */
  after(delayMs: number, callback: () => void): () => void {
    return this.clock.after(delayMs, callback);
  }
}

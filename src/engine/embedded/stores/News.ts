/**
 * Wakes who waits for a change of the stores.
 *
 * Owns: who waits. Invariant: whoever was woken looks again, so waking too often does no harm.
 */
import type { Clock } from '../../../kernel/Clock.js';

export class News {
  private readonly waiting = new Set<() => void>();

  constructor(private readonly clock: Clock) {}

  /** Resolves when something changed here or in another process, or after so long. */
  wait(forMs: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        stopTimer();
        this.waiting.delete(wake);
        resolve();
      };
      const stopTimer = this.clock.after(forMs, wake);
      this.waiting.add(wake);
    });
  }

  tell = (): void => {
    for (const wake of this.waiting) wake(); // Nobody is added meanwhile.
  };
}

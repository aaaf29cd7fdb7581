import type { Clock } from '../../kernel/Clock.js';

/** An effect that takes longer does not keep others from beginning. */
const HELD_MS_MAX = 1000;

/**
 * Keeps the effects of many runs that are resumed at once from beginning together.
 *
 * Owns: how many have begun lately, who waits. Invariant: never more than `max` are under way that began within the last second.
 */
export class TurnsToStart {
  private taken = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly max: number,
  ) {}

  /** Resolves when it is one's turn. Call what it gives when the effect has ended. */
  async take(): Promise<() => void> {
    if (this.taken >= this.max) await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.taken += 1;
    let held = true;
    const release = (): void => {
      if (!held) return;
      held = false;
      stopTimer();
      const next = this.waiting.shift();
      if (next) next();
      else this.taken -= 1;
    };
    const stopTimer = this.clock.after(HELD_MS_MAX, release);
    return release;
  }
}

/**
 * Hands a run's events to any number of observers, each from the first on.
 *
 * Owns: the events of one load. Invariant: an observer sees every event in order, whenever it began, and ends with the run.
 */
import type { RunEvent } from './Engine.js';

/** Beyond this many events the oldest are no longer kept for late observers. */
const EVENTS_MAX = 10_000;

export class RunWatch {
  private readonly events: RunEvent[] = [];
  private dropped = 0;
  private over = false;
  private readonly waiting = new Set<() => void>();

  publish(event: RunEvent): void {
    this.events.push(event);
    if (this.events.length > EVENTS_MAX) {
      this.events.shift();
      this.dropped += 1;
    }
    this.wake();
  }

  end(): void {
    this.over = true;
    this.wake();
  }

  async *observe(): AsyncGenerator<RunEvent> {
    for (let next = 0; ; next += 1) {
      while (next - this.dropped >= this.events.length) {
        if (this.over) return;
        await new Promise<void>((resolve) => this.waiting.add(resolve));
      }
      next = Math.max(next, this.dropped);
      const event = this.events[next - this.dropped];
      if (event) yield event;
    }
  }

  private wake(): void {
    for (const resume of this.waiting) resume();
    this.waiting.clear();
  }
}

/**
 * Time that stands until it is moved to what happens next. Any number of clocks share it, one for each process, so that the
 * timers of a process that is killed go with it.
 *
 * Invariant: of two things at one time the one that was set first happens first.
 */
import type { Clock } from '../../src/kernel/Clock.js';

interface Happening {
  readonly at: number;
  readonly order: number;
  readonly what: () => void;
}

export class VirtualTime {
  private readonly happenings: Happening[] = [];
  private orders = 0;
  /** Grows with everything that is set or happens. */
  activity = 0;

  constructor(public now = Date.UTC(2026, 0, 1)) {}

  /** When the next thing happens. */
  get nextAt(): number | undefined {
    return this.happenings[0]?.at;
  }

  /** @returns takes it back */
  after(delayMs: number, what: () => void): () => void {
    this.activity += 1;
    this.orders += 1;
    const happening: Happening = { at: this.now + Math.max(0, delayMs), order: this.orders, what };
    const place = this.happenings.findIndex(({ at }) => at > happening.at);
    this.happenings.splice(place === -1 ? this.happenings.length : place, 0, happening);
    return () => {
      const index = this.happenings.indexOf(happening);
      if (index !== -1) this.happenings.splice(index, 1);
    };
  }

  /** Goes to the next thing and lets it happen. @returns whether there was one */
  step(): boolean {
    const next = this.happenings.shift();
    if (!next) return false;
    this.activity += 1;
    this.now = Math.max(this.now, next.at);
    next.what();
    return true;
  }
}

/** Something is under way that virtual time does not know: an engine removes the workspace of a run that it resumed. */
export function isReachingFiles(): boolean {
  return process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));
}

/** The clock of one process. */
export class ProcessClock implements Clock {
  private dead = false;

  constructor(
    private readonly time: VirtualTime,
    /** How far it is off, in milliseconds; a jump changes it. */
    public offsetMs = 0,
  ) {}

  now(): number {
    return this.time.now + this.offsetMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.time.after(delayMs, () => {
      if (!this.dead) callback();
    });
  }

  kill(): void {
    this.dead = true;
  }
}

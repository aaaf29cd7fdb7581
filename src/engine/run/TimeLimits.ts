/**
 * The points in time after which a run is stopped.
 *
 * Owns: the timers. Does not own: the journal, the stopping. Invariant: that a time has passed is a record, so that a
 * replay meets it at the same place.
 */
import type { TimeLimit } from '../../abstract/DurableRun.js';
import type { Clock } from '../../kernel/Clock.js';
import { type SixfoldError, TimeoutError } from '../../kernel/errors.js';

export class TimeLimits {
  /** All that were set on this load, by name; those of ended phases are kept, since their record may be on its way. */
  private readonly limits = new Map<string, TimeLimit>();
  private readonly timers = new Map<string, () => void>();
  /** Set while recorded outcomes were delivered again: the code may yet take them back. */
  private readonly unarmed = new Set<string>();
  /** Names whose time is recorded to have come. */
  private readonly passed = new Set<string>();

  constructor(
    private readonly clock: Clock,
    /** Records that the time of this name has come. */
    private readonly pass: (name: string) => void,
    private readonly replaying: () => boolean,
  ) {}

  set(limit: TimeLimit): () => void {
    this.limits.set(limit.name, limit);
    if (this.replaying()) this.unarmed.add(limit.name);
    else this.arm(limit);
    return () => this.stopOne(limit.name);
  }

  /** All that was recorded is delivered: what is still set counts from now on. */
  reachFrontier(): void {
    for (const name of this.unarmed) {
      const limit = this.limits.get(name);
      if (limit) this.arm(limit);
    }
    this.unarmed.clear();
  }

  private arm({ name, until }: TimeLimit): void {
    const leftMs = until.getTime() - this.clock.now();
    if (leftMs <= 0) this.passOnce(name);
    else {
      const stop = this.clock.after(leftMs, () => {
        this.timers.delete(name);
        this.passOnce(name);
      });
      this.timers.set(name, stop);
    }
  }

  /** Takes in that an earlier load recorded it. */
  recall(name: string): void {
    this.passed.add(name);
  }

  private passOnce(name: string): void {
    if (this.passed.has(name)) return;
    this.passed.add(name);
    this.pass(name);
  }

  /** The earliest of those that are running, in milliseconds since the epoch. */
  get next(): number | undefined {
    let next: number | undefined;
    for (const name of [...this.timers.keys(), ...this.unarmed]) {
      const until = this.limits.get(name)?.until.getTime() ?? Number.POSITIVE_INFINITY;
      next = Math.min(next ?? until, until);
    }
    return next;
  }

  /** What a run is stopped with when the time of this name has come. */
  errorOf(name: string): SixfoldError {
    const limit = this.limits.get(name);
    return limit?.passed() ?? new TimeoutError('DEADLINE_PASSED', `The time of ${name} has passed.`);
  }

  stop(): void {
    for (const name of [...this.timers.keys(), ...this.unarmed]) this.stopOne(name);
  }

  private stopOne(name: string): void {
    this.timers.get(name)?.();
    this.timers.delete(name);
    this.unarmed.delete(name);
  }
}

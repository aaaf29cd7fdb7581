/** How often a queue may begin a run: the rule that the journals share. */
import type { QueueLimits } from '../Engine.js';

type Rate = NonNullable<QueueLimits['rate']>;

/**
 * The rate of a queue by the generic cell rate algorithm (ITU-T I.371): `count` beginnings at once, after that one every
 * `perMs / count`. All it keeps is when the next one would arrive if they came evenly, in milliseconds since the epoch.
 */
export class Pace {
  private readonly gapMs: number;
  private readonly toleranceMs: number;

  constructor(
    rate: Rate | undefined,
    public arrivalAt: number,
    private readonly now: number,
  ) {
    this.gapMs = rate ? rate.perMs / rate.count : 0;
    this.toleranceMs = rate ? rate.perMs - this.gapMs : 0;
    // A clock that was set back must not close the queue for as long.
    if (rate) this.arrivalAt = Math.min(arrivalAt, now + rate.perMs);
  }

  /** When the next may begin; in the past or now if it may. */
  get nextAt(): number {
    return this.arrivalAt - this.toleranceMs;
  }

  get open(): boolean {
    return this.gapMs === 0 || this.nextAt <= this.now;
  }

  take(): void {
    if (this.gapMs > 0) this.arrivalAt = Math.max(this.arrivalAt, this.now) + this.gapMs;
  }
}

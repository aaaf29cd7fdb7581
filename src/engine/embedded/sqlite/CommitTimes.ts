/**
 * How long the last commits took, and whether the disk is one that holds up the thread that commits.
 *
 * Invariant: it is judged anew after every `SAMPLES` commits, so that one hiccup changes nothing for longer than that.
 */
const SAMPLES = 200;
/** The slowest hundredth of the commits takes longer. */
const SLOW_P99_MS = 5;
/** Half of it, so that a disk on the border does not change back and forth. */
const FAST_P99_MS = SLOW_P99_MS / 2;

export class CommitTimes {
  slow = false;
  private readonly samples: number[] = [];

  add(ms: number): void {
    this.samples.push(ms);
    if (this.samples.length < SAMPLES) return;
    const p99 = this.samples.toSorted((one, other) => one - other)[Math.ceil(SAMPLES * 0.99) - 1] ?? 0;
    this.samples.length = 0;
    if (p99 > SLOW_P99_MS) this.slow = true;
    else if (p99 < FAST_P99_MS) this.slow = false;
  }
}

/** How long many things took, in bounded memory: below a second to the millisecond, above it to three digits. */
export class Durations {
  private readonly counts = new Map<number, number>();
  private total = 0;

  add(ms: number): void {
    const rounded = ms < 1000 ? ms : Number(ms.toPrecision(3));
    this.counts.set(rounded, (this.counts.get(rounded) ?? 0) + 1);
    this.total += 1;
  }

  /** The least duration that so many of a hundred do not exceed; null where there is none. */
  percentile(percent: number): number | null {
    let left = Math.max(1, Math.ceil((this.total * percent) / 100));
    for (const [ms, count] of [...this.counts].sort(([one], [other]) => one - other)) {
      left -= count;
      if (left <= 0) return ms;
    }
    return null;
  }
}

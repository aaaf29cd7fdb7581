/**
 * The outages among attempts that come in order of time.
 *
 * Owns: since when there has been no answer, sums. Invariant: an outage counts only if an attempt before it was answered, since of any
 * other nobody knows when it began.
 */
export class Outages {
  /** With a known beginning. */
  count = 0;
  ended = 0;
  private firstAt = 0;
  private lastAt = 0;
  private downMs = 0;
  private wasAnswered = false;
  private down: { readonly since: number; readonly counts: boolean } | undefined;

  /** @param at milliseconds since the epoch */
  answered(at: number): void {
    if (this.down?.counts) {
      this.ended += 1;
      this.downMs += Math.max(0, at - this.down.since);
    }
    this.down = undefined;
    this.wasAnswered = true;
  }

  /** @param at milliseconds since the epoch */
  failed(at: number): void {
    if (this.down) return;
    this.down = { since: at, counts: this.wasAnswered };
    if (!this.wasAnswered) return;
    if (this.count === 0) this.firstAt = at;
    this.lastAt = at;
    this.count += 1;
  }

  /** Mean time between their beginnings; null with fewer than two. */
  get mtbfMs(): number | null {
    return this.count < 2 ? null : (this.lastAt - this.firstAt) / (this.count - 1);
  }

  /** Mean duration; null as long as none has ended. */
  get mttrMs(): number | null {
    return this.ended === 0 ? null : this.downMs / this.ended;
  }

  /** Milliseconds since the epoch; undefined where the last attempt was answered. */
  get downSince(): number | undefined {
    return this.down?.since;
  }
}

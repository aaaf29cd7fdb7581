/**
 * When the steps of earlier loads began, as far as that was recorded.
 *
 * Owns: for each identity the numbers of the records that say so, one for each of its outcomes in their order, and the last without. Does not
 * own: the records.
 */
const NOT_BEGUN = Number.POSITIVE_INFINITY;

export class Beginnings {
  private readonly seqs = new Map<string, number[]>();
  /** The last one has no outcome yet. */
  private readonly open = new Set<string>();

  /** A step of that identity begins, or is tried again. */
  began(identity: string, seq: number): void {
    if (this.open.has(identity)) return;
    this.open.add(identity);
    this.add(identity, seq);
  }

  /** It has an outcome. */
  ended(identity: string): void {
    if (!this.open.delete(identity) && this.seqs.has(identity)) this.add(identity, NOT_BEGUN);
  }

  /** Number of the record that says that the next ask of that identity began; undefined where no earlier load began it. */
  take(identity: string): number | undefined {
    const seq = this.seqs.get(identity)?.shift();
    return seq === NOT_BEGUN ? undefined : seq;
  }

  private add(identity: string, seq: number): void {
    this.seqs.set(identity, [...(this.seqs.get(identity) ?? []), seq]);
  }
}

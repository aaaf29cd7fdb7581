/**
 * What time it is in a run, and how much of what was recorded its code has been given.
 *
 * Owns: the last delivered record. Invariants: time does not go back; on replay it is the same at the same place, but for what is
 * gone on with after its end, or forked, which has the time of that from where it begins to do something new.
 */
import type { JournalRecord } from '../Record.js';
import type { Resumption } from './superseded.js';

export class RunTime {
  private seq = 0;
  private at: number;
  /** The last record that an earlier load could deliver. */
  private until = 0;

  constructor(
    private readonly resumptions: readonly Resumption[],
    startedAt: number,
  ) {
    this.at = this.since(0, startedAt);
  }

  /** In milliseconds since the epoch. */
  get now(): number {
    return this.at;
  }

  /** When the run was last gone on with after its end, or forked; 0 when it was not. */
  get resumedAt(): number {
    return Math.max(0, ...this.resumptions.map(({ at }) => at));
  }

  get replaying(): boolean {
    return this.seq < this.until;
  }

  /** An earlier load recorded it. */
  recall({ seq }: JournalRecord): void {
    this.until = seq;
  }

  /** It is delivered. A decision or an event may have been recorded long before it is asked for; time does not go back for it. */
  deliver(record: JournalRecord): void {
    this.seq = Math.max(this.seq, record.seq);
    this.at = this.since(this.seq, Math.max(this.at, record.at));
  }

  private since(seq: number, at: number): number {
    if (this.resumptions.length === 0) return at;
    return Math.max(at, ...this.resumptions.filter(({ after }) => after <= seq).map((resumption) => resumption.at));
  }
}

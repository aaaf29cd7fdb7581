/**
 * What stops a run: its cancellation, and the end of its time.
 *
 * Owns: from which record on it does not reach the run. Does not own: the records, the stopping. Invariants: whether it reaches the run depends
 * on nothing but recorded order, so that it is the same on replay; what was recorded before an effect that holds stops began still stops it.
 */
import type { StopsHeld } from '../../abstract/DurableRun.js';
import type { JournalRecord } from '../Record.js';

const NOT_BEGUN = Number.POSITIVE_INFINITY;

export class Stops {
  /** Number of the record that says that it begins, by identity of the step. */
  private readonly holds = new Map<string, number>();
  private droppedSince = NOT_BEGUN;

  /** @param changed what was kept may be delivered now */
  constructor(private readonly changed: () => void) {}

  /** What comes from now on does not stop the run, at least for now. */
  get holding(): boolean {
    return this.since < NOT_BEGUN;
  }

  private get since(): number {
    return Math.min(this.droppedSince, ...this.holds.values());
  }

  /** This one does not reach the run for now. */
  keeps(record: JournalRecord): boolean {
    return (this.holds.size > 0 || this.droppedSince < NOT_BEGUN) && isStop(record) && record.seq > this.since;
  }

  /** @param begun number of the record that says that the step of that identity begins, if it has begun */
  hold(identity: string, begun: number | undefined): StopsHeld {
    this.holds.set(identity, begun ?? NOT_BEGUN);
    const end = (): number => {
      const since = this.holds.get(identity) ?? NOT_BEGUN;
      this.holds.delete(identity);
      return since;
    };
    return {
      release: () => {
        end();
        this.changed();
      },
      drop: () => {
        this.droppedSince = Math.min(this.droppedSince, end());
      },
    };
  }

  /** A step begins, as this record says. */
  begun(identity: string, seq: number): void {
    if (this.holds.get(identity) === NOT_BEGUN) this.holds.set(identity, seq);
  }
}

/** Stops the run when it is delivered. */
export function isStop({ kind }: JournalRecord): boolean {
  return kind === 'cancel-requested' || kind === 'time-passed';
}

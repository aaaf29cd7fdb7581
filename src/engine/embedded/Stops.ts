/**
 * What stops a run: its cancellation, and the end of its time.
 *
 * Owns: whether it may reach the run now. Does not own: the records, the stopping. Invariant: whether it may depends on nothing but what was
 * delivered, so that it is the same on replay.
 */
import type { StopsHeld } from '../../abstract/DurableRun.js';
import type { JournalRecord } from '../Record.js';

export class Stops {
  private held = 0;
  private dropped = false;

  /** @param changed what was kept may be delivered now */
  constructor(private readonly changed: () => void) {}

  /** Nothing stops the run for now. */
  get kept(): boolean {
    return this.dropped || this.held > 0;
  }

  hold(): StopsHeld {
    this.held += 1;
    const end = (drop: boolean): void => {
      this.held -= 1;
      this.dropped ||= drop;
      this.changed();
    };
    return { release: () => end(false), drop: () => end(true) };
  }
}

/** Stops the run when it is delivered. */
export function isStop({ kind }: JournalRecord): boolean {
  return kind === 'cancel-requested' || kind === 'time-passed';
}

import type { JournalRecord } from '../Record.js';

/** The records that the code asks for and that exist: handed out lowest first (R3). */
export class Deliveries {
  private readonly records: JournalRecord[] = [];
  private wake: (() => void) | undefined;

  /** @param kept what is not handed out for now */
  constructor(private readonly kept: (record: JournalRecord) => boolean = () => false) {}

  get empty(): boolean {
    return this.records.length === 0 || this.records.every((record) => this.kept(record));
  }

  add(record: JournalRecord): void {
    this.records.push(record);
    this.nudge();
  }

  find(matches: (record: JournalRecord) => boolean): JournalRecord | undefined {
    return this.records.find((record) => matches(record) && !this.kept(record));
  }

  /** A wish to stop that is not handed out. */
  get keptCancellation(): JournalRecord | undefined {
    return this.records.find((record) => record.kind === 'cancel-requested' && this.kept(record));
  }

  /** The lowest-numbered one. */
  take(): JournalRecord | undefined {
    let lowest = -1;
    let seq = Number.POSITIVE_INFINITY;
    for (let index = 0; index < this.records.length; index += 1) {
      const record = this.records[index];
      if (!record || record.seq >= seq || this.kept(record)) continue;
      lowest = index;
      seq = record.seq;
    }
    return lowest < 0 ? undefined : this.records.splice(lowest, 1)[0];
  }

  /** Ends the present `arrival`, so that the driver looks again. */
  nudge(): void {
    this.wake?.();
    this.wake = undefined;
  }

  /** Resolves at the next record or nudge. */
  arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

import type { JournalRecord } from '../Record.js';

/** The records that the code asks for and that exist: handed out lowest first (R3). */
export class Deliveries {
  private readonly records: JournalRecord[] = [];
  private wake: (() => void) | undefined;

  get empty(): boolean {
    return this.records.length === 0;
  }

  add(record: JournalRecord): void {
    this.records.push(record);
    this.nudge();
  }

  find(matches: (record: JournalRecord) => boolean): JournalRecord | undefined {
    return this.records.find(matches);
  }

  /** The lowest-numbered one. */
  take(): JournalRecord | undefined {
    let lowest = 0;
    for (let index = 1; index < this.records.length; index += 1) {
      if ((this.records[index]?.seq ?? 0) < (this.records[lowest]?.seq ?? 0)) lowest = index;
    }
    return this.records.splice(lowest, 1)[0];
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

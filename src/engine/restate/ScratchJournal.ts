/** Records that are written before there is an invocation to keep them: of forks, and of runs that go on after their end. */

import type { JournalRecord } from '../Record.js';
import type { Bridges } from '../run/chain.js';
import type { RecordedRuns, RunJournal, RunRow } from '../run/RunJournal.js';

/** A journal that keeps what it is given, for one run. */
export class ScratchJournal implements RunJournal, RecordedRuns {
  readonly sealing = true;
  readonly idle = true;
  readonly sure = true;

  constructor(
    readonly list: JournalRecord[] = [],
    private readonly dropped: Bridges = new Map(),
  ) {}

  /** It has one run. */
  runByKey(): undefined {
    return undefined;
  }

  runsByPrefix(): readonly RunRow[] {
    return [];
  }

  addRecord(_run: RunRow, record: JournalRecord): void {
    this.list.push(record);
  }

  records(): readonly JournalRecord[] {
    return this.list;
  }

  bridges(): Bridges {
    return this.dropped;
  }

  dropRecords(): void {}
  publish(): void {}
  putAside(): void {}
  endRun(): void {}

  committed(): Promise<void> {
    return Promise.resolve();
  }
}

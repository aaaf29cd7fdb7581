/** Records that are written before there is an invocation to keep them: of forks, and of runs that go on after their end. */
import type { Journal, RunJournal, RunRow } from '../embedded/Journal.js';
import type { Bridges } from '../embedded/chain.js';
import type { JournalRecord } from '../Record.js';

/** A journal that keeps what it is given, for one run. */
export class ScratchJournal implements RunJournal, Pick<Journal, 'records' | 'bridges' | 'runByKey' | 'runsByPrefix'> {
  readonly sealing = true;
  readonly idle = true;
  readonly sure = true;

  constructor(
    readonly list: JournalRecord[] = [],
    private readonly dropped: Bridges = new Map(),
    /** Called for what a journal of one run cannot know. */
    private readonly refuse: () => never = () => {
      throw new TypeError('A scratch journal has one run.');
    },
  ) {}

  runByKey(): never {
    return this.refuse();
  }

  runsByPrefix(): never {
    return this.refuse();
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

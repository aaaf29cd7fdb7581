/**
 * Tells the observers of a run what happens in it.
 *
 * Owns: what is not on disk yet. Does not own: the observers. Invariant R1: nobody learns of anything before it, and all
 * that was recorded before it, is on disk; the order is kept.
 */
import type { RunHappening } from '../../abstract/RunEvent.js';
import type { RunWatch } from '../RunWatch.js';
import type { RunJournal } from './RunJournal.js';

export class Publication {
  private readonly waiting: [RunHappening, number][] = [];

  constructor(
    private readonly journal: RunJournal,
    private readonly watch: RunWatch,
  ) {}

  add(happening: RunHappening, at: number): void {
    if (this.waiting.length === 0 && this.journal.idle) {
      this.watch.publish(happening, at);
      return;
    }
    this.waiting.push([happening, at]);
    if (this.waiting.length === 1) this.wait();
  }

  /** Tells what it can. Before the end is told, so that nothing comes behind it. */
  flush(): void {
    if (this.journal.idle) this.tell(this.waiting.length);
  }

  private wait(): void {
    const { length } = this.waiting; // What comes meanwhile is in a later commit.
    const committed = this.journal.afterCommit?.() ?? this.journal.committed();
    committed.then(
      () => {
        this.tell(this.journal.idle ? this.waiting.length : length);
        if (this.waiting.length > 0) this.wait();
      },
      () => undefined, // The driver meets the same error and stops the run.
    );
  }

  private tell(count: number): void {
    for (const next of this.waiting.splice(0, count)) this.watch.publish(...next);
  }
}

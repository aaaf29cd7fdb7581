/**
 * Hands a run's events to any number of observers, each from where it likes.
 *
 * Owns: the events of one load and their offsets. Does not own: how far the run is, which the program says.
 * Nothing is computed for a run that nobody observes. Invariants: an observer sees every event behind its offset in order, whenever it began, is told how many are
 * no longer kept, and ends with the run; offsets
 * grow, also from one load to the next, so that an offset of an earlier load stands before everything of this one.
 */
import type { RunEvent, RunHappening, RunProgress } from '../abstract/RunEvent.js';

/** Beyond this many events the oldest are no longer kept for late observers. */
const EVENTS_MAX = 10_000;
/** No load has more events than this. */
const OFFSETS_PER_LOAD = 2 ** 32;
const NO_EVENTS: RunEvent[] = [];
/** Keeps offsets within what a number holds exactly. */
const LOADS_MAX = 2 ** 20;

export class RunWatch {
  /** What was published and not looked at yet; beside each its time, since an object for each would be most that a run nobody observes makes. */
  private unseen: RunHappening[] = [];
  private times: number[] = [];
  private events: RunEvent[] = NO_EVENTS;
  /** Offset of the first event of this load. */
  private readonly first: number;
  private next: number;
  private over = false;
  private waiting: (() => void)[] | undefined;

  /** @param load how often the run was loaded before */
  constructor(
    load: number,
    private readonly progress: (happening: RunHappening, at: number) => RunProgress,
  ) {
    this.first = Math.min(load, LOADS_MAX) * OFFSETS_PER_LOAD + 1;
    this.next = this.first;
  }

  publish(happening: RunHappening, at: number): void {
    this.unseen.push(happening);
    this.times.push(at);
    if (this.unseen.length >= EVENTS_MAX) this.measure();
    this.wake();
  }

  end(): void {
    this.over = true;
    this.wake();
  }

  async *observe(after = 0): AsyncGenerator<RunEvent> {
    let last = after;
    for (;;) {
      const event = this.firstAfter(last);
      if (event) {
        const count = Math.min(event.offset - last - 1, event.offset - this.first);
        if (count > 0) yield { type: 'skipped', count, at: event.at, offset: event.offset - 1, progress: event.progress };
        last = event.offset;
        yield event;
      } else if (this.over) return;
      else await new Promise<void>((resolve) => this.wait(resolve));
    }
  }

  private measure(): void {
    if (this.unseen.length === 0) return;
    const events = this.events === NO_EVENTS ? [] : this.events;
    for (const [index, happening] of this.unseen.entries()) {
      const at = this.times[index] ?? 0;
      events.push({ ...happening, at, offset: this.next, progress: this.progress(happening, at) });
      this.next += 1;
    }
    this.events = events;
    this.unseen = [];
    this.times = [];
    if (this.events.length >= 2 * EVENTS_MAX) this.events = this.events.slice(-EVENTS_MAX);
  }

  private firstAfter(offset: number): RunEvent | undefined {
    this.measure();
    const first = this.events[0];
    return first && this.events[Math.max(0, offset + 1 - first.offset)];
  }

  private wait(resume: () => void): void {
    this.waiting ??= [];
    this.waiting.push(resume);
  }

  private wake(): void {
    if (!this.waiting) return;
    for (const resume of this.waiting.splice(0)) resume();
  }
}

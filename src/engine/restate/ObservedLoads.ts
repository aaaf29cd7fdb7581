/**
 * What happens in a run where it is driven in this process, over all its loads; of one that is driven elsewhere only its end.
 *
 * Owns: the loads that it was told of. Invariant R1: the end is told when Restate has it.
 */
import type { RunEvent } from '../../abstract/RunEvent.js';
import type { EndedRun } from '../Engine.js';
import { RunWatch } from '../RunWatch.js';

export class ObservedLoads {
  private readonly watches: RunWatch[] = [];
  private waiting: (() => void)[] = [];

  add(watch: RunWatch): void {
    this.watches.push(watch);
    for (const tell of this.waiting.splice(0)) tell();
  }

  /** @param after only what has a greater offset */
  async *events(end: () => Promise<EndedRun>, after = 0): AsyncGenerator<RunEvent> {
    const ended = end().then(
      (run) => run,
      () => undefined, // It is left: whoever waits for its outcome is told why.
    );
    let last = after;
    for (let index = 0; ; index += 1) {
      if (index === this.watches.length && !(await this.another(ended))) break;
      for await (const event of this.watches[index]?.observe(last) ?? []) {
        if (event.type === 'ended' && !(await ended)) return;
        last = event.offset;
        yield event;
        if (event.type === 'ended') return;
      }
    }
    const run = await ended;
    if (run) yield* endEvent(run, last);
  }

  /** Resolves to whether another load has begun before the end. */
  private async another(ended: Promise<unknown>): Promise<boolean> {
    const known = this.watches.length;
    await Promise.race([new Promise<void>((resolve) => this.waiting.push(resolve)), ended]);
    return this.watches.length > known;
  }
}

/** Behind everything that happened in the run. */
function endEvent({ status, endedAt }: EndedRun, after: number): AsyncIterable<RunEvent> {
  const watch = new RunWatch(Number.POSITIVE_INFINITY, () => ({ done: 1 }));
  watch.publish({ type: 'ended', status }, endedAt);
  watch.end();
  return watch.observe(after);
}

/**
 * Steps between two attempts.
 *
 * Owns: their timers. Does not own: when the next attempt begins; Execution decides that once it is told.
 */

import type { RunWait } from '../../abstract/RunWait.js';
import type { Clock } from '../../kernel/Clock.js';
import type { StepAsk } from './StepAsk.js';

interface Rest {
  /** In milliseconds since the epoch. */
  readonly dueAt: number;
  readonly stopTimer: () => void;
}

export class RestingAsks {
  private readonly rests = new Map<StepAsk, Rest>();
  private stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly due: (ask: StepAsk) => void,
  ) {}

  get size(): number {
    return this.rests.size;
  }

  /** When the next one is due, in milliseconds since the epoch. */
  get nextDue(): number | undefined {
    let next: number | undefined;
    for (const { dueAt } of this.rests.values()) next = Math.min(next ?? dueAt, dueAt);
    return next;
  }

  get waits(): readonly RunWait[] {
    return [...this.rests].map(([{ request }, { dueAt }]) => ({ what: 'retry', name: request.name, until: dueAt }));
  }

  add(ask: StepAsk, dueAt: number): void {
    const end = (): void => {
      this.rests.delete(ask);
      this.due(ask);
    };
    const stopTimer = this.stopped ? () => undefined : this.clock.after(dueAt - this.clock.now(), end);
    this.rests.set(ask, { dueAt, stopTimer });
  }

  /** Removes those that `matches` is true of. */
  take(matches: (ask: StepAsk) => boolean): readonly StepAsk[] {
    const taken = [...this.rests.keys()].filter(matches);
    for (const ask of taken) {
      this.rests.get(ask)?.stopTimer();
      this.rests.delete(ask);
    }
    return taken;
  }

  /** None becomes due any more on this load. */
  stop(): void {
    this.stopped = true;
    for (const { stopTimer } of this.rests.values()) stopTimer();
  }
}

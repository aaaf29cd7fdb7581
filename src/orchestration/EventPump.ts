/**
 * Brings the run's events to the command, side by side for different keys, one at a time for the same.
 *
 * Owns: the order within a key, the counts. Does not own: the events, which the journal has.
 * Invariant: `run` ends only when every event that it took was answered.
 */
import { inspect } from 'node:util';
import type { EventInbox, RecordedEvent } from '../abstract/DurableRun.js';
import { UsageError } from '../kernel/errors.js';
import type { EventCounts, EventHandlingResults } from './hooks.js';
import type { EventRouting } from './strategies.js';

export class EventPump {
  private readonly tally = { handled: 0, ignored: 0, dropped: 0, rejected: 0 };
  private readonly last = new Map<string, Promise<void>>();
  private fail: (error: unknown) => void = () => undefined;

  constructor(
    private readonly inbox: EventInbox,
    private readonly routing: EventRouting,
    private readonly answer: (event: RecordedEvent) => Promise<EventHandlingResults>,
  ) {}

  get counts(): EventCounts {
    return this.tally;
  }

  /** Takes events until the inbox is closed. Rejects with what a handler threw. */
  async run(): Promise<void> {
    const failed = new Promise<never>((_resolve, reject) => {
      this.fail = reject;
    });
    await Promise.race([this.takeAll(), failed]);
  }

  private async takeAll(): Promise<void> {
    for (let event = await this.inbox.next(); event; event = await this.inbox.next()) this.dispatch(event);
    await Promise.all(this.last.values());
  }

  private dispatch(event: RecordedEvent): void {
    const route = this.routing.route(event);
    if (route === 'drop') {
      this.tally.dropped += 1;
      return;
    }
    const key = route.key ?? event.id;
    const turn = (this.last.get(key) ?? Promise.resolve()).then(async () => this.count(event, await this.answer(event)));
    turn.catch(this.fail);
    this.last.set(key, turn);
  }

  private count(event: RecordedEvent, answer: EventHandlingResults): void {
    if (answer === 'handled' || answer === 'ignored') this.tally[answer] += 1;
    else if (typeof answer === 'object' && typeof answer?.rejected === 'string') this.tally.rejected += 1;
    else {
      throw new UsageError(
        'HOOK_RESULT_INVALID',
        `handleOrchestrationEvents answered ${inspect(answer)} to ${event.type}. Return 'handled', 'ignored' or { rejected: reason }.`,
        { details: { hook: 'handleOrchestrationEvents', event: event.type } },
      );
    }
  }
}

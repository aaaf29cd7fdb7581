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

/** An event that was to be retried so often is given up, and the run fails with it. */
const DELIVERIES_MAX = 100;

export interface EventPumpParts {
  readonly inbox: EventInbox;
  readonly routing: EventRouting;
  /** @param delivery 1 for the first time */
  readonly answer: (event: RecordedEvent, delivery: number) => Promise<EventHandlingResults>;
  readonly sleep: (durationMs: number) => Promise<void>;
}

export class EventPump {
  private readonly tally = { handled: 0, ignored: 0, dropped: 0, rejected: 0 };
  private readonly last = new Map<string, Promise<void>>();
  private fail: (error: unknown) => void = () => undefined;

  constructor(private readonly parts: EventPumpParts) {}

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
    for (let event = await this.parts.inbox.next(); event; event = await this.parts.inbox.next()) this.dispatch(event);
    await Promise.all(this.last.values());
  }

  private dispatch(event: RecordedEvent): void {
    const route = this.parts.routing.route(event);
    if (route === 'drop') {
      this.tally.dropped += 1;
      return;
    }
    const key = route.key ?? event.id;
    const turn = (this.last.get(key) ?? Promise.resolve()).then(() => this.handle(event));
    turn.catch(this.fail);
    this.last.set(key, turn);
  }

  private async handle(event: RecordedEvent): Promise<void> {
    const { answer, sleep } = this.parts;
    for (let delivery = 1; delivery <= DELIVERIES_MAX; delivery += 1) {
      const said = await answer(event, delivery);
      if (!isRetry(said)) {
        this.count(event, said);
        return;
      }
      await sleep(said.retryAfterMs);
    }
    throw invalidAnswer(event, `{ retryAfterMs } ${DELIVERIES_MAX} times`);
  }

  private count(event: RecordedEvent, answer: EventHandlingResults): void {
    if (answer === 'handled' || answer === 'ignored') this.tally[answer] += 1;
    else if (typeof answer === 'object' && answer !== null && 'rejected' in answer) this.tally.rejected += 1;
    else throw invalidAnswer(event, inspect(answer));
  }
}

function isRetry(answer: EventHandlingResults): answer is { readonly retryAfterMs: number } {
  return typeof answer === 'object' && answer !== null && 'retryAfterMs' in answer;
}

function invalidAnswer({ type }: RecordedEvent, answer: string): UsageError {
  return new UsageError(
    'HOOK_RESULT_INVALID',
    `handleOrchestrationEvents answered ${answer} to ${type}. Return 'handled', 'ignored', { retryAfterMs } or { rejected: reason }.`,
    { details: { hook: 'handleOrchestrationEvents', event: type } },
  );
}

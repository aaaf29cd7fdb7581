/**
 * What people decide about gates that did not pass.
 *
 * Owns: decisions that were not asked for yet, asks without a decision. Does not own: the journal, the order of delivery.
 * Invariants: an ask is answered by a record: a person's, or the one that nobody decided about this very ask in time.
 * Asks of one gate are numbered in the order of the calls; a person's decision is for the first that is not answered.
 */
import type { GateOverride } from '../../abstract/Timeline.js';
import type { Clock } from '../../kernel/Clock.js';
import type { JournalRecord } from '../Record.js';
import type { NewRecord } from './RunLog.js';

interface Awaited {
  readonly promise: Promise<GateOverride | undefined>;
  resolve(override: GateOverride | undefined): void;
  reject(reason: unknown): void;
}

interface Asked extends Awaited {
  readonly gate: string;
  /** Gate and number of the ask. */
  readonly identity: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
  stopTimer: (() => void) | undefined;
  /** The record that answers it, which is up for delivery. */
  answer: JournalRecord | undefined;
}

export interface OverridesPorts {
  readonly clock: Clock;
  /** A promise that the engine hands to the code. */
  promise(): Awaited;
  /** Appends to the journal. */
  record(fields: Omit<NewRecord, 'at'>): JournalRecord;
  /** Puts a record up for delivery. */
  offer(record: JournalRecord): void;
}

export class Overrides {
  /** Decisions that nobody asked for yet, by gate, in order. */
  private readonly decided = new Map<string, JournalRecord[]>();
  /** That nobody decided in time, by the identity of the ask; of earlier loads. */
  private readonly stood = new Map<string, JournalRecord>();
  private readonly calls = new Map<string, number>();
  private readonly asked = new Set<Asked>();

  constructor(private readonly ports: OverridesPorts) {}

  /** Somebody may still decide. */
  get waiting(): boolean {
    return [...this.asked].some(({ stopTimer }) => stopTimer !== undefined);
  }

  /** @param stopped what has stopped the run, after which nobody is asked any more */
  ask(gate: string, until: number, stopped: Error | undefined): Promise<GateOverride | undefined> {
    const call = this.calls.get(gate) ?? 0;
    this.calls.set(gate, call + 1);
    const ask: Asked = { ...this.ports.promise(), gate, identity: `${gate}#${call}`, until, stopTimer: undefined, answer: undefined };
    if (stopped) {
      ask.reject(stopped);
      return ask.promise;
    }
    this.asked.add(ask);
    const record = this.stood.get(ask.identity) ?? this.decided.get(gate)?.shift();
    if (record) this.answer(ask, record);
    return ask.promise;
  }

  /** Takes in what an earlier load recorded, or a person just now. */
  take(record: JournalRecord): void {
    if (record.kind === 'gate-stood') {
      this.stood.set(record.step ?? '', record);
      return;
    }
    const ask = [...this.asked].find(({ gate, answer }) => gate === record.label && !answer);
    if (ask) this.answer(ask, record);
    else this.decided.set(record.label, [...(this.decided.get(record.label) ?? []), record]);
  }

  /** All that was recorded is delivered: asks whose time is over are answered, the others wait for theirs. */
  reachFrontier(): void {
    const { clock } = this.ports;
    for (const ask of this.asked) {
      if (ask.answer || ask.stopTimer) continue;
      const leftMs = ask.until - clock.now();
      if (leftMs <= 0) this.stand(ask);
      else ask.stopTimer = clock.after(leftMs, () => this.stand(ask));
    }
  }

  deliver(record: JournalRecord): void {
    const ask = [...this.asked].find(({ answer }) => answer === record);
    if (!ask) return;
    this.asked.delete(ask);
    ask.resolve(record.kind === 'gate-overridden' ? (JSON.parse(record.body ?? '{}') as GateOverride) : undefined);
  }

  /** Nobody is asked any more. */
  abort(reason: unknown): void {
    this.stop();
    for (const ask of this.asked) ask.reject(reason);
    this.asked.clear();
  }

  /** Ends the timers; what was not answered is asked again on the next load. */
  stop(): void {
    for (const ask of this.asked) ask.stopTimer?.();
  }

  private stand(ask: Asked): void {
    this.answer(ask, this.ports.record({ kind: 'gate-stood', step: ask.identity, label: ask.gate }));
  }

  private answer(ask: Asked, record: JournalRecord): void {
    ask.stopTimer?.();
    ask.stopTimer = undefined;
    ask.answer = record;
    this.ports.offer(record);
  }
}

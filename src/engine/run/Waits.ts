/**
 * What the code of a run waits for besides its steps: a time, a signal, a person's decision about a gate.
 *
 * Owns: arrivals that nobody asked for yet, asks without an answer, their timers. Does not own: the journal, the order of delivery.
 * Invariants: an ask is answered by a record: an arrival, or the one that its time is over. Asks of one kind and name are numbered
 * in the order of the calls; an arrival is for the first that is not answered, and for one only.
 */

import type { RunWait } from '../../abstract/RunWait.js';
import type { Clock } from '../../kernel/Clock.js';
import type { JournalRecord, RecordKind } from '../Record.js';
import type { NewRecord } from './RunLog.js';

export type WaitKind = 'timer' | 'signal' | 'gate';

/** The records that answer: something came, or its time is over. */
const ANSWERS: Readonly<Record<WaitKind, { readonly came: RecordKind | undefined; readonly over: RecordKind }>> = {
  timer: { came: undefined, over: 'timer-fired' },
  signal: { came: 'signal', over: 'signal-missed' },
  gate: { came: 'gate-overridden', over: 'gate-stood' },
};

const KINDS = Object.keys(ANSWERS) as WaitKind[];

interface Awaited {
  readonly promise: Promise<JournalRecord>;
  resolve(record: JournalRecord): void;
  reject(reason: unknown): void;
}

interface Asked extends Awaited {
  readonly kind: WaitKind;
  readonly name: string;
  /** The named part of the run that asked. */
  readonly place: string | undefined;
  /** Name and number of the ask. */
  readonly identity: string;
  /** Milliseconds since the epoch. */
  readonly until: number | undefined;
  /** Nothing recorded is left that could answer it. */
  live: boolean;
  stopTimer: (() => void) | undefined;
  /** The record that answers it, which is up for delivery. */
  answer: JournalRecord | undefined;
}

export interface WaitRequest {
  readonly kind: WaitKind;
  readonly name: string;
  /** The named part of the run that asks, `phase.path`. */
  readonly place: string | undefined;
  /** Milliseconds since the epoch. @default no limit */
  readonly until: number | undefined;
}

export interface WaitsPorts {
  readonly clock: Clock;
  /** A promise that the engine hands to the code. */
  promise(): Awaited;
  /** Appends to the journal. */
  record(fields: Omit<NewRecord, 'at'>): JournalRecord;
  /** Puts a record up for delivery. */
  offer(record: JournalRecord): void;
  /** A part of the run has taken a record that does not name it. */
  taken(place: string | undefined, record: JournalRecord): void;
}

export class Waits {
  /** What came and nobody asked for yet, by kind and name, in order. */
  private readonly came = new Map<string, JournalRecord[]>();
  /** That a time is over, by the identity of the ask; of earlier loads. */
  private readonly over = new Map<string, JournalRecord>();
  private readonly calls = new Map<string, number>();
  private readonly tokens = new Set<string>();
  private readonly asked = new Set<Asked>();

  constructor(private readonly ports: WaitsPorts) {}

  /** Something may still come that no record tells of yet. */
  get waiting(): boolean {
    for (const ask of this.asked) if (ask.live && !ask.answer) return true;
    return false;
  }

  /** Signals that nobody has taken, in the order they came. */
  get untakenSignals(): readonly JournalRecord[] {
    const signals = [...this.came.values()].flat().filter(({ kind }) => kind === 'signal');
    return signals.toSorted((one, other) => one.seq - other.seq);
  }

  get list(): readonly RunWait[] {
    return [...this.asked].map(({ kind, name, until }) => ({ what: kind, name, ...(until === undefined ? {} : { until }) }));
  }

  /** When the first of those that are waited for is over, in milliseconds since the epoch. */
  get nextDue(): number | undefined {
    let next: number | undefined;
    for (const { until, answer } of this.asked) {
      if (until !== undefined && !answer) next = Math.min(next ?? until, until);
    }
    return next;
  }

  /** The record that answers. @param stopped what has stopped the run, after which nothing is waited for */
  ask({ kind, name, place, until }: WaitRequest, stopped: Error | undefined): Promise<JournalRecord> {
    const base = place === undefined ? name : `${name}@${place}`;
    const call = this.calls.get(keyOf(kind, base)) ?? 0;
    this.calls.set(keyOf(kind, base), call + 1);
    const identity = `${base}#${call}`;
    const ask: Asked = {
      ...this.ports.promise(),
      kind,
      name,
      place,
      identity,
      until,
      live: false,
      stopTimer: undefined,
      answer: undefined,
    };
    if (stopped) {
      ask.reject(stopped);
      return ask.promise;
    }
    this.asked.add(ask);
    const record = this.over.get(keyOf(kind, identity)) ?? this.nextOf(kind, name);
    if (record) this.answer(ask, record);
    return ask.promise;
  }

  /** Something with this token has come before. */
  knows(kind: WaitKind, token: string): boolean {
    return this.tokens.has(`${kind} ${token}`);
  }

  /** Something with this token was taken, and what recorded that was dropped. */
  know(kind: WaitKind, token: string): void {
    this.tokens.add(`${kind} ${token}`);
  }

  /** Takes in what an earlier load recorded, or what came just now. */
  take(record: JournalRecord): void {
    const kind = KINDS.find((one) => ANSWERS[one].came === record.kind);
    if (!kind) {
      const over = KINDS.find((one) => ANSWERS[one].over === record.kind);
      if (over) this.over.set(keyOf(over, record.step ?? ''), record);
      return;
    }
    if (record.step !== null) this.tokens.add(`${kind} ${record.step}`);
    const ask = [...this.asked].find((one) => one.kind === kind && one.name === record.label && !one.answer);
    if (ask) this.answer(ask, record);
    else {
      const key = keyOf(kind, record.label);
      this.came.set(key, [...(this.came.get(key) ?? []), record]);
    }
  }

  /** Of what was recalled, that nothing came the last time does not count: it is waited for again. */
  reask(kind: WaitKind, name: string): void {
    const last = [...this.over].findLast(([, { kind: over, label }]) => over === ANSWERS[kind].over && label === name);
    if (last) this.over.delete(last[0]);
  }

  /** All that was recorded is delivered: asks whose time is over are answered, the others wait for theirs. */
  reachFrontier(): void {
    const { clock } = this.ports;
    for (const ask of this.asked) {
      if (ask.answer || ask.live) continue;
      ask.live = true;
      if (ask.until === undefined) continue;
      const leftMs = ask.until - clock.now();
      if (leftMs <= 0) this.end(ask);
      else ask.stopTimer = clock.after(leftMs, () => this.end(ask));
    }
  }

  deliver(record: JournalRecord): void {
    const ask = [...this.asked].find(({ answer }) => answer === record);
    if (!ask) return;
    this.asked.delete(ask);
    ask.resolve(record);
  }

  /** Nothing is waited for any more. */
  abort(reason: unknown): void {
    this.stop();
    for (const ask of this.asked) ask.reject(reason);
    this.asked.clear();
  }

  /** A named part has ended: what its code still waits for would not be waited for on replay, and takes nothing any more. */
  withdraw(place: string): void {
    for (const ask of this.asked) {
      if (ask.answer || (ask.place !== place && !ask.place?.startsWith(`${place}.`))) continue;
      ask.stopTimer?.();
      this.asked.delete(ask);
    }
  }

  /** Ends the timers; what was not answered is asked again on the next load. */
  stop(): void {
    for (const ask of this.asked) {
      ask.stopTimer?.();
      ask.stopTimer = undefined;
    }
  }

  private nextOf(kind: WaitKind, name: string): JournalRecord | undefined {
    const key = keyOf(kind, name);
    const queue = this.came.get(key);
    const record = queue?.shift();
    if (queue?.length === 0) this.came.delete(key);
    return record;
  }

  private end(ask: Asked): void {
    if (ask.answer) return;
    this.answer(ask, this.ports.record({ kind: ANSWERS[ask.kind].over, step: ask.identity, label: ask.name }));
  }

  private answer(ask: Asked, record: JournalRecord): void {
    ask.stopTimer?.();
    ask.stopTimer = undefined;
    ask.answer = record;
    this.over.delete(keyOf(ask.kind, ask.identity));
    this.ports.taken(ask.place, record);
    this.ports.offer(record);
  }
}

function keyOf(kind: WaitKind, name: string): string {
  return `${kind} ${name}`;
}

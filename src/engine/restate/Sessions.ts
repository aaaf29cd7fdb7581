/**
 * The runs that this process drives.
 *
 * Owns: which invocation a run is connected to. Invariant: a run is loaded at most once in a process; one whose invocation was cut off is kept for
 * the next one, and given up when none comes.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/Clock.js';
import type { RunWatch } from '../RunWatch.js';
import type { RunInput } from './RunMessages.js';
import type { RunRecords } from './RunRecords.js';
import { RunSession, type SessionParts } from './RunSession.js';

export interface SessionsParts extends Omit<SessionParts, 'over' | 'begun' | 'closing'> {
  readonly clock: Clock;
  /** How long a run whose invocation was cut off is kept. */
  readonly keptMs: number;
}

/** Is told of a load that begins. */
export type Observer = (watch: RunWatch) => void;

/** So long an answer of Restate is waited for when runs are handed back. */
const ANSWER_MS = 500;
/** Whoever began a run and never looks at it again is forgotten behind so many others. */
const OBSERVED_MAX = 10_000;

interface Entry {
  readonly session: RunSession;
  /** The invocation that it is connected to. */
  signal: AbortSignal;
  forget: (() => void) | undefined;
}

export class Sessions {
  private readonly entries = new Map<string, Entry>();
  private readonly closing = new AbortController();
  private readonly observers = new LRUCache<string, Set<Observer>>({ max: OBSERVED_MAX });

  constructor(private readonly parts: SessionsParts) {}

  get(runId: string): RunSession | undefined {
    return this.entries.get(runId)?.session;
  }

  /** @param signal aborted when the invocation is over, for whatever reason */
  open(input: RunInput, records: RunRecords, signal: AbortSignal): RunSession {
    const known = this.entries.get(input.run);
    const isSame = known?.session.turn === (input.turn ?? 0);
    if (known && !isSame) this.drop(known, 'it was gone on with after its end');
    const entry = known && isSame ? known : this.add(input, records, signal);
    entry.forget?.();
    entry.forget = undefined;
    entry.signal = signal;
    signal.addEventListener('abort', () => this.cutOff(input.run, signal), { once: true });
    return entry.session;
  }

  /** Tells of every load of a run that begins here, until it is told that this is not wanted any more. */
  observe(runId: string, observer: Observer): () => void {
    const observers = this.observers.get(runId) ?? new Set();
    this.observers.set(runId, observers.add(observer));
    return () => {
      observers.delete(observer);
      if (observers.size === 0) this.observers.delete(runId);
    };
  }

  async close(drainMs: number): Promise<void> {
    this.closing.abort();
    const { graceMs } = this.parts;
    const left = Promise.all([...this.entries.values()].map(({ session }) => session.handBack(drainMs)));
    await this.within(drainMs + graceMs + ANSWER_MS, left);
    for (const entry of this.entries.values()) this.drop(entry, 'its worker was closed');
    await this.within(graceMs + ANSWER_MS, left);
    this.entries.clear();
  }

  /** Where Restate is away, what is handed back is not acknowledged. */
  private async within(limitMs: number, done: Promise<unknown>): Promise<void> {
    await new Promise<void>((resolve) => {
      const stopTimer = this.parts.clock.after(limitMs, resolve);
      void done.then(() => {
        stopTimer();
        resolve();
      });
    });
  }

  private drop({ session, forget }: Entry, why: string): void {
    forget?.();
    void session.giveUp(why);
  }

  private add(input: RunInput, records: RunRecords, signal: AbortSignal): Entry {
    const begun: SessionParts['begun'] = (runId, watch) => {
      for (const observer of this.observers.get(runId) ?? []) observer(watch);
    };
    const session = new RunSession(input, { ...this.parts, closing: this.closing.signal, begun, over: (one) => this.remove(one) }, records);
    const entry: Entry = { session, signal, forget: undefined };
    this.entries.set(input.run, entry);
    return entry;
  }

  private cutOff(runId: string, signal: AbortSignal): void {
    const entry = this.entries.get(runId);
    if (entry?.signal !== signal) return; // Another invocation was faster.
    const { clock, keptMs } = this.parts;
    entry.forget = clock.after(keptMs, () => void this.giveUp(entry, signal));
    entry.session.disconnect();
  }

  private async giveUp(entry: Entry, signal: AbortSignal): Promise<void> {
    await entry.session.giveUp('no invocation of it came back to this process');
    if (entry.signal === signal) this.remove(entry.session);
  }

  private remove(session: RunSession): void {
    const entry = this.entries.get(session.id);
    if (entry?.session !== session) return; // The run was gone on with after its end.
    entry.forget?.();
    this.entries.delete(session.id);
  }
}

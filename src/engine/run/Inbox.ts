/**
 * The events of one run.
 *
 * Owns: recorded events that were not taken. Does not own: the journal, the order among events and outcomes.
 * Invariants: an event is recorded when it is emitted, once per id; those recorded before the closing are all handed out.
 */
import type { EventInbox, RecordedEvent } from '../../abstract/DurableRun.js';
import type { Class } from '../../kernel/Class.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { UsageError } from '../../kernel/errors.js';
import type { JournalRecord } from '../Record.js';
import type { NewRecord } from './RunLog.js';

interface Awaited<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

export interface InboxPorts {
  /** A promise that the engine hands to the code. */
  ask<T>(): Awaited<T>;
  /** Appends to the journal. */
  record(fields: Omit<NewRecord, 'at'>): JournalRecord;
  /** Puts a record up for delivery. */
  offer(record: JournalRecord): void;
}

export class Inbox implements EventInbox {
  private types: Readonly<Record<string, Class<object>>> = {};
  private readonly known = new Set<string>();
  private readonly untaken: JournalRecord[] = [];
  private taker: Awaited<RecordedEvent | undefined> | undefined;
  private offered: JournalRecord | undefined;
  private closer: Awaited<void> | undefined;
  private closing: JournalRecord | undefined;
  private closed = false;

  constructor(
    private readonly codec: Codec,
    private readonly ports: InboxPorts,
  ) {}

  declare(types: Readonly<Record<string, Class<object>>>): void {
    this.types = types;
  }

  next(): Promise<RecordedEvent | undefined> {
    this.taker = this.ports.ask();
    const { promise } = this.taker;
    if (this.closed && this.untaken.length === 0) this.answer(undefined);
    else this.offerNext();
    return promise;
  }

  close(): Promise<void> {
    this.closer = this.ports.ask();
    if (this.closing) this.ports.offer(this.closing);
    return this.closer.promise;
  }

  /** @throws UsageError `EVENT_NOT_DECLARED` */
  emit(id: string, type: string, source: string, data: object): void {
    const declared = this.types[type];
    if (!declared) {
      const known = Object.keys(this.types).join(', ') || 'none';
      throw new UsageError('EVENT_NOT_DECLARED', `${source} emitted "${type}", which the scope does not declare; it declares ${known}.`, {
        details: { type, source },
      });
    }
    if (this.closing || this.known.has(id)) return;
    const text = this.codec.encode(data, `the data of event ${type}`, declared);
    this.add(this.ports.record({ kind: 'event', step: id, label: type, body: JSON.stringify({ source, data: text }) }));
    this.offerNext();
  }

  /** Takes in what an earlier load recorded. */
  recall(record: JournalRecord): void {
    if (record.kind === 'events-closed') this.closing = record;
    else this.add(record);
  }

  /** All that was recorded is delivered: a wish to close can be recorded. */
  reachFrontier(): void {
    if (!this.closer || this.closing) return;
    this.closing = this.ports.record({ kind: 'events-closed', label: 'events' });
    this.ports.offer(this.closing);
  }

  deliver(record: JournalRecord): void {
    if (record.kind === 'events-closed') {
      this.closed = true;
      this.closer?.resolve();
      if (this.untaken.length === 0) this.answer(undefined);
      return;
    }
    this.untaken.shift();
    const { source, data } = JSON.parse(record.body ?? '') as { source: string; data: string };
    const declared = this.types[record.label];
    this.answer({ id: record.step ?? '', type: record.label, source, data: this.codec.decode(data, declared), time: new Date(record.at) });
  }

  private add(record: JournalRecord): void {
    this.known.add(record.step ?? '');
    this.untaken.push(record);
  }

  private offerNext(): void {
    const next = this.untaken[0];
    if (!this.taker || !next || this.offered === next) return;
    this.offered = next;
    this.ports.offer(next);
  }

  private answer(event: RecordedEvent | undefined): void {
    this.taker?.resolve(event);
    this.taker = undefined;
  }
}

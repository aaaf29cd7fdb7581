/**
 * What is known of a run from Restate's journal: what it was begun with, the batches that were recorded, the mail that it was handed.
 *
 * Owns: nothing that is not there. Invariant: made of the same journal it is the same, in whatever process.
 */
import { Carried } from '../../kernel/codec/Carried.js';
import type { JournalRecord } from '../Record.js';
import type { Bridges } from '../run/chain.js';
import type { RunRow } from '../run/RunJournal.js';
import type { Batch, RunInput, RunMail } from './RunMessages.js';

export interface NumberedMail {
  readonly id: string;
  readonly mail: RunMail;
}

/** Of the mail at a place of the mailbox. */
export function mailId(index: number): string {
  return `mail-${index + 1}`;
}

export class RunRecords {
  private readonly kept = new Map<number, JournalRecord>();
  readonly bridges = new Map<number, { readonly from: number; readonly hash: string }>() satisfies Bridges;
  /** Identities of the steps whose child was begun, or was about to be. */
  readonly children = new Set<string>();
  private readonly taken = new Set<string>();
  private readonly received: NumberedMail[] = [];
  private last = '';
  private count = 0;

  constructor({ past = [], bridges = [], mail = [] }: RunInput) {
    this.take({ records: past, dropped: bridges });
    for (const [index, one] of mail.entries()) this.receive({ id: `begin-${index}`, mail: one });
  }

  get list(): readonly JournalRecord[] {
    return [...this.kept.values()];
  }

  /** Hash of the last record, which tells one journal from any other. */
  get head(): string {
    return this.last;
  }

  /** Batches that were recorded. */
  get batches(): number {
    return this.count;
  }

  /** Mail that no record was made of, in the order it came. */
  get mail(): readonly NumberedMail[] {
    return this.received.filter(({ id }) => !this.taken.has(id));
  }

  add(batch: Batch): void {
    this.count += 1;
    this.take(batch);
  }

  private take({ records, dropped = [], mail = [], children = [] }: Batch): void {
    for (const record of records) this.kept.set(record.seq, record);
    for (const { from, to, hash } of dropped) {
      for (let seq = from; seq <= to; seq += 1) this.kept.delete(seq);
      this.bridges.set(to + 1, { from, hash });
    }
    for (const id of mail) this.taken.add(id);
    for (const step of children) this.children.add(step);
    this.last = records.at(-1)?.hash ?? this.last;
  }

  receive(mail: NumberedMail): void {
    this.received.push(mail);
  }
}

/** The row that the driver knows a run by. */
export function rowOf({ run, params, ...input }: RunInput): RunRow {
  const { command, version, fingerprint, principal, key, seed, startedAt, place } = input;
  return {
    id: run,
    rowId: 0,
    command,
    version,
    fingerprint,
    params: Carried.ofText(params),
    principal,
    key,
    seed,
    startedAt,
    place,
    status: null,
    endedAt: null,
    standing: 'running',
    due: null,
    waits: [],
    owner: null,
    successor: null,
    erased: null,
  };
}

/**
 * The journal of one run that Restate keeps.
 *
 * Owns: what was added and is not acknowledged. Does not own: the invocation, which takes it from here in batches. Invariants: one batch is on
 * its way at a time; who waits for a commit waits until Restate has acknowledged the batch that it is in.
 */
import type { SixfoldError } from '../../kernel/errors.js';
import type { JournalRecord } from '../Record.js';
import type { Rest, RunJournal, RunRow } from '../run/RunJournal.js';
import type { Batch, Bridge, Resting, RunInput } from './RunMessages.js';

interface Waiting {
  /** Number of the batch that it waits for. */
  batch: number;
  resolve(): void;
  reject(reason: unknown): void;
}

type Draft = { -readonly [K in keyof Batch]: Batch[K] } & {
  records: JournalRecord[];
  dropped: Bridge[];
  mail: string[];
  children: string[];
};

/** Characters of what is recorded together: Restate takes messages up to 32 MiB, and few entries of that size. */
const BATCH_LENGTH_MAX = 4 * 1024 * 1024;

const BEGINNINGS: ReadonlySet<JournalRecord['kind']> = new Set(['started', 'resumed']);

const empty = (): Draft => ({ records: [], dropped: [], mail: [], children: [] });

export class SessionJournal implements RunJournal {
  readonly sealing = true;
  private draft = empty();
  private flying: Batch | undefined;
  /** Batches that were cut. */
  private cut = 0;
  private acknowledged = 0;
  private waiting: Waiting[] = [];
  private give: ((batch: Batch) => void) | undefined;
  private cutting = false;
  private wanted = false;
  private lost: SixfoldError | undefined;
  private attached = true;

  constructor(private readonly resting: () => Pick<Resting, 'at' | 'seen'>) {}

  get idle(): boolean {
    return this.attached && !this.flying && !this.matters;
  }

  /** More is to be recorded, and the end of the run is not part of it. */
  get goesOn(): boolean {
    return this.matters && this.draft.ended !== true;
  }

  /** An invocation is connected whose entries Restate takes. */
  get sure(): boolean {
    return this.attached;
  }

  /** What is on its way to Restate, if something is. */
  get onItsWay(): Batch | undefined {
    return this.flying;
  }

  /** Something was added that must not be lost. That a load began is as good as recorded: the invocation is. */
  private get matters(): boolean {
    const { records, dropped, mail, children, published, rest } = this.draft;
    if (dropped.length + mail.length + children.length > 0 || published !== undefined || rest !== undefined) return true;
    const last = records.at(-1);
    return last !== undefined && !BEGINNINGS.has(last.kind);
  }

  addRecord(_run: RunRow, record: JournalRecord): void {
    this.draft.records.push(record);
  }

  dropRecords(_run: RunRow, from: number, to: number, hash: string): void {
    this.draft.dropped.push({ from, to, hash });
  }

  publish(_run: RunRow, text: string): void {
    this.draft.published = text;
  }

  putAside(_run: RunRow, rest: Rest): void {
    this.draft.rest = { ...rest, ...this.resting() };
  }

  endRun(): void {
    this.draft.ended = true;
  }

  succeed(successor: RunInput): void {
    this.draft.successor = successor;
  }

  mailTaken(id: string): void {
    this.draft.mail.push(id);
  }

  childBegins(identity: string): void {
    this.draft.children.push(identity);
  }

  committed(): Promise<void> {
    if (this.lost) return Promise.reject(this.lost);
    if (this.idle) return Promise.resolve();
    if (this.matters) {
      this.wanted = true;
      this.cutSoon();
    }
    return this.wait();
  }

  afterCommit(): Promise<void> {
    if (this.lost) return Promise.reject(this.lost);
    return this.idle ? Promise.resolve() : this.wait();
  }

  private wait(): Promise<void> {
    const batch = this.matters ? this.cut + 1 : this.cut;
    return new Promise((resolve, reject) => this.waiting.push({ batch, resolve, reject }));
  }

  /** The next batch that the run wants recorded; of several who ask the last gets it. */
  next(): Promise<Batch> {
    return new Promise((resolve) => {
      if (this.flying)
        resolve(this.flying); // An earlier invocation was cut off before it was recorded.
      else {
        this.give = resolve;
        this.cutSoon();
      }
    });
  }

  /** The batch on its way is recorded. */
  acknowledge(): void {
    this.flying = undefined;
    this.acknowledged = this.cut;
    this.tell();
    this.cutSoon();
  }

  attach(): void {
    this.attached = true;
    this.tell();
  }

  /** No invocation is connected: nothing may begin before the next one is. */
  detach(): void {
    this.attached = false;
    this.give = undefined;
  }

  /** Another process has the run: nothing is recorded here any more. */
  lose(reason: SixfoldError): void {
    this.lost = reason;
    this.give = undefined;
    for (const one of this.waiting.splice(0)) one.reject(reason);
  }

  private tell(): void {
    if (!this.attached) return;
    const done = this.waiting.filter(({ batch }) => batch <= this.acknowledged);
    this.waiting = this.waiting.filter(({ batch }) => batch > this.acknowledged);
    for (const one of done) one.resolve();
  }

  /** With what else is recorded in this turn. */
  private cutSoon(): void {
    if (this.cutting || !this.ready) return;
    this.cutting = true;
    setImmediate(() => {
      this.cutting = false;
      if (this.ready) this.cutNow();
    });
  }

  private get ready(): boolean {
    return this.wanted && this.give !== undefined && !this.flying && this.matters;
  }

  private cutNow(): void {
    const count = countOfBatch(this.draft.records);
    const isWhole = count === this.draft.records.length;
    this.flying = isWhole ? trimmed(this.draft) : { records: this.draft.records.splice(0, count) };
    this.cut += 1;
    if (isWhole) this.draft = empty();
    else for (const one of this.waiting) if (one.batch === this.cut) one.batch += 1; // They wait for all of it.
    this.wanted = !isWhole;
    const { give } = this;
    this.give = undefined;
    give?.(this.flying);
  }
}

/** How many of the records fit into one batch; the first always does. */
function countOfBatch(records: readonly JournalRecord[]): number {
  let length = 0;
  for (const [index, { body }] of records.entries()) {
    length += body?.length ?? 0;
    if (length > BATCH_LENGTH_MAX && index > 0) return index;
  }
  return records.length;
}

/** Without what is empty. */
function trimmed({ dropped, mail, children, ...draft }: Draft): Batch {
  return {
    ...draft,
    ...(dropped.length > 0 && { dropped }),
    ...(mail.length > 0 && { mail }),
    ...(children.length > 0 && { children }),
  };
}

/**
 * The named parts of a run whose outcome is recorded as one (R12).
 *
 * Owns: which parts are open, what was recorded inside them. Does not own: the journal, the order of delivery, the asks inside.
 * Invariants: a part is recorded when its body has returned and every step and part that it asked for has an outcome, also what it
 * asked for since; what it recorded is dropped in the same commit, and nothing inside it is taken in any more. A part is kept whole,
 * without a record of its own, when it failed, or when something inside it can be undone
 * or is unknown.
 */
import { overlook } from '../../kernel/AskedPromise.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { plainCopyOf } from '../../kernel/copyOf.js';
import { OutcomeUnknownError } from '../../kernel/errors.js';
import { inBranch, presentBranch } from '../../kernel/whereabouts.js';
import type { JournalRecord } from '../Record.js';
import type { NewRecord } from './RunLog.js';

interface Awaited {
  readonly promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** Records one after the other, as they may be dropped. */
export interface DroppedRange {
  readonly from: number;
  to: number;
  /** Of the last of them. */
  hash: string;
}

interface OpenBranch {
  readonly path: string;
  readonly identity: string;
  readonly name: string;
  readonly ask: Awaited;
  readonly ranges: DroppedRange[];
  /** Asks inside it whose outcome was not delivered. */
  open: number;
  whole: boolean;
  /** Of the signals that were taken inside it: they are known when what recorded them is dropped. */
  readonly tokens: string[];
  whenSettled: (() => void) | undefined;
  /** What its body returned. */
  value: unknown;
  /** The same as text of the codec, once it is to be recorded. */
  text: string;
}

interface BranchBody {
  readonly value: string;
  readonly tokens?: readonly string[];
}

export interface BranchPart {
  readonly phase: string;
  readonly name: string;
}

export interface BranchesPorts {
  readonly codec: Codec;
  promise(): Awaited;
  record(fields: Omit<NewRecord, 'at'>): JournalRecord;
  offer(record: JournalRecord): void;
  drop(range: DroppedRange): void;
  /** A part, `phase.path`, has ended. */
  ended(place: string): void;
  /** A part has failed: what it still waits for is nobody's. */
  failed(place: string): void;
}

export class Branches {
  private readonly calls = new Map<string, number>();
  private readonly recorded = new Map<string, JournalRecord>();
  private readonly open = new Map<string, OpenBranch>();
  private readonly delivering = new Map<string, Awaited>();
  /** What earlier loads recorded inside parts that have no outcome yet. */
  private readonly earlier = new Map<string, DroppedRange[]>();
  private readonly fresh = new Set<OpenBranch>();
  /** Ended without a record, so that their code runs again on replay. */
  private readonly keptWhole = new Set<string>();

  constructor(private readonly ports: BranchesPorts) {}

  /** Something is to be recorded. */
  get hasFresh(): boolean {
    return this.fresh.size > 0;
  }

  /** Takes in the outcome of a part that an earlier load recorded. */
  recall(record: JournalRecord): void {
    this.recorded.set(record.step ?? '', record);
  }

  /** Takes in that an earlier load recorded something at a place, `phase.path`. */
  recallInside(place: string, { seq, hash }: JournalRecord): void {
    for (const identity of around(place)) {
      const ranges = this.earlier.get(identity) ?? [];
      if (ranges.length === 0) this.earlier.set(identity, ranges);
      extend(ranges, seq, hash);
    }
  }

  get leftover(): ReadonlyMap<string, JournalRecord> {
    return this.recorded;
  }

  enter({ phase, name }: BranchPart, body: () => Promise<unknown>): Promise<unknown> {
    const path = this.pathOf(phase, name);
    const identity = `${phase}.${path}`;
    const ask = this.ports.promise();
    this.count(parentOf(identity), ask.promise, false);
    const known = this.recorded.get(identity);
    if (known) {
      this.recorded.delete(identity);
      this.delivering.set(identity, ask);
      for (const { tokens } of this.openAround(parentOf(identity))) tokens.push(...tokensOf(known));
      this.ports.offer(known);
      return ask.promise;
    }
    const branch: OpenBranch = {
      path,
      identity,
      name,
      ask,
      ranges: this.earlier.get(identity) ?? [],
      open: 0,
      whole: false,
      tokens: [],
      whenSettled: undefined,
      value: undefined,
      text: '',
    };
    this.open.set(identity, branch);
    this.earlier.delete(identity);
    this.run(branch, body).catch((error: unknown) => this.fail(branch, error));
    return ask.promise;
  }

  private fail(branch: OpenBranch, error: unknown): void {
    this.keepWhole(branch);
    this.ports.failed(branch.identity);
    branch.ask.reject(error);
  }

  private async run(branch: OpenBranch, body: () => Promise<unknown>): Promise<void> {
    branch.value = await inBranch(branch.path, async () => body());
    await this.finish(branch);
  }

  private async finish(branch: OpenBranch): Promise<void> {
    if (branch.open > 0) await new Promise<void>((resolve) => this.onceSettled(branch, resolve));
    if (!branch.whole) {
      // Here, where its code is driven: what cannot be kept is an error of that code.
      branch.text = this.ports.codec.encode(plainCopyOf(branch.value), `the outcome of branch ${branch.name}`);
      this.fresh.add(branch);
      return;
    }
    this.keepWhole(branch);
    branch.ask.resolve(branch.value);
  }

  private keepWhole({ identity }: OpenBranch): void {
    this.open.delete(identity);
    this.keptWhole.add(identity);
  }

  /** The part at a place, `phase.path`, has its outcome: what its code still asks for would not be asked for on replay. */
  isOver(place: string): boolean {
    return around(place).some((identity) => !this.open.has(identity) && !this.keptWhole.has(identity));
  }

  private onceSettled(branch: OpenBranch, resolve: () => void): void {
    branch.whenSettled = resolve;
  }

  /** Counts an ask at a place, `phase.path`, until it is settled. */
  count(place: string, ask: Promise<unknown>, undoable: boolean): void {
    const open = this.openAround(place);
    if (open.length === 0) return;
    for (const branch of open) {
      branch.open += 1;
      if (undoable) branch.whole = true;
      if (this.fresh.delete(branch)) this.finish(branch).catch((error: unknown) => this.fail(branch, error)); // Its code has gone on behind what it returned.
    }
    const settle = (): void => {
      for (const branch of open) settleOne(branch);
    };
    const refuse = (error: unknown): void => {
      // What became of it is still to be found out. Not before it is delivered: a replay must come to the same at the same place.
      if (error instanceof OutcomeUnknownError) for (const branch of open) branch.whole = true;
      settle();
    };
    overlook(ask, settle, refuse);
  }

  /** Notes what was recorded at a place, `phase.path`. */
  note(place: string, { kind, seq, hash, step }: JournalRecord): void {
    for (const branch of this.openAround(place)) {
      extend(branch.ranges, seq, hash);
      if (kind === 'signal' && step !== null) branch.tokens.push(step);
    }
  }

  /** All that was recorded is delivered: outcomes of parts can be recorded. */
  reachFrontier(): void {
    const fresh = [...this.fresh];
    this.fresh.clear();
    for (const branch of fresh) this.record(branch);
  }

  private record({ identity, name, ask, text, ranges, tokens }: OpenBranch): void {
    const { ports } = this;
    this.open.delete(identity);
    ports.ended(identity);
    for (const range of merged(ranges)) ports.drop(range);
    this.delivering.set(identity, ask);
    const ending = ports.record({
      kind: 'branch-ended',
      step: identity,
      label: name,
      status: 'succeeded',
      body: JSON.stringify({ value: text, ...(tokens.length > 0 ? { tokens } : {}) } satisfies BranchBody),
    });
    this.note(parentOf(identity), ending);
    ports.offer(ending);
  }

  deliver(record: JournalRecord): void {
    const ask = this.delivering.get(record.step ?? '');
    this.delivering.delete(record.step ?? '');
    const { value } = JSON.parse(record.body ?? '{}') as BranchBody;
    ask?.resolve(this.ports.codec.decode(value));
  }

  /** Outermost first. */
  private openAround(place: string): readonly OpenBranch[] {
    if (this.open.size === 0) return [];
    return around(place).flatMap((identity) => this.open.get(identity) ?? []);
  }

  private pathOf(phase: string, name: string): string {
    const outer = presentBranch();
    const base = outer === undefined ? segment(name) : `${outer}.${segment(name)}`;
    const ordinal = this.calls.get(`${phase}.${base}`) ?? 0;
    this.calls.set(`${phase}.${base}`, ordinal + 1);
    return `${base}~${ordinal}`;
  }
}

/** Of the signals that were taken inside a part with this outcome. */
export function tokensOf({ body }: JournalRecord): readonly string[] {
  return (JSON.parse(body ?? '{}') as Partial<BranchBody>).tokens ?? [];
}

function settleOne(branch: OpenBranch): void {
  branch.open -= 1;
  if (branch.open > 0) return;
  branch.whenSettled?.();
  branch.whenSettled = undefined;
}

function segment(name: string): string {
  return encodeURIComponent(name).replaceAll('.', '%2E').replaceAll('~', '%7E');
}

function parentOf(identity: string): string {
  return identity.slice(0, Math.max(0, identity.lastIndexOf('.')));
}

/** Identities of the parts that a place, `phase.path`, is in, outermost first. */
function around(place: string): readonly string[] {
  const [phase, ...parts] = place.split('.');
  return parts.map((_part, index) => `${phase}.${parts.slice(0, index + 1).join('.')}`);
}

function extend(ranges: DroppedRange[], seq: number, hash: string): void {
  const last = ranges.at(-1);
  if (last && last.to + 1 === seq) {
    last.to = seq;
    last.hash = hash;
  } else ranges.push({ from: seq, to: seq, hash });
}

function merged(ranges: readonly DroppedRange[]): readonly DroppedRange[] {
  const joined: DroppedRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.from - other.from)) {
    const last = joined.at(-1);
    if (last && last.to + 1 === range.from) {
      last.to = range.to;
      last.hash = range.hash;
    } else joined.push({ ...range });
  }
  return joined;
}

/**
 * A journal that ends with its process: for tests, and for runs that nobody needs afterwards.
 *
 * Owns: the runs, their records and their mail. Does not own: anything outside the process, so every run that has an owner
 * has this one. Invariant: open runs, those to which a caller gave an idempotency key, and ended ones that an open run needs
 * (MemoryNeeds) are kept; of the other ended ones, children among them, the newest, so that memory does not grow with the
 * number of runs.
 */
import { Carried } from '../../kernel/codec/Carried.js';
import { digest } from '../../kernel/digest.js';
import { Slots, type Slotted } from '../../kernel/Slots.js';
import type { QueueLimits } from '../Engine.js';
import type { EndStatus, JournalRecord } from '../Record.js';
import { type Bridges, bridgesOf, chained } from '../run/chain.js';
import type { Reopening, Rest, RunRow } from '../run/RunJournal.js';
import type { Admission, Journal, JournalEvents, Mail, NewRun, PruneRequest, Wanted } from './Journal.js';
import { MemoryNeeds } from './MemoryNeeds.js';
import { MemoryQueues } from './MemoryQueues.js';
import { MemoryTables } from './stores/MemoryTables.js';

type LateRecord = () => JournalRecord;

export interface KeptRun extends RunRow, Slotted {
  status: EndStatus | null;
  endedAt: number | null;
  params: RunRow['params'];
  principal: string;
  standing: RunRow['standing'];
  due: number | null;
  waits: RunRow['waits'];
  owner: number | null;
  successor: string | null;
  erased: RunRow['erased'];
  records: (JournalRecord | LateRecord)[];
  /** Number of the last record that was dropped. */
  droppedTo: number;
  published: string | undefined;
  readonly child: boolean;
}

/** Ended runs without a caller's key beyond this many are forgotten, the oldest first. */
const ENDED_MAX = 256;
const COMMITTED = Promise.resolve();
const NO_WAITS: RunRow['waits'] = [];
const NO_BRIDGES: Bridges = new Map();
const ERASED = Carried.ofText('null');
/** Number of this process. */
const SELF = 1;

export class MemoryJournal implements Journal {
  readonly sealing = false;
  readonly tables = new MemoryTables();
  readonly idle = true;
  readonly sure = true;
  private readonly open = new Slots<KeptRun>();
  private readonly keyed = new Map<string, KeptRun>();
  /** A ring, in which the next one takes the place of the oldest. */
  private readonly ended: (KeptRun | undefined)[] = [];
  private endings = 0;
  private readonly needs = new MemoryNeeds<KeptRun>((run) => this.retire(run));
  private lastRowId = 0;
  private lastMail = 0;
  private commands: readonly string[] = [];
  /** By the run's id; made when the first one comes. */
  private letters: Map<string, Mail[]> | undefined;
  private queues: MemoryQueues | undefined;
  /** Runs that wait, of all those that are open. */
  private readonly waiting = new Set<KeptRun>();

  attach(_events: JournalEvents, commands: readonly string[]): void {
    this.commands = commands;
  }

  newRun(run: NewRun, child: boolean): RunRow {
    this.lastRowId += 1;
    const { id, command, version, params, principal, key, fingerprint, startedAt, seed, place, standing } = run;
    const kept: KeptRun = {
      id,
      command,
      version,
      params,
      principal,
      key,
      fingerprint,
      startedAt,
      seed,
      place,
      standing,
      rowId: this.lastRowId,
      status: null,
      endedAt: null,
      due: null,
      waits: NO_WAITS,
      owner: standing === 'queued' ? null : SELF,
      successor: null,
      erased: null,
      records: [],
      droppedTo: 0,
      published: undefined,
      slot: -1,
      child,
    };
    return kept;
  }

  addRun(row: RunRow): void {
    const run = keptOf(row);
    this.open.add(run);
    if (run.key !== null) this.keyed.set(keyOf(run.command, run.key), run);
    this.needs.begun(run);
    if (run.standing === 'queued') this.queuesMade().add(run);
  }

  addKeyedRun(run: RunRow, first: JournalRecord): Promise<boolean> {
    if (this.runByKey(run.command, run.key ?? '')) return Promise.resolve(false);
    this.addRun(run);
    this.addRecord(run, first);
    return Promise.resolve(true);
  }

  addRecord(row: RunRow, record: JournalRecord, late?: () => string): void {
    keptOf(row).records.push(late ? () => ({ ...record, body: late() }) : record);
    if (record.kind === 'step-ended') this.needs.stepEnded(row.id, record);
  }

  endRun(row: RunRow, status: EndStatus, endedAt: number, successor?: string): void {
    const run = keptOf(row);
    this.open.remove(run);
    run.status = status;
    run.endedAt = endedAt;
    run.successor = successor ?? null;
    this.settle(run);
    run.owner = null;
    if (successor !== undefined) this.passOn(run.id, successor);
    this.letters?.delete(run.id);
    this.needs.ended(run);
  }

  /** Nobody needs it any more: it is kept until enough others have ended. */
  private retire(run: KeptRun): void {
    if (run.key !== null && !run.child) return;
    const oldest = this.ended[this.endings % ENDED_MAX];
    if (oldest) {
      this.needs.forgotten(oldest);
      if (oldest.key !== null) this.keyed.delete(keyOf(oldest.command, oldest.key));
    }
    this.ended[this.endings % ENDED_MAX] = run;
    this.endings += 1;
  }

  reopenRuns(reopenings: readonly Reopening[]): Promise<boolean> {
    const all = reopenings.map(({ run, records }) => ({ run: keptOf(run), records }));
    if (!all.every(({ run, records }) => run.status !== null && lastSeqOf(run) === records[0].seq - 1)) return Promise.resolve(false);
    const opened = all.map(({ run }) => run);
    for (const { run, records } of all) {
      run.status = null;
      run.endedAt = null;
      run.owner = SELF;
      for (const needed of this.needs.reopened(run, opened)) this.forget(needed);
      this.open.add(run);
      for (const record of records) this.addRecord(run, record);
    }
    return Promise.resolve(true);
  }

  putAside(row: RunRow, { standing, due, waits }: Rest): void {
    const run = keptOf(row);
    if (run.status !== null) return;
    run.standing = standing;
    run.due = due;
    run.waits = waits;
    run.owner = null;
    if (standing === 'waiting') this.waiting.add(run);
  }

  publish(run: RunRow, text: string): void {
    keptOf(run).published = text;
  }

  published(run: RunRow): string | undefined {
    return keptOf(run).published;
  }

  post(mail: Omit<Mail, 'id'>): void {
    if (!this.open.find(({ id }) => id === mail.run)) return;
    this.letters ??= new Map();
    const letters = this.letters.get(mail.run) ?? [];
    if (letters.some(({ kind, name, token }) => kind === mail.kind && name === mail.name && token === mail.token)) return;
    this.lastMail += 1;
    letters.push({ ...mail, id: this.lastMail });
    this.letters.set(mail.run, letters);
  }

  /** What came for a run that has ended is for the one that goes on with it. */
  private passOn(run: string, successor: string): void {
    for (const mail of this.letters?.get(run) ?? []) if (mail.kind !== 'child-ended') this.post({ ...mail, run: successor });
  }

  dropMail({ id, run }: Mail): void {
    const left = this.letters?.get(run)?.filter((mail) => mail.id !== id) ?? [];
    if (left.length > 0) this.letters?.set(run, left);
    else this.letters?.delete(run);
  }

  mail(of?: RunRow): readonly Mail[] {
    if (!this.letters || this.letters.size === 0) return [];
    if (of) return this.letters.get(of.id) ?? [];
    const own = this.open.list.filter(({ id, owner }) => owner !== null && this.letters?.has(id));
    return own.flatMap(({ id }) => this.letters?.get(id) ?? []).toSorted((one, other) => one.id - other.id);
  }

  committed(): Promise<void> {
    return COMMITTED;
  }

  claim(wanted: Wanted, limit: number): Promise<readonly RunRow[]> {
    const free = this.candidates(wanted).filter(({ owner, command }) => owner === null && this.commands.includes(command));
    return Promise.resolve(free.slice(0, limit).map((run) => this.take(keptOf(run))));
  }

  admit(limits: QueueLimits, now: number, limit: number): Promise<Admission> {
    if (!this.queues) return Promise.resolve({ admitted: [], nextAt: undefined });
    const begun = this.open.list.filter(({ place, standing }) => place?.queue === limits.name && standing !== 'queued').length;
    return Promise.resolve(this.queues.admit(limits, { now, limit, begun, commands: this.commands }, (run) => this.take(keptOf(run))));
  }

  nextDue(): number | undefined {
    let next: number | undefined;
    for (const { due, command } of this.waiting) {
      if (due !== null && (next === undefined || due < next) && this.commands.includes(command)) next = due;
    }
    return next;
  }

  runsByPrefix(prefix: string): readonly RunRow[] {
    return this.runs.filter(({ id }) => id.startsWith(prefix)).slice(0, 2);
  }

  runByKey(command: string, key: string): RunRow | undefined {
    return this.keyed.get(keyOf(command, key));
  }

  latestRuns(limit: number): readonly RunRow[] {
    return this.runs.toSorted((one, other) => other.rowId - one.rowId).slice(0, limit);
  }

  openRuns(): readonly RunRow[] {
    return this.open.list.toSorted((one, other) => one.rowId - other.rowId);
  }

  /** There is no other process, and none before this one. */
  unknownCommands(): readonly never[] {
    return [];
  }

  endedRuns(before: number, limit: number, withErased = false): readonly RunRow[] {
    const may = (run: KeptRun): boolean =>
      run.endedAt !== null &&
      run.endedAt < before &&
      !this.needs.isAwaited(run) &&
      (withErased ? !this.needs.goesOn(run, before) : !run.erased);
    const ended = this.runs.filter(may);
    return ended.toSorted((one, other) => Number(one.endedAt) - Number(other.endedAt) || one.rowId - other.rowId).slice(0, limit);
  }

  endedSteps(row: RunRow): number {
    return keptOf(row).records.filter((record) => made(record).kind === 'step-ended').length;
  }

  isOwned({ owner }: RunRow): boolean {
    return owner !== null;
  }

  records(row: RunRow): readonly JournalRecord[] {
    return chained(row, keptOf(row).records.map(made));
  }

  dropRecords(row: RunRow, from: number, to: number): void {
    const run = keptOf(row);
    run.records = run.records.map(made).filter(({ seq }) => seq < from || seq > to);
    run.droppedTo = Math.max(run.droppedTo, to);
  }

  bridges(row: RunRow): Bridges {
    const { droppedTo } = keptOf(row);
    if (droppedTo === 0) return NO_BRIDGES;
    const records = this.records(row);
    return bridgesOf(records, Math.max(droppedTo, records.at(-1)?.seq ?? 0));
  }

  prune({ before, limit, what }: PruneRequest): Promise<number> {
    const runs = this.endedRuns(before, limit, what === 'runs').map(keptOf);
    for (const run of runs) {
      if (what === 'runs') this.remove(run);
      else this.erase(run);
    }
    return Promise.resolve(runs.length);
  }

  private erase(run: KeptRun): void {
    run.records = this.records(run).map((record) => ({ ...record, body: null }));
    run.erased = { params: digest(run.params.text), principal: digest(run.principal) };
    run.params = ERASED;
    run.principal = ERASED.text;
    run.published = undefined;
  }

  private remove(run: KeptRun): void {
    this.forget(run);
    this.needs.forgotten(run);
    if (run.key !== null) this.keyed.delete(keyOf(run.command, run.key));
    run.records = [];
  }

  async close(): Promise<void> {
    this.keyed.clear();
    this.needs.clear();
    this.waiting.clear();
    this.letters = undefined;
    this.queues = undefined;
    this.ended.length = 0;
  }

  private candidates(wanted: Wanted): readonly KeptRun[] {
    if ('id' in wanted) return this.open.list.filter(({ id }) => id === wanted.id);
    if ('dueBy' in wanted) {
      const due = [...this.waiting].filter((run) => run.due !== null && run.due <= wanted.dueBy);
      return due.toSorted((one, other) => Number(one.due) - Number(other.due) || one.rowId - other.rowId);
    }
    if ('mailed' in wanted) {
      const first = (run: KeptRun): number => this.letters?.get(run.id)?.[0]?.id ?? 0;
      return [...this.waiting].filter((run) => first(run) > 0).toSorted((one, other) => first(one) - first(other));
    }
    const adrift = this.open.list.filter(({ standing }) => standing === 'running' || (wanted.stopped && standing === 'stopped'));
    return adrift.toSorted((one, other) => one.rowId - other.rowId);
  }

  private take(run: KeptRun): RunRow {
    this.settle(run);
    run.owner = SELF;
    return run;
  }

  /** It stands still no longer. */
  private settle(run: KeptRun): void {
    if (run.standing === 'running' && run.due === null) return;
    if (run.standing === 'queued') this.queues?.remove(run);
    if (run.standing === 'waiting') this.waiting.delete(run);
    run.standing = 'running';
    run.due = null;
    run.waits = NO_WAITS;
  }

  /** An ended run, except by its key. */
  private forget(run: KeptRun): void {
    const at = this.ended.indexOf(run);
    if (at !== -1) this.ended[at] = undefined;
  }

  private queuesMade(): MemoryQueues {
    this.queues ??= new MemoryQueues();
    return this.queues;
  }

  private get runs(): readonly KeptRun[] {
    const ended = this.ended.filter((run) => run !== undefined);
    return [...new Set([...this.open.list, ...ended, ...this.keyed.values(), ...this.needs.kept])];
  }
}

/** Every row that this journal is given is one that it made. */
function keptOf(row: RunRow): KeptRun {
  return row as KeptRun;
}

function lastSeqOf({ records }: KeptRun): number | undefined {
  const last = records.at(-1);
  return last && made(last).seq;
}

function made(record: JournalRecord | LateRecord): JournalRecord {
  return typeof record === 'function' ? record() : record;
}

function keyOf(command: string, key: string): string {
  return `${command}/${key}`; // No command has a slash in its name.
}

/**
 * The journal of one simulated process over a SimulatedDisk, in rounds like the real one: what is added reaches the disk in order
 * and a round whole or not at all, and who waits is answered after that. When either happens is up to the simulation.
 *
 * Owns: what is not committed. Does not own: the disk. Invariants: after `kill` nothing reaches the disk and nobody is answered;
 * a process that lost its runs to others commits nothing more.
 */
import type { Admission, Journal, JournalEvents, Mail, NewRun, Rest, RunRow, Wanted } from '../../src/engine/embedded/Journal.js';
import type { EndStatus, JournalRecord } from '../../src/engine/Record.js';
import { Carried } from '../../src/kernel/codec/Carried.js';
import { digest } from '../../src/kernel/digest.js';
import type { SimulatedDisk, StoredRun, Write, WriteKind } from './SimulatedDisk.js';

interface Party {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Index of the write whose changed rows it is told. */
  readonly write?: number;
  readonly work?: () => unknown;
  value?: unknown;
}

interface Round {
  readonly writes: Write[];
  readonly parties: Party[];
}

export interface SimulatedJournalOptions {
  /** Does what brings a round to the disk, and later what answers those who wait. */
  readonly soon: (what: 'commit' | 'answer', step: () => void) => void;
  readonly leaseLost: () => Error;
}

export class SimulatedJournal implements Journal {
  readonly sealing = true;
  readonly process: number;
  /** Grows with everything that is asked of it. */
  activity = 0;
  private next: Round = { writes: [], parties: [] };
  private current: Round | undefined;
  /** Of which nothing is on the disk. */
  private committing: Round | undefined;
  private scheduled = false;
  private dead = false;
  private lost = false;
  private commands: readonly string[] = [];
  private events: JournalEvents | undefined;
  private readonly added = new Map<string, number>();

  constructor(
    readonly disk: SimulatedDisk,
    private readonly options: SimulatedJournalOptions,
  ) {
    this.process = disk.register(this.told);
  }

  private readonly told = (): void => this.events?.changed();

  get sure(): boolean {
    return !this.lost && this.disk.isAlive(this.process);
  }

  get idle(): boolean {
    return this.next.writes.length === 0 && this.current === undefined && this.sure;
  }

  /** Records of a run that were added here and are not committed. */
  pendingOf(runId: string): number {
    const writes = [...(this.committing?.writes ?? []), ...this.next.writes];
    return writes.filter(({ kind, run }) => kind === 'record' && run === runId).length;
  }

  /** Records of a run that were added here, committed or not. */
  countOf(runId: string): number {
    return this.added.get(runId) ?? 0;
  }

  /** The process ends without a word. */
  kill(): void {
    this.dead = true;
    this.events = undefined;
    this.drop();
    this.disk.leave(this.process, this.told);
  }

  /** Others take the process for dead, which learns of it at its next commit or by `fenced`. */
  fence(): void {
    this.disk.leave(this.process, this.told);
  }

  attach(events: JournalEvents, commands: readonly string[]): void {
    this.events = events;
    this.commands = commands;
  }

  newRun(run: NewRun, _child: boolean): RunRow {
    this.activity += 1;
    this.disk.lastRow += 1;
    const open = { status: null, endedAt: null, due: null, waits: [], successor: null, erased: null };
    return { ...run, ...open, rowId: this.disk.lastRow, owner: run.standing === 'queued' ? null : this.process };
  }

  addRun(row: RunRow): void {
    this.add('run', row, (disk) => putRun(disk, row));
  }

  async addKeyedRun(row: RunRow, first: JournalRecord): Promise<boolean> {
    this.add('run', row, (disk) => {
      const taken = [...disk.runs.values()].some((run) => run.row.command === row.command && run.row.key === row.key);
      return taken ? 0 : putRun(disk, row);
    });
    const write = this.next.writes.length - 1;
    this.addRecord(row, first);
    return ((await this.join({ write })) as number) > 0;
  }

  addRecord(row: RunRow, record: JournalRecord): void {
    this.added.set(row.id, this.countOf(row.id) + 1);
    this.add('record', row, (disk) => change(disk, row, (run) => run.records.push(record)), { record });
  }

  endRun(row: RunRow, status: EndStatus, endedAt: number, successor?: string): void {
    this.add('end', row, (disk) => {
      disk.mail = disk.mail.filter(({ run }) => run !== row.id);
      const end = { status, endedAt, successor: successor ?? null, standing: 'running', owner: null, due: null, waits: [] } as const;
      return patch(disk, row, end);
    });
  }

  reopenRun(row: RunRow): void {
    const open = { status: null, endedAt: null, standing: 'running', owner: this.process } as const;
    this.add('reopen', row, (disk) => patch(disk, row, open));
    Object.assign(row, open);
  }

  putAside(row: RunRow, { standing, due, waits }: Rest): void {
    if (this.lost) return;
    this.add('aside', row, (disk) => patch(disk, row, { standing, due, waits, owner: null }));
  }

  publish(row: RunRow, text: string): void {
    this.add('publish', row, (disk) => change(disk, row, (run) => Object.assign(run, { published: text })));
  }

  published({ rowId }: RunRow): string | undefined {
    return this.disk.runs.get(rowId)?.published;
  }

  post(mail: Omit<Mail, 'id'>): void {
    const isSame = ({ run, kind, name, token }: Mail): boolean =>
      run === mail.run && kind === mail.kind && name === mail.name && token === mail.token;
    this.addWrite({
      kind: 'post',
      run: mail.run,
      mail,
      apply: (disk) => {
        if (disk.runOf(mail.run)?.row.status !== null || disk.mail.some(isSame)) return 0;
        disk.lastMail += 1;
        disk.mail = [...disk.mail, { ...mail, id: disk.lastMail }];
        return 1;
      },
    });
  }

  private readonly droppedMail = new Set<number>();

  dropMail({ id, run }: Mail): void {
    this.droppedMail.add(id);
    this.addWrite({
      kind: 'drop-mail',
      run,
      apply: (disk) => {
        disk.mail = disk.mail.filter((mail) => mail.id !== id);
        return 1;
      },
    });
  }

  mail(of?: RunRow): readonly Mail[] {
    this.activity += 1;
    const own = this.disk.mail.filter(({ id, run }) => !this.droppedMail.has(id) && this.disk.runOf(run)?.row.owner === this.process);
    return of ? own.filter(({ run }) => run === of.id) : own;
  }

  committed(): Promise<void> {
    this.activity += 1;
    if (this.dead) return new Promise(() => undefined);
    if (this.lost) return Promise.reject(this.options.leaseLost());
    if (this.idle) return Promise.resolve();
    if (this.current === undefined && this.next.writes.length === 0 && !this.disk.isAlive(this.process)) {
      this.loseLease();
      return Promise.reject(this.options.leaseLost());
    }
    const round = this.current && this.next.writes.length === 0 ? this.current : this.next;
    return this.join({}, round) as Promise<void>;
  }

  claim(wanted: Wanted, limit: number): Promise<readonly RunRow[]> {
    this.activity += 1;
    if (this.idle && this.candidates(wanted).length === 0) return Promise.resolve([]);
    return this.join({ work: () => this.take(wanted, limit) }) as Promise<readonly RunRow[]>;
  }

  admit(): Promise<Admission> {
    return Promise.resolve({ admitted: [], nextAt: undefined });
  }

  nextDue(): number | undefined {
    this.activity += 1;
    const times = this.all.flatMap(({ standing, due, status }) => (status === null && standing === 'waiting' && due !== null ? [due] : []));
    return times.length === 0 ? undefined : Math.min(...times);
  }

  runsByPrefix(prefix: string): readonly RunRow[] {
    return this.all.filter(({ id }) => id.startsWith(prefix)).slice(0, 2);
  }

  runByKey(command: string, key: string): RunRow | undefined {
    return this.all.find((row) => row.command === command && row.key === key);
  }

  latestRuns(limit: number): readonly RunRow[] {
    return this.all.toSorted((one, other) => other.startedAt - one.startedAt || other.rowId - one.rowId).slice(0, limit);
  }

  openRuns(): readonly RunRow[] {
    return this.all.filter(({ status }) => status === null);
  }

  unknownCommands(): readonly { readonly command: string; readonly runs: number }[] {
    const unknown = this.openRuns().filter(({ command }) => !this.commands.includes(command));
    return Object.entries(Object.groupBy(unknown, ({ command }) => command)).map(([command, runs]) => ({ command, runs: runs?.length ?? 0 }));
  }

  endedRuns(before: number, limit: number, withErased = false): readonly RunRow[] {
    const ended = this.all.filter(({ endedAt, erased }) => endedAt !== null && endedAt < before && (withErased || !erased));
    return ended.toSorted((one, other) => Number(one.endedAt) - Number(other.endedAt) || one.rowId - other.rowId).slice(0, limit);
  }

  endedSteps({ rowId }: RunRow): number {
    return this.disk.runs.get(rowId)?.records.filter(({ kind }) => kind === 'step-ended').length ?? 0;
  }

  isOwned({ owner }: RunRow): boolean {
    return owner !== null && this.disk.isAlive(owner);
  }

  records({ rowId }: RunRow): readonly JournalRecord[] {
    this.activity += 1;
    return [...(this.disk.runs.get(rowId)?.records ?? [])];
  }

  dropRecords(row: RunRow, from: number, to: number, hash: string): void {
    this.add('drop-records', row, (disk) =>
      change(disk, row, (run) => {
        run.records = run.records.filter(({ seq }) => seq < from || seq > to);
        run.bridges = [...run.bridges.filter((bridge) => bridge.from < from || bridge.to > to), { from, to, hash }];
      }),
    );
  }

  bridges({ rowId }: RunRow): ReadonlyMap<number, { readonly from: number; readonly hash: string }> {
    const bridges = this.disk.runs.get(rowId)?.bridges ?? [];
    return new Map(bridges.map(({ from, to, hash }) => [to + 1, { from, hash }]));
  }

  eraseBodies(row: RunRow): void {
    if (row.erased) return;
    const erased = { params: digest(row.params.text), principal: digest(row.principal) };
    this.add('other', row, (disk) => {
      patch(disk, row, { erased, params: Carried.ofText('null'), principal: 'null' });
      return change(disk, row, (run) => {
        run.records = run.records.map((record) => ({ ...record, body: null }));
        run.published = undefined;
      });
    });
  }

  removeRun(row: RunRow): void {
    this.add('other', row, (disk) => Number(disk.runs.delete(row.rowId)));
  }

  async close(): Promise<void> {
    while (!this.dead && !this.lost && !this.idle) await this.committed();
    this.events = undefined;
    this.disk.leave(this.process, this.told);
  }

  private get all(): readonly RunRow[] {
    return [...this.disk.runs.values()].map(({ row }) => ({ ...row }));
  }

  private candidates(wanted: Wanted): readonly RunRow[] {
    const free = this.all.filter((row) => this.disk.isFree(row) && this.commands.includes(row.command));
    const mailed = (id: string): number => this.disk.mail.find(({ run }) => run === id)?.id ?? 0;
    if ('id' in wanted) return free.filter(({ id }) => id === wanted.id);
    if ('dueBy' in wanted) {
      const due = free.filter((row) => row.standing === 'waiting' && row.due !== null && row.due <= wanted.dueBy);
      return due.toSorted((one, other) => Number(one.due) - Number(other.due) || one.rowId - other.rowId);
    }
    if ('mailed' in wanted) {
      const waiting = free.filter(({ standing, id }) => standing === 'waiting' && mailed(id) > 0);
      return waiting.toSorted((one, other) => mailed(one.id) - mailed(other.id));
    }
    return free.filter(({ standing }) => standing === 'running' || (wanted.stopped && standing === 'stopped'));
  }

  private take(wanted: Wanted, limit: number): readonly RunRow[] {
    const own = { owner: this.process, standing: 'running', due: null, waits: [] } as const;
    return this.candidates(wanted)
      .slice(0, limit)
      .map((row) => {
        this.disk.apply({ kind: 'take', run: row.id, apply: (disk) => patch(disk, row, own) });
        return { ...row, ...own };
      });
  }

  private add(kind: WriteKind, { id: run }: RunRow, apply: Write['apply'], more: Partial<Write> = {}): void {
    this.addWrite({ kind, run, apply, ...more });
  }

  private addWrite(write: Write): void {
    this.activity += 1;
    if (this.lost) throw this.options.leaseLost();
    if (!this.dead) this.next.writes.push(write);
  }

  private join(wish: Pick<Party, 'write' | 'work'>, round = this.next): Promise<unknown> {
    if (this.lost) return Promise.reject(this.options.leaseLost());
    return new Promise((resolve, reject) => {
      if (this.dead) return;
      round.parties.push({ resolve, reject, ...wish });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.current || this.scheduled) return;
    this.scheduled = true;
    this.options.soon('commit', () => {
      this.scheduled = false;
      if (this.dead || this.lost) return;
      this.current = this.next;
      this.next = { writes: [], parties: [] };
      if (this.disk.isAlive(this.process)) this.commit(this.current);
      else this.loseLease();
    });
  }

  private commit(round: Round): void {
    this.activity += 1;
    const changes = round.writes.map((write) => this.disk.apply(write));
    for (const party of round.parties) party.value = party.work ? party.work() : changes[party.write ?? -1];
    if (round.writes.some(({ kind }) => kind === 'post' || kind === 'end' || kind === 'aside')) this.disk.changed();
    this.options.soon('answer', () => {
      this.activity += 1;
      if (this.dead || this.lost) return;
      if (!this.sure) {
        this.loseLease();
        return;
      }
      this.current = undefined;
      for (const party of round.parties) party.resolve(party.value);
      if (this.next.parties.length > 0) this.schedule();
    });
  }

  private loseLease(): void {
    this.lost = true;
    const parties = this.drop();
    for (const party of parties) party.reject(this.options.leaseLost());
    this.events?.fenced();
  }

  private drop(): readonly Party[] {
    const parties = [...(this.current?.parties ?? []), ...this.next.parties];
    this.current = undefined;
    this.next = { writes: [], parties: [] };
    return parties;
  }
}

function putRun(disk: SimulatedDisk, row: RunRow): number {
  disk.runs.set(row.rowId, { row, records: [], bridges: [], published: undefined });
  disk.lastRow = Math.max(disk.lastRow, row.rowId);
  return 1;
}

function change(disk: SimulatedDisk, { rowId }: RunRow, edit: (run: StoredRun) => unknown): number {
  const run = disk.runs.get(rowId);
  if (!run) return 0; // Of a run whose key another one has.
  edit(run);
  return 1;
}

function patch(disk: SimulatedDisk, row: RunRow, fields: Partial<RunRow>): number {
  return change(disk, row, (run) => {
    run.row = { ...run.row, ...fields };
  });
}

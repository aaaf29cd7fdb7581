/**
 * The journal of one simulated process over a SimulatedDisk.
 *
 * Owns: the meaning of what is added. Does not own: the disk; when anything reaches it, which SimulatedCommits knows.
 * Invariants: as the port of the journals says.
 */
import type { Admission, Journal, JournalEvents, Mail, NewRun, Wanted } from '../../src/engine/embedded/Journal.js';
import { MemoryTables } from '../../src/engine/embedded/stores/MemoryTables.js';
import type { EndStatus, JournalRecord } from '../../src/engine/Record.js';
import type { Reopening, Rest, RunRow } from '../../src/engine/run/RunJournal.js';
import { type CommitOptions, SimulatedCommits } from './SimulatedCommits.js';
import type { SimulatedDisk, StoredRun, Write, WriteKind } from './SimulatedDisk.js';

export class SimulatedJournal implements Journal {
  readonly sealing = true;
  readonly tables = new MemoryTables();
  readonly process: number;
  /** Grows with everything that is asked of it. */
  activity = 0;
  private readonly commits: SimulatedCommits;
  private commands: readonly string[] = [];
  private events: JournalEvents | undefined;
  private readonly added = new Map<string, number>();

  constructor(
    readonly disk: SimulatedDisk,
    options: CommitOptions,
  ) {
    this.process = disk.register(this.told);
    this.commits = new SimulatedCommits(disk, this.process, options, {
      fenced: () => this.events?.fenced(),
      moved: () => {
        this.activity += 1;
      },
    });
  }

  private readonly told = (): void => this.events?.changed();

  get sure(): boolean {
    return this.commits.sure;
  }

  get idle(): boolean {
    return this.commits.empty && this.sure;
  }

  /** Records of a run that were added here and are not committed. */
  pendingOf(runId: string): number {
    return this.commits.waiting.filter(({ kind, run }) => kind === 'record' && run === runId).length;
  }

  /** Records of a run that were added here, committed or not. */
  countOf(runId: string): number {
    return this.added.get(runId) ?? 0;
  }

  /** The process ends without a word. */
  kill(): void {
    this.events = undefined;
    this.commits.kill();
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
    const added = this.commits.told();
    this.addRecord(row, first);
    return (await added) > 0;
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

  reopenRuns(reopenings: readonly Reopening[]): Promise<boolean> {
    const open = { status: null, endedAt: null, standing: 'running', owner: this.process } as const;
    return this.commits.exclusively(() => {
      const may = reopenings.every(({ run, records }) => {
        const stored = this.disk.runs.get(run.rowId);
        return stored !== undefined && stored.row.status !== null && stored.records.at(-1)?.seq === records[0].seq - 1;
      });
      for (const { run, records: added } of may ? reopenings : []) {
        for (const record of added) {
          this.disk.apply({
            kind: 'record',
            run: run.id,
            record,
            apply: (disk) => change(disk, run, ({ records }) => records.push(record)),
          });
        }
        this.disk.apply({ kind: 'reopen', run: run.id, apply: (disk) => patch(disk, run, open) });
      }
      return may;
    });
  }

  putAside(row: RunRow, { standing, due, waits }: Rest): void {
    if (this.commits.lost) return;
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
    return this.commits.committed();
  }

  claim(wanted: Wanted, limit: number): Promise<readonly RunRow[]> {
    this.activity += 1;
    if (this.idle && this.candidates(wanted).length === 0) return Promise.resolve([]);
    return this.commits.exclusively(() => this.take(wanted, limit));
  }

  admit(): Promise<Admission> {
    return Promise.resolve({ admitted: [], nextAt: undefined });
  }

  nextDue(): number | undefined {
    this.activity += 1;
    const waiting = this.all.filter(
      ({ status, standing, command }) => status === null && standing === 'waiting' && this.commands.includes(command),
    );
    const times = waiting.flatMap(({ due }) => (due === null ? [] : [due]));
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
    return Object.entries(Object.groupBy(unknown, ({ command }) => command)).map(([command, runs]) => ({
      command,
      runs: runs?.length ?? 0,
    }));
  }

  /** Simulated journals keep everything. */
  endedRuns(): readonly never[] {
    return [];
  }

  prune(): Promise<number> {
    return Promise.resolve(0);
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

  async close(): Promise<void> {
    while (this.sure && !this.idle) await this.committed();
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
    this.commits.add(write);
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

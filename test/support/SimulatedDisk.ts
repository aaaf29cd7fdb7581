/**
 * What a journal has committed, in memory, with every write kept in order: the disk as it was after any of them can be had again.
 *
 * Owns: runs, records, mail, who is alive. Does not own: what is not committed yet, which each SimulatedJournal has for itself.
 */
import type { Mail } from '../../src/engine/embedded/Journal.js';
import type { JournalRecord } from '../../src/engine/Record.js';
import type { RunRow } from '../../src/engine/run/RunJournal.js';

interface Bridge {
  readonly from: number;
  readonly to: number;
  readonly hash: string;
}

export interface StoredRun {
  row: RunRow;
  records: JournalRecord[];
  bridges: readonly Bridge[];
  published: string | undefined;
}

export type WriteKind =
  | 'run'
  | 'record'
  | 'end'
  | 'reopen'
  | 'aside'
  | 'publish'
  | 'post'
  | 'drop-mail'
  | 'drop-records'
  | 'take'
  | 'other';

export interface Write {
  readonly kind: WriteKind;
  /** Id of the run. */
  readonly run: string;
  readonly record?: JournalRecord;
  readonly mail?: Omit<Mail, 'id'>;
  /** @returns how many rows it changed */
  apply(disk: SimulatedDisk): number;
}

export class SimulatedDisk {
  readonly runs = new Map<number, StoredRun>();
  readonly writes: Write[] = [];
  mail: readonly Mail[] = [];
  lastMail = 0;
  lastRow = 0;
  private lastProcess = 0;
  private readonly alive = new Set<number>();
  private readonly watchers = new Set<() => void>();

  apply(write: Write): number {
    this.writes.push(write);
    return write.apply(this);
  }

  /** The disk as it was after so many writes, without any process. */
  copyAfter(writes: number): SimulatedDisk {
    const copy = new SimulatedDisk();
    for (const write of this.writes.slice(0, writes)) copy.apply(write);
    copy.lastProcess = this.lastProcess; // The numbers of those that are gone are not given again.
    return copy;
  }

  /** Numbers of writes after which a crash can leave the disk: what the engine adds without pause is there whole or not at all. */
  get cuts(): readonly number[] {
    const cuts: number[] = [];
    for (let count = 1; count < this.writes.length; count += 1)
      if (isBoundary(this.writes[count - 1], this.writes[count])) cuts.push(count);
    return cuts;
  }

  runOf(id: string): StoredRun | undefined {
    for (const run of this.runs.values()) if (run.row.id === id) return run;
    return undefined;
  }

  register(changed: () => void): number {
    this.lastProcess += 1;
    this.alive.add(this.lastProcess);
    this.watchers.add(changed);
    return this.lastProcess;
  }

  /** The process is gone, or is taken for gone: its runs can be taken. */
  leave(process: number, changed: () => void): void {
    this.alive.delete(process);
    this.watchers.delete(changed);
    this.changed();
  }

  isAlive(process: number): boolean {
    return this.alive.has(process);
  }

  /** Every process learns that there is something new. */
  changed(): void {
    for (const watcher of this.watchers) watcher();
  }

  isFree({ status, owner }: RunRow): boolean {
    return status === null && (owner === null || !this.alive.has(owner));
  }
}

function isBoundary(before: Write | undefined, after: Write | undefined): boolean {
  if (!before || !after) return false;
  if (before.kind === 'run' || before.kind === 'drop-records') return false;
  if (before.kind === 'record' && before.record?.kind === 'ended') return false;
  if (before.kind === 'record' && before.record?.kind === 'reopened') return false;
  if (after.kind === 'post' && after.mail?.kind === 'child-ended') return false;
  return after.kind !== 'drop-mail';
}

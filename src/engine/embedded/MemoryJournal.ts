/**
 * A journal that ends with its process: for tests, and for runs that nobody needs afterwards.
 *
 * Owns: the runs and their records. Invariant: open runs and those to which a caller gave an idempotency key are kept; of
 * the other ended ones, children among them, the newest, so that memory does not grow with the number of runs.
 */
import { Slots, type Slotted } from '../../kernel/Slots.js';
import type { EndStatus, JournalRecord } from '../Record.js';
import type { Journal, RunRow } from './Journal.js';
import { chained } from './RunLog.js';

type LateRecord = () => JournalRecord;

interface KeptRun extends RunRow, Slotted {
  status: EndStatus | null;
  endedAt: number | null;
  readonly records: (JournalRecord | LateRecord)[];
  readonly child: boolean;
}

/** Ended runs without a caller's key beyond this many are forgotten, the oldest first. */
const ENDED_MAX = 256;
const COMMITTED = Promise.resolve();

export class MemoryJournal implements Journal {
  readonly sealing = false;
  readonly idle = true;
  private readonly open = new Slots<KeptRun>();
  private readonly keyed = new Map<string, KeptRun>();
  /** A ring, in which the next one takes the place of the oldest. */
  private readonly ended: KeptRun[] = [];
  private endings = 0;
  private lastRowId = 0;

  newRun(run: Omit<RunRow, 'rowId' | 'status' | 'endedAt'>, child: boolean): RunRow {
    this.lastRowId += 1;
    const { id, command, version, params, principal, key, fingerprint, startedAt, seed } = run;
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
      rowId: this.lastRowId,
      status: null,
      endedAt: null,
      records: [],
      slot: -1,
      child,
    };
    return kept;
  }

  addRun(row: RunRow): void {
    const run = keptOf(row);
    this.open.add(run);
    if (run.key !== null) this.keyed.set(keyOf(run.command, run.key), run);
  }

  addRecord(row: RunRow, record: JournalRecord, late?: () => string): void {
    keptOf(row).records.push(late ? () => ({ ...record, body: late() }) : record);
  }

  endRun(row: RunRow, status: EndStatus, endedAt: number): void {
    const run = keptOf(row);
    this.open.remove(run);
    run.status = status;
    run.endedAt = endedAt;
    if (run.key !== null && !run.child) return;
    const oldest = this.ended[this.endings % ENDED_MAX];
    if (oldest?.key) this.keyed.delete(keyOf(oldest.command, oldest.key));
    this.ended[this.endings % ENDED_MAX] = run;
    this.endings += 1;
  }

  committed(): Promise<void> {
    return COMMITTED;
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

  endedSteps(row: RunRow): number {
    return keptOf(row).records.filter((record) => made(record).kind === 'step-ended').length;
  }

  records(row: RunRow): readonly JournalRecord[] {
    return chained(row, keptOf(row).records.map(made));
  }

  ownerPid(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.keyed.clear();
    this.ended.length = 0;
  }

  private get runs(): readonly KeptRun[] {
    return [...new Set([...this.open.list, ...this.ended, ...this.keyed.values()])];
  }
}

/** Every row that this journal is given is one that it made. */
function keptOf(row: RunRow): KeptRun {
  return row as KeptRun;
}

function made(record: JournalRecord | LateRecord): JournalRecord {
  return typeof record === 'function' ? record() : record;
}

function keyOf(command: string, key: string): string {
  return `${command}/${key}`; // No command has a slash in its name.
}

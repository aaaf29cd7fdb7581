/**
 * What Restate's journals tell of runs, whoever drives them.
 *
 * Does not own: the runs. It reads what the invocations recorded, as they do themselves when they are replayed.
 */
import { UsageError } from '../../kernel/errors.js';
import type { RunHistory, RunState, RunSummary } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
import { verifyChain } from '../run/chain.js';
import type { RunRow } from '../run/RunJournal.js';
import { type Admin, quoted } from './Admin.js';
import { batchOf } from './batchText.js';
import { pauseReasons } from './PausedRuns.js';
import { addressOf, RUN } from './RunAddress.js';
import { endedRun } from './RunEnd.js';
import type { Batch, RunInput, RunMail } from './RunMessages.js';
import { mailId, RunRecords, rowOf } from './RunRecords.js';

interface InvocationRow {
  readonly id: string;
  readonly target_service_name: string;
  readonly target_service_key: string;
  readonly status: string;
  readonly completed_at?: string;
  readonly completion_failure?: string;
}

interface EntryRow {
  readonly id: string;
  readonly index: number;
  readonly entry_json: string;
}

interface PromiseRow {
  readonly key: string;
  readonly completion_success_value_utf8?: string;
}

type Bytes = readonly number[];

interface Entry {
  readonly Command?: { readonly Input?: { readonly payload: Bytes } };
  readonly Notification?: { readonly Completion?: { readonly Run?: { readonly result: { readonly Success?: Bytes } } } };
}

/** A run as Restate has it. */
export interface InspectedRun {
  readonly invocation: string;
  /** How often the run was gone on with after its end. */
  readonly turn: number;
  readonly input: RunInput;
  readonly records: RunRecords;
  readonly list: readonly JournalRecord[];
  readonly row: RunRow;
  readonly state: RunState;
  readonly waits: RunSummary['waits'];
  /** Its invocation was ended in Restate, and the run was not. */
  readonly isBroken: boolean;
}

export class Inspection {
  constructor(
    private readonly admin: Admin,
    private readonly commands: readonly string[],
  ) {}

  /** Newest first. */
  async latest(limit: number): Promise<readonly InspectedRun[]> {
    const found = new Map<string, InspectedRun>();
    for (let more = limit; ; more *= 2) {
      const rows = await this.invocations(`ORDER BY created_at DESC LIMIT ${more}`);
      for (const run of await this.read(rows)) if ((found.get(run.input.run)?.turn ?? -1) < run.turn) found.set(run.input.run, run);
      if (found.size >= limit || rows.length < more) return newestFirst([...found.values()]).slice(0, limit);
    }
  }

  /** @param runId or the beginning of it; of a run that was gone on with its last part. @throws UsageError `RUN_NOT_FOUND` */
  async find(runId: string): Promise<InspectedRun> {
    const dot = runId.indexOf('.');
    const service =
      dot < 0 ? `target_service_name LIKE ${quoted(`${likely(runId)}%`)}` : `target_service_name = ${quoted(runId.slice(0, dot))}`;
    const key = dot < 0 ? '' : ` AND target_service_key LIKE ${quoted(`${likely(runId.slice(dot + 1))}%`)}`;
    const rows = await this.invocations(`AND ${service}${key} ORDER BY created_at LIMIT 100`);
    const found = await this.read(rows);
    const runs = new Map(found.map((one) => [one.input.run, one])); // The last part of each.
    const exact = runs.get(runId);
    const [first, other] = runs.values();
    const run = exact ?? (other ? undefined : first);
    if (run && runId !== '') return run;
    const why = other
      ? `"${runId}" is the beginning of several runs; give more of it.`
      : `There is no run "${runId}". \`sixfold runs list\` shows them.`;
    throw new UsageError('RUN_NOT_FOUND', why, { details: { run: runId } });
  }

  summaryOf({ row, list, state, waits }: InspectedRun): RunSummary {
    const { id, command, version, params, principal, key, fingerprint, startedAt, endedAt, successor } = row;
    const steps = list.filter(({ kind }) => kind === 'step-ended').length;
    return { id, command, version, params, principal, key, fingerprint, startedAt, endedAt, successor, state, steps, waits };
  }

  /** @throws UsageError `RUN_NOT_FOUND`, InvariantViolation `JOURNAL_ALTERED` */
  async history(runId: string): Promise<RunHistory> {
    const run = await this.find(runId);
    if (run.list.length > 0) verifyChain(run.row, run.list, run.records.bridges); // Nothing is recorded of one that has just begun, or waits in a queue.
    return { ...this.summaryOf(run), records: run.list };
  }

  /** What came for a run that was broken off before it took it. */
  async unread({ input, turn, records }: InspectedRun): Promise<readonly RunMail[]> {
    const { service, key } = addressOf(input.run, turn);
    const rows = await this.admin.rows<PromiseRow>(
      `SELECT key, completion_success_value_utf8 FROM sys_promise
       WHERE service_name = ${quoted(service)} AND service_key = ${quoted(key)} AND key LIKE 'mail-%' AND completed`,
    );
    const numbered = rows.map((row) => ({ index: Number(row.key.slice('mail-'.length)), text: row.completion_success_value_utf8 ?? '' }));
    for (const { index, text } of numbered.toSorted((one, other) => one.index - other.index)) {
      records.receive({ id: mailId(index), mail: JSON.parse(text) as RunMail });
    }
    return records.mail.map(({ mail }) => mail).filter(({ kind }) => kind !== 'moved');
  }

  /** Removes the runs that ended before a time. @returns how many */
  async prune(endedBefore: number): Promise<number> {
    const before = new Date(endedBefore).toISOString();
    const rows = await this.invocations(`AND status = 'completed' AND completed_at < ${quoted(before)}`);
    const old = Map.groupBy(rows, runOf);
    const young = new Set((await this.invocations(`AND NOT (status = 'completed' AND completed_at < ${quoted(before)})`)).map(runOf));
    let count = 0;
    for (const [run, turns] of old) {
      if (young.has(run)) continue; // It was gone on with.
      for (const { id } of turns) await this.admin.purge(id);
      count += 1;
    }
    return count;
  }

  private invocations(where: string): Promise<readonly InvocationRow[]> {
    const services = this.commands.map(quoted).join(', ');
    return this.admin.rows<InvocationRow>(
      `SELECT id, target_service_name, target_service_key, status, completed_at, completion_failure FROM sys_invocation
       WHERE target_handler_name = ${quoted(RUN)} AND target_service_ty = 'workflow' AND target_service_name IN (${services}) ${where}`,
    );
  }

  private async read(rows: readonly InvocationRow[]): Promise<readonly InspectedRun[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => quoted(id)).join(', ');
    const entries = await this.admin.rows<EntryRow>(
      `SELECT id, index, entry_json FROM sys_journal WHERE id IN (${ids})
       AND (entry_type = 'Command: Input' OR entry_type = 'Notification: Run') ORDER BY id, index`,
    );
    const byId = Map.groupBy(entries, ({ id }) => id);
    const paused = rows.filter(({ status }) => status === 'paused');
    const pauseOf = await pauseReasons(
      this.admin,
      paused.map(({ id }) => id),
    );
    return rows.flatMap((row) => inspected(row, byId.get(row.id) ?? [], pauseOf) ?? []);
  }
}

/** Undefined for an invocation whose journal is gone. */
function inspected(row: InvocationRow, entries: readonly EntryRow[], pauseOf: (id: string) => string): InspectedRun | undefined {
  let input: RunInput | undefined;
  const batches: Batch[] = [];
  for (const { entry_json } of entries) {
    const { Command: command, Notification: notification } = JSON.parse(entry_json) as Entry;
    if (command?.Input) input = decoded(command.Input.payload);
    const batch = notification?.Completion?.Run?.result.Success;
    if (batch) batches.push(batchOf(decoded(batch)));
  }
  if (!input) return undefined;
  const records = new RunRecords(input);
  for (const batch of batches) records.add(batch);
  const list = records.list;
  const ended = batches.at(-1)?.ended ? endedRun(input.run, { startedAt: input.startedAt, records: list }) : undefined;
  const rest = batches.at(-1)?.rest;
  const isBroken = row.completion_failure !== undefined;
  const endedAt = ended?.endedAt ?? (isBroken && row.completed_at !== undefined ? Date.parse(row.completed_at) : null);
  return {
    invocation: row.id,
    turn: Number(row.target_service_key.split('~')[1] ?? 0),
    input,
    records,
    list,
    row: { ...rowOf(input), status: ended?.status ?? null, endedAt, successor: ended?.successor ?? null },
    state:
      ended?.status ?? (isBroken ? 'unknown' : stateOf(row.status, { rest, isQueued: input.queue !== undefined && batches.length === 0 })),
    waits: ended || isBroken ? [] : waitsOf(row, rest, pauseOf),
    isBroken,
  };
}

/** Id of the run that an invocation has a part of. */
function runOf({ target_service_name: service, target_service_key: key }: InvocationRow): string {
  return `${service}.${key.split('~')[0]}`;
}

function newestFirst(runs: readonly InspectedRun[]): readonly InspectedRun[] {
  return runs.toSorted((one, other) => other.input.startedAt - one.input.startedAt);
}

function stateOf(status: string, { rest, isQueued }: { readonly rest: Batch['rest']; readonly isQueued: boolean }): RunState {
  if (status === 'paused') return 'stopped';
  if (isQueued) return 'queued';
  if (rest && rest.standing !== 'running') return rest.standing;
  return status === 'running' || status === 'suspended' ? 'running' : 'interrupted';
}

function waitsOf({ id, status }: InvocationRow, rest: Batch['rest'], pauseOf: (id: string) => string): RunSummary['waits'] {
  return status === 'paused' ? [{ what: 'person', name: pauseOf(id) }] : (rest?.waits ?? []);
}

function decoded<T>(bytes: Bytes): T {
  return JSON.parse(Buffer.from(bytes).toString()) as T;
}

/** For LIKE, which takes some characters for others. */
function likely(text: string): string {
  return text.replace(/[%_\\]/g, '\\$&');
}

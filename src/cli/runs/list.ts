/** `sixfold runs list` and `history`: the runs of a journal, and the audit trail of one. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { listedWaits } from '../../host/runRecord/recordedWaits.js';
import { waitBriefly } from '../../host/runRecord/waitWords.js';
import { momentText } from '../../host/runRecord/wording.js';
import type { JournalRecord, RunRecord, RunState, RunSummary } from '../../index.js';
import type { Application } from '../Application.js';
import { jsonText } from '../jsonText.js';
import { addOwnOptions, ownOptionsOf } from '../ownOptions.js';
import { columns, shortened } from '../terminalText.js';
import { shortId } from './shortId.js';

/** Every state that a run can have; the compiler sees that none is missing. */
const STATES: Readonly<Record<RunState, true>> = {
  running: true,
  waiting: true,
  queued: true,
  interrupted: true,
  stopped: true,
  completed: true,
  failed: true,
  compensated: true,
  cancelled: true,
  unknown: true,
  continued: true,
};

interface ListOptions {
  readonly state?: RunState;
  readonly limit: number;
}

export function addList(leaf: Command, application: Application): void {
  leaf
    .addOption(new Option('--state <state>', 'only runs in this state').choices(Object.keys(STATES)))
    .addOption(new Option('--limit <count>', 'look at the latest so many').default(20).argParser(readCount));
  addOwnOptions(leaf, application, { json: 'print as JSON', usesJournal: true });
  leaf.action(async () => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    const { state, limit } = leaf.opts<ListOptions>();
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const runs = (await runner.runs(limit)).filter((run) => state === undefined || run.state === state);
    const none = state === undefined ? 'No runs yet.\n' : `None of the latest ${limit} runs is ${state}.\n`;
    process.stdout.write(json ? jsonText(runs) : runs.length === 0 ? none : runsText(runs, Date.now()));
  });
}

/** Runs as a table, newest first. */
function runsText(runs: readonly RunRecord<RunSummary>[], now: number): string {
  const rows = runs.map((run) => [
    shortId(run.id),
    run.command,
    run.state,
    momentText(new Date(run.startedAt).toISOString()).replace(' UTC', ''),
    run.endedAt === null ? '' : `${((run.endedAt - run.startedAt) / 1000).toFixed(1)} s`,
    String(run.steps),
    shortened(waitsText(run, now)),
  ]);
  return columns([['RUN', 'COMMAND', 'STATE', 'STARTED (UTC)', 'TOOK', 'STEPS', 'WAITS FOR'], ...rows]);
}

function waitsText(run: RunRecord<RunSummary>, now: number): string {
  const [first, ...more] = listedWaits(run).map((wait) => waitBriefly(wait, now));
  return `${first ?? ''}${more.length > 0 ? `, and ${more.length} more` : ''}`;
}

export function addHistory(leaf: Command, application: Application): void {
  addOwnOptions(leaf, application, { json: 'print the records as they are, with bodies and hashes, as JSON', usesJournal: true });
  leaf.action(async (id: string) => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const { records } = await runner.history(id);
    process.stdout.write(json ? jsonText(records) : historyText(records));
  });
}

function historyText(records: readonly JournalRecord[]): string {
  const rows = records.map(({ seq, at, kind, label, status }) => [
    String(seq),
    new Date(at).toISOString(),
    kind,
    shortened(label),
    status ?? '',
  ]);
  return columns([['SEQ', 'TIME', 'KIND', 'NAME', 'STATUS'], ...rows]);
}

function readCount(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 1_000_000) return count;
  throw new InvalidArgumentError('Give a whole number from 1 to 1000000.');
}

import type { JournalRecord, RunHistory, RunRecord, RunSummary } from '../index.js';

/** Characters of an id that are shown; any beginning that fits one run only is accepted. */
const ID_CHARACTERS = 8;

/** Runs as a table, newest first. */
export function runsText(runs: readonly RunRecord<RunSummary>[]): string {
  if (runs.length === 0) return 'No runs yet.\n';
  const rows = runs.map((run) => [
    run.id.slice(0, ID_CHARACTERS),
    run.command,
    run.state,
    new Date(run.startedAt).toISOString().slice(0, 19).replace('T', ' '),
    run.endedAt === null ? '' : seconds(run.endedAt - run.startedAt),
    String(run.steps),
  ]);
  return table([['RUN', 'COMMAND', 'STATE', 'STARTED (UTC)', 'TOOK', 'STEPS'], ...rows]);
}

/** One run: what it is, and everything that was recorded of it. */
export function historyText(run: RunRecord<RunHistory>): string {
  const head = [
    `run      ${run.id}`,
    `command  ${run.command} (version ${run.version})`,
    `state    ${run.state}${run.state === 'interrupted' ? `; go on with: sixfold runs resume ${run.id.slice(0, ID_CHARACTERS)}` : ''}`,
    `started  ${new Date(run.startedAt).toISOString()}`,
    `params   ${JSON.stringify(run.params)}`,
    ...(run.key === null ? [] : [`key      ${run.key}`]),
  ];
  return `${head.join('\n')}\n\n${table(run.records.map((record) => rowOf(record, run.startedAt)))}`;
}

function rowOf(record: JournalRecord, startedAt: number): string[] {
  const took = record.startedAt === null ? '' : seconds(record.at - record.startedAt);
  const error = record.kind === 'step-ended' && record.status !== 'succeeded' ? messageIn(record.body) : '';
  return [String(record.seq), `+${seconds(record.at - startedAt)}`, record.kind, record.label, record.status ?? '', took, error];
}

/** The message of a recorded error, in one line. */
function messageIn(body: string | null): string {
  const error = JSON.parse(body ?? 'null') as { v?: { message?: unknown } } | null;
  const message = typeof error?.v?.message === 'string' ? error.v.message : '';
  return message.split('\n')[0]?.slice(0, 120) ?? '';
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

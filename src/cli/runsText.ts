import { durationText, factsOf, timeText, troublesOf, verdictText } from '../host/runRecord/wording.js';
import type { JournalRecord, RecordedPhase, RunHistory, RunRecord, RunRecordDocument, RunSummary } from '../index.js';
import { jsonLine } from './jsonText.js';
import { columns, shortened } from './terminalText.js';

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
  return columns([['RUN', 'COMMAND', 'STATE', 'STARTED (UTC)', 'TOOK', 'STEPS'], ...rows]);
}

/** One run: what it is, its phases with activities and gates, and everything that was recorded of it. */
export function runText(document: RunRecordDocument, { records, startedAt }: RunRecord<RunHistory>): string {
  const errors = new Map(document.steps.map(({ seq, error }) => [seq, error?.message ?? '']));
  const blocks = [
    headOf(document),
    columns(document.phases.flatMap(phaseRows)),
    columns(document.degraded.map(({ system, reason }) => ['degraded', system, reason])),
    columns(
      document.findings.map(({ severity, subject, expected, found }) => [severity, subject, `expected ${expected}`, `found ${found}`]),
    ),
    columns(records.map((record) => [...recordRow(record, startedAt), shortened(errors.get(record.seq) ?? '')])),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

function headOf(document: RunRecordDocument): string {
  const { runId, state, params, error } = document;
  const remedy = state === 'interrupted' ? `; go on with: sixfold runs resume ${runId.slice(0, ID_CHARACTERS)}` : '';
  const facts = factsOf(document).map(([name, value]) => [name.toLowerCase(), name === 'State' ? `${value}${remedy}` : value]);
  const causes = troublesOf(error).map(({ code, message }, depth) => [depth === 0 ? 'error' : 'because', `${code}: ${message}`]);
  return columns([...facts, ['params', jsonLine(params)], ...causes]);
}

function phaseRows({ phase, startedAt, durationMs, activities, gates }: RecordedPhase): string[][] {
  return [
    [phase, '', timeText(startedAt), durationText(durationMs)],
    ...activities.map(({ name, status, ...activity }) => ['', `activity ${name}`, status, durationText(activity.durationMs)]),
    ...gates.map((gate) => ['', `gate ${gate.name}`, verdictText(gate), gate.found === null ? '' : `found: ${gate.found}`]),
  ];
}

function recordRow({ seq, at, startedAt, kind, label, status }: JournalRecord, begin: number): string[] {
  const took = startedAt === null ? '' : seconds(at - startedAt);
  return [String(seq), `+${seconds(at - begin)}`, kind, label, status ?? '', took];
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

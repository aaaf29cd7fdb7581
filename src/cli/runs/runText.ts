/** One run for the terminal: what it is, what it waits for, its course over time, what was found. */
import { factsOf, troublesOf } from '../../host/runRecord/wording.js';
import type { RunRecordDocument } from '../../index.js';
import { jsonLine } from '../jsonText.js';
import { columns } from '../terminalText.js';
import { drawTimeline } from '../timeline/drawTimeline.js';
import { spanOf, timelineRows } from '../timeline/timelineRows.js';
import { runsLine, type SameJournal, waitLines } from '../waitingText.js';
import { shortId } from './shortId.js';

export interface RunTextOptions {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Characters of a line. */
  readonly columns: number;
  readonly colour: boolean;
  readonly journal: SameJournal;
}

export function runText(document: RunRecordDocument, options: RunTextOptions): string {
  const { degraded, findings } = document;
  const blocks = [
    headOf(document, options),
    drawTimeline(timelineRows(document, options.now), spanOf(document, options.now), options),
    columns(degraded.map(({ system, reason }) => ['degraded', system, reason])),
    columns(findings.map(({ severity, subject, expected, found }) => [severity, subject, `expected ${expected}`, `found ${found}`])),
  ];
  return blocks.filter((block) => block !== '').join('\n');
}

function headOf(document: RunRecordDocument, options: RunTextOptions): string {
  const { runId, command, state, params, error, waits } = document;
  const { journal, now } = options;
  const remedy = state === 'interrupted' ? `; go on with: ${runsLine(journal, 'resume', shortId(runId))}` : '';
  const facts = factsOf(document).map(([name, value]) => [name.toLowerCase(), name === 'State' ? `${value}${remedy}` : value]);
  const causes = troublesOf(error).map(({ code, message }, depth) => [depth === 0 ? 'error' : 'because', `${code}: ${message}`]);
  const open = waits.flatMap((wait) =>
    waitLines({ runId, command, wait }, { journal, words: { now } }).map((line, index) => (index === 0 ? ['now', line] : ['', line])),
  );
  return columns([...facts, ['params', jsonLine(params)], ...causes, ...open]);
}

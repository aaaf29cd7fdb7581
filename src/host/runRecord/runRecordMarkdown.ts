/** The document of a run as Markdown: CommonMark with the tables of GitHub. */

import { cutText, visibleJson } from './longText.js';
import { markdownCode, markdownSection, markdownTable, markdownText } from './markdown.js';
import {
  metricsTable,
  type OutcomeTable,
  planFacts,
  planOperations,
  planRisks,
  planSystems,
  planTitle,
  timingsTable,
  undoneTable,
} from './outcomeTables.js';
import type { RunRecordDocument } from './RunRecordDocument.js';
import { mermaidOf } from './sequence/mermaid.js';
import { waitWords } from './waitWords.js';
import {
  durationText,
  factsOf,
  NOTHING,
  placeText,
  REPLIES_MAX,
  stepStatusText,
  timeText,
  troublesOf,
  troubleText,
  VALUE_CHARACTERS_MAX,
  verdictText,
} from './wording.js';

/** Nothing that comes from the run is taken for markup. Of a table at most 2,000 rows are shown, and said how many there are. */
export function runRecordMarkdown(document: RunRecordDocument): string {
  const sections = [
    `# ${markdownText(document.command)}: ${markdownText(document.state)}\n`,
    markdownTable(['', ''], factsOf(document)),
    markdownSection('Error', errorOf(document)),
    markdownSection('Waits for', waitsOf(document)),
    markdownSection('What happened', sequenceText(document)),
    markdownSection('Figures', tableOf(metricsTable(document))),
    markdownSection(planTitle(document), planOf(document)),
    markdownSection('Phases', phasesOf(document)),
    markdownSection('Activities', activitiesOf(document)),
    markdownSection('Gates', gatesOf(document)),
    markdownSection('Steps', stepsOf(document)),
    markdownSection('Attempts that did not succeed', attemptsOf(document)),
    markdownSection('Timings', tableOf(timingsTable(document))),
    markdownSection('Undone', tableOf(undoneTable(document))),
    markdownSection('Replies that broke their contract', repliesOf(document)),
    markdownSection('Findings', findingsOf(document)),
    markdownSection('Degraded systems', degradedOf(document)),
    markdownSection('Params', codeOf(document.params)),
    markdownSection('Result', document.result === null ? '' : codeOf(document.result)),
    markdownSection('Course', courseOf(document)),
    markdownSection('Integrity', integrityOf(document)),
  ];
  return sections.filter((section) => section !== '').join('\n');
}

function errorOf({ error }: RunRecordDocument): string {
  const lines = troublesOf(error).map(({ code, message }, depth) => {
    const because = depth === 0 ? '' : 'because ';
    return `${'  '.repeat(depth)}- ${because}**${markdownText(code)}**: ${markdownText(message)}\n`;
  });
  return lines.join('');
}

function waitsOf({ waits }: RunRecordDocument): string {
  return waits.map((wait) => `- ${markdownText(waitWords(wait))}\n`).join('');
}

/** The picture that Mermaid draws, with what it leaves out. */
function sequenceText(document: RunRecordDocument): string {
  const diagram = mermaidOf(document);
  if (!diagram) return '';
  const { left, total } = diagram.sequence;
  const shown = (total - left).toLocaleString('en-GB');
  const rest =
    left === 0
      ? ''
      : `\n${shown} of ${total.toLocaleString('en-GB')} interactions and events are shown; the table of steps has the others.\n`;
  return `${markdownCode(diagram.text, 'mermaid')}${rest}`;
}

function tableOf({ columns, rows }: OutcomeTable): string {
  return markdownTable(columns, rows);
}

function planOf({ plan }: RunRecordDocument): string {
  if (plan === null) return '';
  const tables = [planFacts(plan), planSystems(plan), planOperations(plan), planRisks(plan)];
  return tables
    .map(tableOf)
    .filter((table) => table !== '')
    .join('\n');
}

function repliesOf({ replies }: RunRecordDocument): string {
  const shown = replies.slice(0, REPLIES_MAX).map(({ seq, at, step, code, violations, reply }) => {
    const head = `- **${markdownText(code)}**: ${markdownText(step)}, record ${seq} at ${timeText(at)}\n`;
    const broken = violations.map((violation) => `  - ${markdownText(violation)}\n`).join('');
    return `${head}${broken}\n${codeOf(reply)}`;
  });
  const left = replies.length - shown.length;
  return `${shown.join('\n')}${left > 0 ? `\n${left.toLocaleString('en-GB')} more in the JSON form.\n` : ''}`;
}

function phasesOf({ phases }: RunRecordDocument): string {
  return markdownTable(
    ['Phase', 'Began', 'Took'],
    phases.map(({ phase, startedAt, durationMs }) => [phase, timeText(startedAt), durationText(durationMs)]),
  );
}

function activitiesOf({ phases }: RunRecordDocument): string {
  const rows = phases.flatMap(({ phase, activities }) =>
    activities.map(({ name, status, durationMs }) => [phase, name, status, durationText(durationMs)]),
  );
  return markdownTable(['Phase', 'Activity', 'Status', 'Took'], rows);
}

function gatesOf({ phases }: RunRecordDocument): string {
  const rows = phases.flatMap(({ phase, gates }) => gates.map((gate) => [phase, gate.name, verdictText(gate), gate.found ?? NOTHING]));
  return markdownTable(['Phase', 'Gate', 'Verdict', 'Found'], rows);
}

function stepsOf({ steps }: RunRecordDocument): string {
  const rows = steps.map((step) => [
    step.name,
    placeText(step),
    stepStatusText(step),
    step.effect ?? NOTHING,
    timeText(step.startedAt),
    durationText(step.durationMs),
    troubleText(step.error),
  ]);
  return markdownTable(['Step', 'Phase', 'Status', 'Effect', 'Began', 'Took', 'Error'], rows);
}

function attemptsOf({ steps }: RunRecordDocument): string {
  const rows = steps.flatMap(({ name, attempts }) =>
    attempts.map(({ attempt, source, status, startedAt, durationMs, error, nextAt }) => [
      name,
      source === 'probe' ? `probe of ${attempt}` : String(attempt),
      status,
      timeText(startedAt),
      durationText(durationMs),
      timeText(nextAt),
      troubleText(error),
    ]),
  );
  return markdownTable(['Step', 'Attempt', 'Status', 'Began', 'Took', 'Next from', 'Error'], rows);
}

function findingsOf({ findings }: RunRecordDocument): string {
  const rows = findings.map(({ subject, expected, found, severity, repaired }) => [
    subject,
    expected,
    found,
    repaired ? `${severity}, repaired` : severity,
  ]);
  return markdownTable(['Subject', 'Expected', 'Found', 'Severity'], rows);
}

function degradedOf({ degraded }: RunRecordDocument): string {
  return markdownTable(
    ['System', 'Reason'],
    degraded.map(({ system, reason }) => [system, reason]),
  );
}

function codeOf(value: unknown): string {
  return markdownCode(cutText(visibleJson(value), VALUE_CHARACTERS_MAX), 'json');
}

function courseOf({ course }: RunRecordDocument): string {
  const rows = course.map(({ seq, at, kind, label, detail }) => [String(seq), timeText(at), kind, label, detail ?? NOTHING]);
  return markdownTable(['Record', 'At', 'What', 'Name', 'Detail'], rows);
}

function integrityOf({ integrity }: RunRecordDocument): string {
  const { records, lastHash, statement } = integrity;
  const rows = [
    ['Records', String(records)],
    ['Last hash', lastHash ?? NOTHING],
  ];
  return `${markdownTable(['', ''], rows)}\n${markdownText(statement)}\n`;
}

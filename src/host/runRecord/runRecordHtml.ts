/** The document of a run as one page that needs nothing else: no script, no network, its only style sheet inline. */
import { Markup, markup } from '../../kernel/text/markup.js';
import { cutText, visibleJson } from './longText.js';
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
import { phaseList } from './page/phaseList.js';
import { replyList } from './page/replyList.js';
import { sequencePicture } from './page/sequencePicture.js';
import type { Span } from './page/span.js';
import { stepTable } from './page/stepTable.js';
import { STYLES } from './page/styles.js';
import { table } from './page/table.js';
import type { RunRecordDocument } from './RunRecordDocument.js';
import { sequenceOf } from './sequence/sequenceOf.js';
import { waitWords } from './waitWords.js';
import { durationText, factsOf, NOTHING, timeText, troublesOf, VALUE_CHARACTERS_MAX } from './wording.js';

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Light or dark as the reader's system is; readable on a narrow screen and on paper. Of a table at most 2,000 rows are shown. */
export function runRecordHtml(document: RunRecordDocument): string {
  const { command, phases, steps } = document;
  const span = spanOf(document);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${command}: run ${document.runId}</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLES)}</style>
</head>
<body>
${header(document)}
<main>
${troubles(document)}
${waits(document)}
${sequence(document, span)}
${section('figures', 'Figures', figures(metricsTable(document)))}
${document.plan === null ? '' : tables('plan', planTitle(document), [planFacts(document.plan), planSystems(document.plan), planOperations(document.plan), planRisks(document.plan)])}
${section('phases', 'Phases', phaseList(phases, span))}
${section('steps', 'Steps', stepTable(steps, span))}
${tables('timings', 'Timings', [timingsTable(document)])}
${tables('undone', 'Undone', [undoneTable(document)])}
${document.replies.length === 0 ? '' : section('replies', 'Replies that broke their contract', replyList(document.replies))}
${findings(document)}
${degraded(document)}
${section('params', 'Params', json(document.params))}
${document.result === null ? '' : section('result', 'Result', json(document.result))}
${course(document)}
${integrity(document)}
</main>
<footer>Times are in UTC. The JSON form of this record is <code>sixfold runs show ${document.runId} --format json</code>.</footer>
</body>
</html>
`.html;
}

/** From the start to the end, or to the last that is recorded. */
function spanOf({ startedAt, endedAt, course: turns, steps }: RunRecordDocument): Span {
  const tries = steps.flatMap((step) => [...step.attempts, step]);
  const ends = tries.map((attempt) => Date.parse(attempt.startedAt ?? startedAt) + (attempt.durationMs ?? 0));
  const last = [...turns.map(({ at }) => Date.parse(at)), ...ends].reduce((one, other) => Math.max(one, other), 0);
  // A fork has steps from before it was started.
  const from = tries.reduce((first, attempt) => Math.min(first, Date.parse(attempt.startedAt ?? startedAt)), Date.parse(startedAt));
  return { from, until: endedAt === null ? last : Date.parse(endedAt) };
}

const TONES: Readonly<Record<string, string>> = { completed: 'good', continued: 'good', failed: 'bad', unknown: 'bad', stopped: 'bad' };

/** Facts that the heading has. */
const SAID_ABOVE: readonly string[] = ['State', 'Took'];

function header(document: RunRecordDocument): Markup {
  const { command, state, durationMs } = document;
  const took = durationMs === null ? '' : ` after ${durationText(durationMs)}`;
  const facts = factsOf(document)
    .filter(([name]) => !SAID_ABOVE.includes(name))
    .map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`);
  return markup`<header>
<p class="kicker">Run record</p>
<h1>${command}</h1>
<p class="state"><strong class="${TONES[state] ?? 'warn'}">${state}</strong>${took}</p>
<dl class="facts">${facts}</dl>
</header>`;
}

function section(id: string, title: string, body: Markup): Markup {
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>
${body}</section>`;
}

function troubles({ error, state }: RunRecordDocument): Markup | '' {
  if (error === null) return '';
  const items = troublesOf(error).map(
    ({ code, message }, depth) => markup`<li>${depth === 0 ? '' : 'because '}<code>${code}</code><br>${message}</li>`,
  );
  return section('error', `Why it ended ${state}`, markup`<ol class="trouble">${items}</ol>`);
}

function waits({ waits: open }: RunRecordDocument): Markup | '' {
  if (open.length === 0) return '';
  return section('waits', 'What it waits for', markup`<ul class="waits">${open.map((wait) => markup`<li>${waitWords(wait)}</li>`)}</ul>`);
}

function sequence(document: RunRecordDocument, { from }: Span): Markup | '' {
  const happened = sequenceOf(document);
  return happened ? section('sequence', 'What happened', sequencePicture(happened, from)) : '';
}

function figures({ rows }: OutcomeTable): Markup {
  return markup`<dl class="figures">${rows.map(([name = '', count = '']) => markup`<div><dt>${name}</dt><dd>${count}</dd></div>`)}</dl>`;
}

/** Those with rows; nothing where none has any. */
function tables(id: string, title: string, all: readonly OutcomeTable[]): Markup | '' {
  const filled = all.filter(({ rows }) => rows.length > 0);
  if (filled.length === 0) return '';
  return section(id, title, markup`<div class="tables">${filled.map(({ columns, rows }) => table(columns, rows))}</div>`);
}

function findings({ findings: found }: RunRecordDocument): Markup | '' {
  if (found.length === 0) return '';
  const rows = found.map((one) => [one.subject, one.expected, one.found, one.repaired ? `${one.severity}, repaired` : one.severity]);
  return section('findings', 'Findings', table(['Subject', 'Expected', 'Found', 'Severity'], rows));
}

function degraded({ degraded: systems }: RunRecordDocument): Markup | '' {
  if (systems.length === 0) return '';
  const rows = systems.map(({ system, reason }) => [system, reason]);
  return section('degraded', 'Degraded systems', table(['System', 'Reason'], rows));
}

function json(value: unknown): Markup {
  return markup`<pre>${cutText(visibleJson(value), VALUE_CHARACTERS_MAX)}</pre>`;
}

function course({ course: turns }: RunRecordDocument): Markup {
  const rows = turns.map(({ seq, at, kind, label, detail }) => [String(seq), timeText(at), kind, label, detail ?? NOTHING]);
  return section('course', 'Course', table(['Record', 'At', 'What', 'Name', 'Detail'], rows));
}

function integrity({ integrity: { records, lastHash, statement } }: RunRecordDocument): Markup {
  return section(
    'integrity',
    'Integrity',
    markup`<p>${statement}</p>
<dl class="facts"><dt>Records</dt><dd>${records}</dd><dt>Last hash</dt><dd class="mono">${lastHash ?? NOTHING}</dd></dl>`,
  );
}

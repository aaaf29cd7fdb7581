/** The phases as bars over the time of the run, each with its activities and gates. */

import { type Markup, markup } from '../../../kernel/text/markup.js';
import type { RecordedActivity, RecordedGate, RecordedPhase } from '../RunRecordDocument.js';
import { durationText, overrideText, ROWS_MAX, verdictText } from '../wording.js';
import { bar, type Span } from './span.js';

export function phaseList(phases: readonly RecordedPhase[], span: Span): Markup {
  if (phases.length === 0) return markup`<p class="quiet">No phase is recorded yet.</p>`;
  return markup`<ol class="phases">${phases.map((phase) => phaseItem(phase, span))}</ol>`;
}

function phaseItem({ phase, startedAt, durationMs, activities, gates }: RecordedPhase, span: Span): Markup {
  const inside = [...activities.slice(0, ROWS_MAX).map(activityItem), ...gates.slice(0, ROWS_MAX).map(gateItem)];
  const list = inside.length === 0 ? '' : markup`<ul>${inside}</ul>`;
  return markup`<li><h3>${phase}</h3>${bar(span, startedAt, durationMs)}<span class="took">${durationText(durationMs)}</span>${list}</li>
`;
}

function activityItem({ name, status, durationMs }: RecordedActivity): Markup {
  const failed = status === 'failed' ? markup` <strong class="bad">failed</strong>` : '';
  return markup`<li><span class="kind">activity</span> <span>${name}${failed}</span> <span class="took">${durationText(durationMs)}</span></li>`;
}

const TONES = { passed: 'good', failed: 'bad', overridden: 'warn', undecided: 'warn' } as const;

function gateItem(gate: RecordedGate): Markup {
  const { name, verdict, severity, found } = gate;
  const tone = verdict === 'failed' && severity === 'warning' ? 'warn' : TONES[verdict];
  const said = verdict === 'overridden' ? verdict : verdictText(gate);
  const why = found === null ? '' : markup`<br><span class="quiet">Found: ${found}</span>`;
  return markup`<li><span class="kind">gate</span> <span>${name}: <strong class="${tone}">${said}</strong> ${overrideText(gate)}${why}</span></li>`;
}

/** Every step in a row: what it was, how it ended, when it ran. */

import { type Markup, markup } from '../../../kernel/text/markup.js';
import type { RecordedAttempt, RecordedStep } from '../RunRecordDocument.js';
import { durationText, NOTHING, placeText, ROWS_MAX, stepStatusText, timeText, troubleText } from '../wording.js';
import { bars, offsetMs, type Span, type Stretch } from './span.js';
import { moreRows } from './table.js';

const TONES = { succeeded: 'good', failed: 'bad', cancelled: 'warn', unknown: 'bad', begun: 'warn', retrying: 'warn' } as const;
/** Of one step; more are counted. */
const ATTEMPTS_MAX = 10;

export function stepTable(steps: readonly RecordedStep[], span: Span): Markup {
  if (steps.length === 0) return markup`<p class="quiet">No step is recorded.</p>`;
  return markup`<table class="steps">
<thead><tr><th scope="col">Step</th><th scope="col">Status</th><th scope="col">Effect</th><th scope="col">Began</th><th scope="col">Took</th><th scope="col">When</th></tr></thead>
<tbody>${steps.slice(0, ROWS_MAX).map((step) => stepRow(step, span))}</tbody>
</table>
${moreRows(steps.length)}`;
}

function stepRow(step: RecordedStep, span: Span): Markup {
  const first = step.attempts[0]?.startedAt ?? step.startedAt;
  const began = offsetMs(span, first);
  return markup`<tr><th scope="row">${step.name}<br><span class="quiet">${placeText(step)}</span></th>
<td><strong class="${step.undo === null ? TONES[step.status] : 'warn'}">${stepStatusText(step)}</strong></td>
<td data-name="Effect">${step.effect ?? NOTHING}</td>
<td class="number" data-name="Began" title="${timeText(first)}">${began === null ? NOTHING : `+${durationText(began)}`}</td>
<td class="number" data-name="Took">${durationText(step.durationMs)}</td>
<td class="when">${bars(span, stretchesOf(step))}</td></tr>
${whyRow(step)}`;
}

/** Every attempt, and the time between them. */
function stretchesOf({ attempts, status, startedAt, durationMs }: RecordedStep): Stretch[] {
  const look = status === 'succeeded' || status === 'begun' ? 'done' : 'failed';
  const tries: Stretch[] = attempts.flatMap((attempt) =>
    attempt.startedAt === null ? [] : [{ startedAt: attempt.startedAt, durationMs: attempt.durationMs, look: 'failed' as const }],
  );
  if (startedAt !== null) tries.push({ startedAt, durationMs, look });
  return [...tries.flatMap((stretch, index) => restBetween(stretch, tries[index + 1])), ...tries];
}

function restBetween({ startedAt, durationMs }: Stretch, next: Stretch | undefined): Stretch[] {
  if (!next || durationMs === null) return [];
  const from = Date.parse(startedAt) + durationMs;
  return [{ startedAt: new Date(from).toISOString(), durationMs: Math.max(0, Date.parse(next.startedAt) - from), look: 'rest' }];
}

function whyRow(step: RecordedStep): Markup | '' {
  const tries = step.attempts.slice(0, ATTEMPTS_MAX).map(attemptItem);
  const left = step.attempts.length - tries.length;
  const more = left > 0 ? markup`<li class="quiet">${left} more in the JSON form.</li>` : '';
  const list = tries.length === 0 ? '' : markup`<ol>${tries}${more}</ol>`;
  const error = step.error === null || step.status === 'retrying' ? '' : markup`<p class="bad">${troubleText(step.error)}</p>`;
  if (list === '' && error === '') return '';
  return markup`<tr class="why"><td colspan="6">${list}${error}</td></tr>
`;
}

function attemptItem({ attempt, source, status, durationMs, error }: RecordedAttempt): Markup {
  const took = durationMs === null ? '' : ` after ${durationText(durationMs)}`;
  const which = source === 'probe' ? `probe of attempt ${attempt}` : `attempt ${attempt}`;
  return markup`<li><span class="quiet">${which}</span> <span>${status}${took}: ${troubleText(error)}</span></li>`;
}

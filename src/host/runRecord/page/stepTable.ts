/** Every step in a row: what it was, how it ended, when it ran. */

import { type Markup, markup } from '../../../kernel/text/markup.js';
import type { RecordedStep } from '../RunRecordDocument.js';
import { durationText, NOTHING, ROWS_MAX, stepStatusText, timeText, troubleText } from '../wording.js';
import { bar, offsetMs, type Span } from './span.js';
import { moreRows } from './table.js';

const TONES = { succeeded: 'good', failed: 'bad', cancelled: 'warn', unknown: 'bad', begun: 'warn' } as const;

export function stepTable(steps: readonly RecordedStep[], span: Span): Markup {
  if (steps.length === 0) return markup`<p class="quiet">No step is recorded.</p>`;
  return markup`<table class="steps">
<thead><tr><th scope="col">Step</th><th scope="col">Status</th><th scope="col">Effect</th><th scope="col">Began</th><th scope="col">Took</th><th scope="col">When</th></tr></thead>
<tbody>${steps.slice(0, ROWS_MAX).map((step) => stepRow(step, span))}</tbody>
</table>
${moreRows(steps.length)}`;
}

function stepRow(step: RecordedStep, span: Span): Markup {
  const began = offsetMs(span, step.startedAt);
  const error =
    step.error === null
      ? ''
      : markup`<tr class="why"><td class="bad" colspan="6">${troubleText(step.error)}</td></tr>
`;
  return markup`<tr><th scope="row">${step.name}<br><span class="quiet">${step.phase}</span></th>
<td><strong class="${TONES[step.status]}">${stepStatusText(step)}</strong></td>
<td data-name="Effect">${step.effect ?? NOTHING}</td>
<td class="number" data-name="Began" title="${timeText(step.startedAt)}">${began === null ? NOTHING : `+${durationText(began)}`}</td>
<td class="number" data-name="Took">${durationText(step.durationMs)}</td>
<td class="when">${bar(span, step.startedAt, step.durationMs)}</td></tr>
${error}`;
}

import { type Markup, markup } from '../../../../kernel/text/markup.js';
import { oneLine } from '../../../../kernel/text/visibleText.js';
import type { AnalyserStatus } from '../../AnalysisReport.js';
import { counted, cutEnd } from '../plainText.js';

const NOTE_CHARACTERS_MAX = 300;

/** Which analysers ran, with which tool; which are missing, and why. */
export function whoLooked(analysers: readonly AnalyserStatus[]): Markup {
  const absent = analysers.filter((status) => status.status === 'absent').length;
  const summary =
    absent === 0
      ? 'Every analyser that was asked ran.'
      : `${counted(absent, 'analyser')} of ${analysers.length} did not run, so this is not the whole picture.`;
  return markup`<p class="quiet">${summary}</p><dl class="analysers">${analysers.map(entry)}</dl>`;
}

function entry({ analyser, status, tool, toolVersion, reason, findings, dropped, notes }: AnalyserStatus): Markup {
  if (status === 'absent') {
    return markup`<div class="absent"><dt>${analyser}</dt><dd><strong>did not run</strong></dd><dd class="detail">${short(reason ?? 'No reason is known.')}</dd></div>`;
  }
  const left = dropped === 0 ? '' : markup`<dd class="detail">${counted(dropped, 'further finding')} beyond the limit, left out</dd>`;
  return markup`<div><dt>${analyser}</dt><dd>${counted(findings, 'finding')}</dd><dd class="detail">${short([tool, toolVersion].filter(Boolean).join(' '))}</dd>${left}${notes.map((note) => markup`<dd class="detail">${short(note)}</dd>`)}</div>`;
}

function short(text: string): string {
  return cutEnd(oneLine(text), NOTE_CHARACTERS_MAX);
}

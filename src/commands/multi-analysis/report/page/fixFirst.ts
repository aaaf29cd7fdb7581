import { type Markup, markup } from '../../../../kernel/text/markup.js';
import { oneLine } from '../../../../kernel/text/visibleText.js';
import type { AnalysisReport, Recommendation } from '../../AnalysisReport.js';
import { counted, cutEnd } from '../plainText.js';
import { levelLabel, placeLabel } from './place.js';

const OPEN_MAX = 10;
const TITLE_CHARACTERS_MAX = 200;
const REASON_CHARACTERS_MAX = 900;

/** The ranked list: the ten most urgent open, the others folded. */
export function fixFirst({ recommendations, analysers }: AnalysisReport): Markup {
  if (recommendations.length === 0) {
    const absent = analysers.filter((analyser) => analyser.status === 'absent').length;
    const missing =
      absent === 0
        ? 'No analyser has anything to say.'
        : `None of those that ran has anything to say; ${counted(absent, 'analyser')} did not run.`;
    return markup`<p class="clean">Nothing to fix.</p><p class="quiet">${missing}</p>`;
  }
  const folded = recommendations.slice(OPEN_MAX);
  return markup`<ol class="ranked">${recommendations.slice(0, OPEN_MAX).map(item)}</ol>
${folded.length === 0 ? '' : markup`<details class="more"><summary>${folded.length} more, less urgent</summary><ol class="ranked" start="${OPEN_MAX + 1}">${folded.map(item)}</ol></details>`}`;
}

function item({ rank, level, title, path, startLine, endLine, reason, analysers }: Recommendation): Markup {
  return markup`<li><span class="rank" aria-hidden="true">${rank}</span>
<div><h3>${cutEnd(oneLine(title), TITLE_CHARACTERS_MAX)}</h3>
<p class="where">${levelLabel(level)} ${placeLabel({ path, startLine, endLine })} <span class="source">${analysers.join(', ')}</span></p>
<p class="reason">${cutEnd(oneLine(reason), REASON_CHARACTERS_MAX)}</p></div></li>
`;
}

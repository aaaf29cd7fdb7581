import { type Markup, markup } from '../../../../kernel/text/markup.js';
import { visible } from '../../../../kernel/text/visibleText.js';
import type { AnalysisReport, Hotspot } from '../../AnalysisReport.js';
import { counted, cutStart } from '../plainText.js';
import { heatClass } from './heat.js';
import { levelLabel, PATH_CHARACTERS_MAX } from './place.js';

const ROWS_MAX = 20;

/** The hottest files in figures, or why there are none. */
export function hotspotTable({ hotspots, analysers }: AnalysisReport): Markup {
  if (hotspots.length === 0) {
    const missing = analysers.find(({ analyser, status }) => status === 'absent' && (analyser === 'history' || analyser === 'complexity'));
    if (!missing) return markup`<p class="quiet">No file is both complex and often changed.</p>`;
    return markup`<p class="quiet">Heat needs both complexity and history, and ${missing.analyser} did not run: ${missing.reason ?? 'no reason is known'}</p>`;
  }
  const rest = hotspots.length - ROWS_MAX;
  return markup`<table class="hotspots">
<thead><tr><th scope="col">File</th><th scope="col">Level</th><th scope="col">Changes</th><th scope="col">People</th><th scope="col">Complexity</th><th scope="col">Lines</th><th scope="col">Heat</th></tr></thead>
<tbody>${hotspots.slice(0, ROWS_MAX).map(row)}</tbody></table>
${rest > 0 ? markup`<p class="quiet">${counted(rest, 'cooler one')} in report.json.</p>` : ''}`;
}

function row({ path, level, commits, authors, cyclomatic, lines, heat }: Hotspot): Markup {
  const percent = Math.round(heat * 100);
  return markup`<tr><th scope="row" class="path">${cutStart(visible(path), PATH_CHARACTERS_MAX)}</th><td>${levelLabel(level)}</td>
<td data-name="changes">${commits}</td><td data-name="people">${authors}</td><td data-name="complexity">${cyclomatic}</td><td data-name="lines">${lines}</td>
<td class="heat"><span class="bar"><span class="${heatClass(heat)}" style="width:${percent}%"></span></span>${heat.toFixed(2)}</td></tr>
`;
}

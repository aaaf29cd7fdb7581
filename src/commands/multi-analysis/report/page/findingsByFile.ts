/** Every finding, folded up by file, as many as keep the page light; `report.json` has them all. */

import { type Markup, markup } from '../../../../kernel/text/markup.js';
import { oneLine, visible } from '../../../../kernel/text/visibleText.js';
import type { ResolvedFinding } from '../../AnalysisReport.js';
import { LEVELS } from '../../Finding.js';
import { compareText, groupBy, inTurn } from '../../synthesis/order.js';
import { counted, cutEnd, cutStart } from '../plainText.js';
import { webAddress } from '../webAddress.js';
import { levelLabel, PATH_CHARACTERS_MAX } from './place.js';

/** About half of the page's 3 MB; the picture has most of the rest. */
const SECTION_CHARACTERS_MAX = 1_200_000;
const PER_FILE_MAX = 50;
const EVIDENCE_MAX = 3;
const MESSAGE_CHARACTERS_MAX = 300;
const RULE_CHARACTERS_MAX = 80;

interface FileFindings {
  readonly path: string;
  readonly findings: readonly ResolvedFinding[];
  /** Errors, warnings, notes. */
  readonly counts: readonly number[];
}

const worstFirst = inTurn<FileFindings>(
  ...LEVELS.map((_level, index) => (left: FileFindings, right: FileFindings) => (right.counts[index] ?? 0) - (left.counts[index] ?? 0)),
  (left, right) => compareText(left.path, right.path),
);

export function findingsByFile(findings: readonly ResolvedFinding[]): Markup {
  if (findings.length === 0) return markup`<p class="quiet">There are none.</p>`;
  const files = Array.from(
    groupBy(findings, (finding) => finding.path),
    ([path, own]): FileFindings => {
      return { path, findings: own, counts: LEVELS.map((level) => own.filter((finding) => finding.level === level).length) };
    },
  ).sort(worstFirst);
  const shown: Markup[] = [];
  let characters = 0;
  for (const file of files) {
    const section = fileSection(file);
    characters += section.html.length;
    if (characters > SECTION_CHARACTERS_MAX) break;
    shown.push(section);
  }
  const hidden = files.slice(shown.length);
  const left = hidden.reduce((sum, file) => sum + file.findings.length, 0);
  return markup`${shown}${left === 0 ? '' : markup`<p class="quiet">${counted(left, 'more finding')} of ${counted(hidden.length, 'more file')} in report.json.</p>`}`;
}

function fileSection({ path, findings, counts }: FileFindings): Markup {
  const totals = LEVELS.flatMap((level, index) => {
    const count = counts[index] ?? 0;
    return count === 0 ? [] : markup`<span class="level ${level}">${counted(count, level)}</span> `;
  });
  const rest = findings.length - PER_FILE_MAX;
  return markup`<details class="file"><summary><span class="path">${cutStart(visible(path), PATH_CHARACTERS_MAX)}</span> <span class="totals">${totals}</span></summary>
<ul>${findings.slice(0, PER_FILE_MAX).map(item)}</ul>${rest > 0 ? markup`<p class="quiet">${counted(rest, 'more finding')} in report.json.</p>` : ''}</details>
`;
}

function item({ startLine, level, message, analyser, rule, helpUri, evidence }: ResolvedFinding): Markup {
  const also = evidence.slice(0, EVIDENCE_MAX).map((finding) => {
    return markup`<p class="evidence">${finding.analyser} also says: ${cutEnd(oneLine(finding.message), MESSAGE_CHARACTERS_MAX)}</p>`;
  });
  return markup`<li><span class="line">${startLine}</span><div><p>${levelLabel(level)} ${cutEnd(oneLine(message), MESSAGE_CHARACTERS_MAX)}</p>${also}<p class="source">${analyser} · ${ruleLabel(rule, helpUri)}</p></div></li>
`;
}

function ruleLabel(rule: string, helpUri: string | undefined): Markup {
  const address = webAddress(helpUri);
  const name = cutEnd(visible(rule), RULE_CHARACTERS_MAX);
  return address === undefined ? markup`${name}` : markup`<a href="${address}" rel="noreferrer">${name}</a>`;
}

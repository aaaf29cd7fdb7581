/** The report as one page that needs nothing else: no script, no network, its only style sheet inline. */

import { Markup, markup } from '../../../kernel/text/markup.js';
import { visible } from '../../../kernel/text/visibleText.js';
import type { AnalysisReport } from '../AnalysisReport.js';
import { findingsByFile } from './page/findingsByFile.js';
import { fixFirst } from './page/fixFirst.js';
import { hotspotTable } from './page/hotspotTable.js';
import { picture } from './page/picture.js';
import { STYLES } from './page/styles.js';
import { whoLooked } from './page/whoLooked.js';
import { counted, cutStart, grouped } from './plainText.js';

const ROOT_CHARACTERS_MAX = 200;
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A page below about 3 MB, however much was found. */
export function renderHtml(report: AnalysisReport): string {
  const name = visible(report.root.split(/[\\/]/).findLast((segment) => segment !== '') ?? report.root);
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${name}: what to fix first</title>
<link rel="icon" href="data:,">
<style>${new Markup(STYLES)}</style>
</head>
<body>
${header(report, name)}
<main>
<div class="columns">
<section aria-labelledby="fix-first"><h2 id="fix-first">Fix first</h2>
${fixFirst(report)}</section>
<aside aria-labelledby="who-looked"><h2 id="who-looked">Who looked</h2>
${whoLooked(report.analysers)}</aside>
</div>
<section aria-labelledby="hotspots"><h2 id="hotspots">Hotspots</h2>
${picture(report)}
${hotspotTable(report)}</section>
<section class="all" aria-labelledby="findings"><h2 id="findings">All findings by file</h2>
${findingsByFile(report.findings)}</section>
</main>
<footer>Made by <code>sixfold run multi-analysis</code>. The same findings are in report.sarif and report.json beside this page.</footer>
</body>
</html>
`.html;
}

function header({ root, startedAt, files, counts, hotspots }: AnalysisReport, name: string): Markup {
  const when = new Date(startedAt).toLocaleString('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });
  const figures = [
    figure(files, 'source file'),
    figure(counts.error, 'error'),
    figure(counts.warning, 'warning'),
    figure(counts.note, 'note'),
    figure(hotspots.length, 'hotspot'),
  ];
  return markup`<header>
<p class="kicker">Multi-analysis</p>
<h1>${name}</h1>
<p class="quiet"><span class="path">${cutStart(visible(root), ROOT_CHARACTERS_MAX)}</span><br><time datetime="${startedAt}">${when} UTC</time></p>
<ul class="figures">${figures}</ul>
</header>`;
}

function figure(count: number, noun: string): Markup {
  const [, ...words] = counted(count, noun).split(' ');
  return markup`<li><strong>${grouped(count)}</strong> ${words.join(' ')}</li>`;
}

/** Draws the treemap as inline SVG, and the legend of its colours. */

import { type Markup, markup } from '../../../../kernel/text/markup.js';
import { visible } from '../../../../kernel/text/visibleText.js';
import type { AnalysisReport, MeasuredFile } from '../../AnalysisReport.js';
import { counted, cutEnd, cutStart, grouped } from '../plainText.js';
import { HEAT_SCALE, heatClass } from './heat.js';
import { type FileCell, layOut } from './treemap.js';

/** Tooltips are most of the picture's bytes; the smallest cells of a big tree can hardly be pointed at. */
const TOOLTIPS_MAX = 3000;
const TOOLTIP_PATH_CHARACTERS_MAX = 120;

const WIDE = { name: 'wide', width: 1120, heightMax: 600, tooltipsMax: TOOLTIPS_MAX } as const;
const NARROW = { name: 'narrow', width: 360, heightMax: 520, tooltipsMax: 0 } as const;
/** A picture of few files is lower: three cells need no screen of their own. */
const HEIGHT_MIN = 220;
const HEIGHT_PER_FILE = 12;
/** Of the 11 px font of the style sheet, with room for a wide system font. */
const CHARACTER_WIDTH = 6.8;
const LABEL_MARGIN = 5;
const LABEL_CHARACTERS_MIN = 6;
const CELL_LABEL_HEIGHT_MIN = 18;

/** The picture of the tree in two formats, of which the style sheet shows the one that fits the screen. */
export function picture(report: AnalysisReport): Markup {
  const files = report.measured.filter((file) => file.lines > 0);
  if (files.length === 0) return markup`<p class="quiet">No analyser counted lines of code, so there is no picture.</p>`;
  const lines = files.reduce((sum, file) => sum + file.lines, 0);
  const hottest = files.reduce((best, file) => (file.heat > best.heat ? file : best));
  const hot =
    hottest.heat > 0
      ? `The hottest is ${cutStart(visible(hottest.path), TOOLTIP_PATH_CHARACTERS_MAX)} with a heat of ${hottest.heat.toFixed(2)}.`
      : 'None of them has any heat.';
  const label = `Treemap of ${counted(files.length, 'file')} with ${counted(lines, 'line')} of code, coloured by heat. ${hot}`;
  return markup`<figure class="picture">
${svg(files, WIDE, label)}
${svg(files, NARROW, label)}
<figcaption>${legend()}<p>Each cell is a file, its area the lines of code. Heat is how often the file changed times how complex it is, on a scale from 0 to 1 that is the same for every project.</p></figcaption>
</figure>`;
}

interface Format {
  readonly name: 'wide' | 'narrow';
  readonly width: number;
  readonly heightMax: number;
  /** 0 where there is no pointer: cells of one colour then share a path, which is a tenth of the size. */
  readonly tooltipsMax: number;
}

function svg(files: readonly MeasuredFile[], { name, width, heightMax, tooltipsMax }: Format, label: string): Markup {
  const height = Math.min(heightMax, HEIGHT_MIN + HEIGHT_PER_FILE * files.length);
  const { cells, groups } = layOut(files, width, height);
  const rules = groups.map(
    ({ x, y, width: length, depth }) => markup`<path class="${depth === 1 ? 'rule top' : 'rule'}" d="M${x} ${y + 0.5}h${length}"/>`,
  );
  const names = groups.map((group) => text(group.label, { ...group, x: group.x - LABEL_MARGIN }, 'folder-name', 13));
  const largestFirst = cells.toSorted((left, right) => right.width * right.height - left.width * left.height);
  const pointed = largestFirst.slice(0, tooltipsMax).map(cellWithTooltip);
  const labels = cells.map((cell) =>
    cell.height < CELL_LABEL_HEIGHT_MIN ? markup`` : text(baseName(cell.file), cell, `file-name ${heatClass(cell.file.heat)}`, 13),
  );
  return markup`<svg class="${name}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
${rules}${pointed}${mergedCells(largestFirst.slice(tooltipsMax))}${names}${labels}</svg>`;
}

function cellWithTooltip({ x, y, width, height, file }: FileCell): Markup {
  const { path, lines, cyclomatic, commits, heat } = file;
  const facts = `${counted(lines, 'line')}, complexity ${grouped(cyclomatic)}, ${counted(commits, 'change')}, heat ${heat.toFixed(2)}`;
  const tooltip = `${cutStart(visible(path), TOOLTIP_PATH_CHARACTERS_MAX)}: ${facts}`;
  return markup`<rect class="${heatClass(heat)}" x="${x}" y="${y}" width="${width}" height="${height}"><title>${tooltip}</title></rect>`;
}

function mergedCells(cells: readonly FileCell[]): Markup[] {
  return [...Map.groupBy(cells, (cell) => heatClass(cell.file.heat))].map(([name, ofOneColour]) => {
    const outline = ofOneColour.map(({ x, y, width, height }) => `M${x} ${y}h${width}v${height}h-${width}z`).join('');
    return markup`<path class="${name}" d="${outline}"/>`;
  });
}

/** As much of the words as fits; nothing where that would not be worth reading. */
function text(
  words: string,
  place: { readonly x: number; readonly y: number; readonly width: number },
  name: string,
  baseline: number,
): Markup {
  const charactersMax = Math.floor((place.width - 2 * LABEL_MARGIN) / CHARACTER_WIDTH);
  const shown = visible(words);
  if (shown === '' || charactersMax < Math.min(shown.length, LABEL_CHARACTERS_MIN)) return markup``;
  return markup`<text class="${name}" x="${place.x + LABEL_MARGIN}" y="${place.y + baseline}">${cutEnd(shown, charactersMax)}</text>`;
}

function baseName(file: MeasuredFile): string {
  return file.path.slice(file.path.lastIndexOf('/') + 1);
}

function legend(): Markup {
  const steps = HEAT_SCALE.map(({ name, meaning }) => markup`<li><span class="swatch ${name}"></span>${meaning}</li>`);
  return markup`<ol class="legend" aria-label="Colours of heat, coldest first">${steps}</ol>`;
}

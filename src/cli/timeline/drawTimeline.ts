/** Draws the lines of a run side by side with their times, as wide as a terminal. */
import { styleText } from 'node:util';
import { durationText } from '../../host/runRecord/wording.js';
import { oneLine } from '../../index.js';
import type { Stretch, TimelineRow, Tone } from './TimelineRow.js';
import type { TimeSpan } from './timelineRows.js';

export interface DrawOptions {
  /** Characters of a line; a drawing is never narrower than 60. */
  readonly columns: number;
  readonly colour: boolean;
}

const COLUMNS_MIN = 60;
const BAR_MIN = 16;
const ROWS_MAX = 400;
const TOOK_WIDTH = 10;
/** Of how it ended; what is longer stands below. */
const STATUS_MAX = 26;
const CELLS: Readonly<Record<Stretch['shape'], string>> = { frame: '─', work: '█', rest: '░', open: '▒', wait: '┄', point: '◆' };
const STYLES = { plain: undefined, good: 'green', bad: 'red', warn: 'yellow', quiet: 'dim' } as const;

/** A line for each row, under one with the time; nothing where there is no row. */
export function drawTimeline(rows: readonly TimelineRow[], span: TimeSpan, options: DrawOptions): string {
  if (rows.length === 0) return '';
  const shown = rows.slice(0, ROWS_MAX);
  const layout = layoutOf(shown, Math.max(COLUMNS_MIN, options.columns));
  const left = rows.length - shown.length;
  const more = left > 0 ? [`… ${left.toLocaleString('en-GB')} more in the JSON form.`] : [];
  const lines = [axisLine(span, layout), ...shown.flatMap((row) => rowLines(row, span, { ...layout, colour: options.colour })), ...more];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

interface Layout {
  readonly whole: number;
  readonly label: number;
  readonly bar: number;
  readonly status: number;
}

/** The bars get what names and words leave; those are cut when that is too little. */
function layoutOf(rows: readonly TimelineRow[], columns: number): Layout {
  const widest = (texts: readonly string[]): number => texts.reduce((most, text) => Math.max(most, text.length), 0);
  const room = columns - TOOK_WIDTH - 4;
  const label = Math.min(Math.max(12, widest(rows.map(labelText))), Math.floor(room * 0.4));
  const status = Math.min(widest(rows.map((row) => oneLine(row.status))), STATUS_MAX, room - label - BAR_MIN);
  return { whole: columns, label, status, bar: room - label - status };
}

function axisLine({ from, until }: TimeSpan, { label, bar }: Layout): string {
  const end = durationText(until - from);
  return `${' '.repeat(label + 2)}0${end.padStart(bar - 1)}`;
}

function rowLines(
  row: TimelineRow,
  span: TimeSpan,
  { whole, label, bar, status, colour }: Layout & { readonly colour: boolean },
): string[] {
  const { depth, took, tone, why } = row;
  const paint = (text: string, as: Tone): string => painted(text, colour ? as : 'plain');
  const said = oneLine(row.status);
  const fits = said.length <= status;
  const line = [
    cut(labelText(row), label).padEnd(label),
    barText(row.stretches, span, { cells: bar, paint }),
    took.padStart(TOOK_WIDTH - 2),
    paint(fits ? said : cut(said, status), tone),
  ].join('  ');
  const below = [fits ? '' : said, oneLine(why)]
    .filter((text) => text !== '')
    .map((text) => `${'  '.repeat(depth + 1)}${cut(text, whole - 4)}`);
  return [line, ...below.map((text) => paint(text, tone === 'good' ? 'quiet' : tone))];
}

function labelText({ depth, label }: TimelineRow): string {
  return `${'  '.repeat(depth)}${oneLine(label)}`;
}

interface BarOptions {
  readonly cells: number;
  readonly paint: (text: string, tone: Tone) => string;
}

/** The time of the run in cells; what comes later covers what came before. */
function barText(stretches: readonly Stretch[], { from, until }: TimeSpan, { cells, paint }: BarOptions): string {
  const wholeMs = Math.max(1, until - from);
  const cellAt = (at: number): number => Math.min(Math.max(0, Math.floor(((at - from) / wholeMs) * cells)), cells - 1);
  const filled: (Stretch | undefined)[] = Array.from({ length: cells });
  for (const stretch of stretches) {
    const first = cellAt(stretch.from);
    // The last cell that it reaches into, and at least one.
    const last = Math.max(first, Math.min(cells, Math.ceil(((stretch.until - from) / wholeMs) * cells)) - 1);
    filled.fill(stretch, first, last + 1);
  }
  return filled.map((stretch) => (stretch ? paint(CELLS[stretch.shape], stretch.tone) : ' ')).join('');
}

function painted(text: string, tone: Tone): string {
  const style = STYLES[tone];
  return style === undefined || text === '' ? text : styleText(style, text, { validateStream: false });
}

function cut(text: string, charactersMax: number): string {
  return text.length > charactersMax ? `${text.slice(0, Math.max(0, charactersMax - 1)).toWellFormed()}…` : text;
}

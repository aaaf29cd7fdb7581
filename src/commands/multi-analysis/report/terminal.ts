/** The report for a terminal: what to fix first on one or two screens. Foreign text is shown, never obeyed. */
import { styleText } from 'node:util';
import { oneLine, visible } from '../../../kernel/text/visibleText.js';
import type { AnalyserStatus, AnalysisSummary, Hotspot, Recommendation } from '../AnalysisReport.js';
import { LEVELS, type Level } from '../Finding.js';
import { columnsOf, cutToEnd, fitted, wrapped } from './columns.js';
import { counted, cutEnd } from './plainText.js';

export interface TerminalOptions {
  /** Width of the terminal; less than 60 is taken as 60, more than 100 as 100. */
  readonly columns: number;
  readonly colour: boolean;
}

const COLUMNS_MIN = 60;
/** Longer lines are hard to read. */
const COLUMNS_MAX = 100;
const RECOMMENDATIONS_MAX = 10;
const HOTSPOTS_MAX = 5;
const NAME_COLUMNS = 13;
const LEVEL_COLUMNS = 9;
const TEXT_CHARACTERS_MAX = 600;
const INDENT = '    ';

const LEVEL_STYLE = { error: 'red', warning: 'yellow', note: 'blue' } as const satisfies Record<Level, string>;
type Style = (typeof LEVEL_STYLE)[Level] | 'bold' | 'dim';

/** Lines of at most so many columns, ended by a newline. */
export function renderTerminal(report: AnalysisSummary, options: TerminalOptions): string {
  const page = new Page(Math.min(COLUMNS_MAX, Math.max(COLUMNS_MIN, options.columns)), options.colour);
  page.line(page.styled('bold', cutToEnd(visible(report.root), page.columns)));
  page.text(totals(report), '');
  page.heading('Analysers');
  for (const status of report.analysers) analyser(page, status);
  page.heading('Fix first');
  if (report.recommendations.length === 0) page.text('Nothing to fix.', '  ');
  for (const item of report.recommendations.slice(0, RECOMMENDATIONS_MAX)) recommendation(page, item);
  if (report.hotspots.length > 0) page.heading('Hotspots');
  for (const item of report.hotspots.slice(0, HOTSPOTS_MAX)) hotspot(page, item);
  page.gap();
  page.text(closing(report), '');
  return page.toString();
}

/** Collects lines and knows how wide they may be and whether they may be coloured. */
class Page {
  private readonly lines: string[] = [];

  constructor(
    readonly columns: number,
    private readonly colour: boolean,
  ) {}

  line(line: string): void {
    this.lines.push(line);
  }

  /** One empty line, never two. */
  gap(): void {
    if (this.lines.at(-1) !== '') this.lines.push('');
  }

  heading(words: string): void {
    this.gap();
    this.line(this.styled('bold', words));
  }

  text(words: string, indent: string, style?: Style): void {
    for (const line of wrapped(cutEnd(oneLine(words), TEXT_CHARACTERS_MAX), this.columns - indent.length)) {
      this.lines.push(indent + (style ? this.styled(style, line) : line));
    }
  }

  styled(style: Style, words: string): string {
    return this.colour ? styleText(style, words, { validateStream: false }) : words;
  }

  toString(): string {
    return `${this.lines.map((line) => line.trimEnd()).join('\n')}\n`;
  }
}

function totals({ files, counts, hotspots }: AnalysisSummary): string {
  const levels = LEVELS.map((level) => counted(counts[level], level));
  return [counted(files, 'source file'), ...levels, counted(hotspots.length, 'hotspot')].join(', ');
}

function analyser(page: Page, { analyser: name, status, tool, toolVersion, reason, findings, notes }: AnalyserStatus): void {
  const label = `  ${fitted(name, NAME_COLUMNS)}`;
  const said =
    status === 'done'
      ? `${counted(findings, 'finding')}, ${[tool, toolVersion].filter(Boolean).join(' ')}`
      : `missing: ${reason ?? 'no reason is known'}`;
  const [first = '', ...others] = wrapped(cutEnd(oneLine(said), TEXT_CHARACTERS_MAX), page.columns - label.length);
  const shown = (line: string): string => (status === 'done' ? line : page.styled('yellow', line));
  page.line(label + shown(first));
  for (const line of others) page.line(' '.repeat(label.length) + shown(line));
  for (const note of notes) page.text(note, ' '.repeat(label.length), 'dim');
}

function recommendation(page: Page, { rank, level, path, startLine, title, reason }: Recommendation): void {
  const number = `${String(rank).padStart(2)}  `;
  const marker = fitted(level, LEVEL_COLUMNS);
  const place = cutToEnd(`${visible(path)}:${startLine}`, page.columns - number.length - columnsOf(marker));
  page.line(number + page.styled(LEVEL_STYLE[level], marker) + place);
  page.text(title, INDENT, 'bold');
  page.text(reason, INDENT);
  page.gap();
}

function hotspot(page: Page, { path, level, commits, authors, cyclomatic, heat }: Hotspot): void {
  const start = `  ${heat.toFixed(2)}  `;
  const marker = fitted(level, LEVEL_COLUMNS);
  const facts = `${counted(commits, 'change')}, ${counted(authors, 'person', 'people')}, complexity ${cyclomatic}`;
  const place = cutToEnd(visible(path), page.columns - start.length - marker.length);
  page.line(start + page.styled(LEVEL_STYLE[level], marker) + place);
  page.text(facts, ' '.repeat(start.length + marker.length), 'dim');
}

function closing({ counts, recommendations, analysers }: AnalysisSummary): string {
  const absent = analysers.filter((status) => status.status === 'absent').length;
  const missing =
    absent === 0 ? '' : ` ${counted(absent, 'analyser')} of ${analysers.length} did not run, so this is not the whole picture.`;
  const more = recommendations.length - RECOMMENDATIONS_MAX;
  const rest = more > 0 ? ` with ${counted(more, 'more recommendation')}` : '';
  const findings = LEVELS.reduce((sum, level) => sum + counts[level], 0);
  return `${counted(findings, 'finding')}${rest} in report.html, report.sarif and report.json.${missing}`;
}

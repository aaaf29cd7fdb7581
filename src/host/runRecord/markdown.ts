/** Pieces of Markdown in which foreign text stays text: CommonMark with the tables of GitHub. */
import { oneLine, visible } from '../../kernel/text/visibleText.js';
import { NOTHING, ROWS_MAX } from './wording.js';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text for a heading, a paragraph or a cell: on one line, and nothing of it is markup, a link or the end of a cell. */
export function markdownText(text: string): string {
  return oneLine(text)
    .replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')
    .replace(/[\\`*_[\]#|~$!]/g, String.raw`\$&`)
    .replace(/:(?=\/\/)|@|(?<=\bwww)\./gi, (character) => `&#${character.charCodeAt(0)};`);
}

/** A table; without rows nothing. What is beyond the bound is counted. */
export function markdownTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const shown = rows.slice(0, ROWS_MAX).map((cells) => line(cells.map((cell) => markdownText(cell) || NOTHING)));
  const left = rows.length - shown.length;
  const rest = left > 0 ? `\n${left.toLocaleString('en-GB')} more rows in the JSON form.\n` : '';
  return `${[line(columns), line(columns.map(() => '---')), ...shown].join('\n')}\n${rest}`;
}

/** A block of code, in a fence that is longer than any in it. */
export function markdownCode(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.split('\n').map(visible).join('\n')}\n${fence}\n`;
}

/** A heading with what stands under it; nothing when that is nothing. */
export function markdownSection(title: string, body: string): string {
  return body === '' ? '' : `## ${title}\n\n${body}`;
}

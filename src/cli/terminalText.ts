/** Foreign text for a terminal: on one line, and nothing in it moves the cursor, colours or reorders. */
import { oneLine } from '../index.js';

const SHORT_CHARACTERS_MAX = 100;

/** At most 100 characters. */
export function shortened(text: string): string {
  const line = oneLine(text);
  return line.length > SHORT_CHARACTERS_MAX ? `${line.slice(0, SHORT_CHARACTERS_MAX - 1).toWellFormed()}…` : line;
}

/** Rows in columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(oneLine));
  const widths = (shown[0] ?? []).map((_cell, column) => shown.reduce((widest, row) => Math.max(widest, row[column]?.length ?? 0), 0));
  return shown
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

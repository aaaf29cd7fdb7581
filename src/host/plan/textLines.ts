/** Lines of text of a plan for a terminal. */

export interface Hanging {
  readonly columns: number;
  /** What the first line begins with. @default nothing */
  readonly first?: string;
  /** What the others begin with. @default as wide as the first */
  readonly next?: string;
}

/** Text broken at spaces into lines of at most so many columns; a longer word has a line of its own. */
export function hanging(text: string, { columns, first = '', next = ' '.repeat(first.length) }: Hanging): string[] {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > columns) {
      lines.push(line.trimEnd());
      line = next;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line.trimEnd()];
}

/** Columns for names that stand above one another: those of the longest, but for very long ones. */
export function nameColumns(names: readonly string[], { least, most }: { least: number; most: number }): number {
  return names.reduce((widest, { length }) => (length <= most ? Math.max(widest, length) : widest), least);
}

/** `500 ms`, `6.3 s`, `5 min`, `2.5 h`: never less than it is. */
export function limitText(ms: number): string {
  const inTenths = (unitMs: number): number => Math.ceil(Math.round((ms / unitMs) * 1e6) / 1e5) / 10;
  if (ms < 1000) return `${Math.ceil(ms)} ms`;
  if (ms < 120_000) return `${inTenths(1000)} s`;
  return ms < 7_200_000 ? `${inTenths(60_000)} min` : `${inTenths(3_600_000)} h`;
}

import { oneLine } from '../../kernel/text/visibleText.js';

/** Of a label so much is shown on a line. */
const CHARACTERS_MAX = 60;
/** So many lines a label has at most. */
const LINES_MAX = 8;

export interface ChartNode {
  readonly title: string;
  readonly lines: readonly string[];
  /** The point of no return. */
  readonly pivot: boolean;
}

export interface ChartEdge {
  /** Places in the list of nodes. */
  readonly from: number;
  readonly to: number;
  readonly lines: readonly string[];
  /** Only the order, no data. */
  readonly dotted: boolean;
}

export interface Flowchart {
  readonly nodes: readonly ChartNode[];
  readonly edges: readonly ChartEdge[];
}

/** Foreign text as a line of a label. */
export function labelLine(text: string): string {
  const line = oneLine(text);
  return line.length > CHARACTERS_MAX ? `${line.slice(0, CHARACTERS_MAX - 1).toWellFormed()}…` : line;
}

export function labelLines(lines: readonly string[]): string[] {
  const shown = lines.slice(0, lines.length > LINES_MAX ? LINES_MAX - 1 : LINES_MAX).map(labelLine);
  return lines.length > LINES_MAX ? [...shown, `and ${lines.length - shown.length} more`] : shown;
}

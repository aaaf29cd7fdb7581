import type { ChartEdge, ChartNode, Flowchart } from './Flowchart.js';

/** How text is written so that it may stand between double quotes, and not be taken for anything but text. */
export interface Escapes {
  readonly title: (text: string) => string;
  readonly line: (text: string) => string;
}

export function mermaidText({ nodes, edges }: Flowchart, { title, line }: Escapes): string {
  const textOf = (lines: readonly string[]): string => lines.map(line).join('<br/>');
  const node = (one: ChartNode): string => `"<b>${title(one.title)}</b>${one.lines.length > 0 ? `<br/>${textOf(one.lines)}` : ''}"`;
  const edge = ({ from, to, lines, dotted }: ChartEdge): string =>
    `  n${from} ${dotted ? '-.->' : '-->'}${lines.length > 0 ? `|"${textOf(lines)}"|` : ''} n${to}`;
  const pivots = nodes.flatMap(({ pivot }, place) => (pivot ? [`n${place}`] : []));
  return [
    'flowchart TB',
    ...nodes.map((one, place) => `  n${place}[${node(one)}]`),
    ...edges.map(edge),
    ...(pivots.length === 0 ? [] : ['  classDef pivot stroke:#b45309,stroke-width:3px', `  class ${pivots.join(',')} pivot`]),
    '',
  ].join('\n');
}

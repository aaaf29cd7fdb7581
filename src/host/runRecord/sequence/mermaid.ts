/** The sequence of a run as a diagram of Mermaid. */
import { oneLine } from '../../../kernel/text/visibleText.js';
import type { RunRecordDocument } from '../RunRecordDocument.js';
import { blocksOf, type Sequence, type SequenceEvent } from './Sequence.js';
import { sequenceOf } from './sequenceOf.js';

/** Mermaid draws nothing that is longer, unless it is told to: `maxTextSize` is 50,000 characters. */
const CHARACTERS_MAX = 45_000;
/** Of one label. */
const LABEL_MAX = 100;
/** Interactions and notes; fewer where that would be too long. */
const ITEMS_MAX = 200;
const ITEMS_MIN = 10;

export interface SequenceDiagram {
  readonly text: string;
  readonly sequence: Sequence;
}

/** Undefined where no system took part. */
export function mermaidOf(document: RunRecordDocument, itemsMax = ITEMS_MAX): SequenceDiagram | undefined {
  const sequence = sequenceOf(document, itemsMax);
  if (!sequence) return undefined;
  const text = diagramOf(sequence);
  const isLong = text.length > CHARACTERS_MAX && itemsMax > ITEMS_MIN;
  return isLong ? mermaidOf(document, Math.max(ITEMS_MIN, Math.floor(itemsMax / 2))) : { text, sequence };
}

function diagramOf({ command, systems, events }: Sequence): string {
  const ids = new Map(systems.map((name, index) => [name, `S${index + 1}`]));
  const participants = [...ids].map(([name, id]) => `  participant ${id} as ${label(name)}`);
  const blocks = blocksOf(events).flatMap((block) => {
    const lines = block.events.map((event) => `${block.undo ? '    ' : '  '}${lineOf(event, ids)}`);
    return block.undo ? ['  break what was done is undone', ...lines, '  end'] : lines;
  });
  return ['sequenceDiagram', `  participant C as ${label(command)}`, ...participants, ...blocks].join('\n');
}

function lineOf(event: SequenceEvent, ids: ReadonlyMap<string, string>): string {
  if (event.what === 'note') return `Note over C: ${label(event.text)}`;
  const { direction, lost, system, text } = event;
  const id = system === undefined ? 'C' : (ids.get(system) ?? 'C');
  const [from, to] = direction === 'request' ? ['C', id] : [id, 'C'];
  const line = direction === 'request' ? '-' : '--';
  return `${from}${line}${lost ? 'x' : '>>'}${to}: ${label(text)}`;
}

/**
 * Text in which nothing means anything to Mermaid: what is neither a letter, a digit nor harmless stands as the number of its character, as
 * in `#59;`. A colon too: behind one, `style…#` loses the end of such a number.
 */
export function label(text: string): string {
  const line = oneLine(text);
  const cut = line.length > LABEL_MAX ? `${line.slice(0, LABEL_MAX - 1).toWellFormed()}…` : line;
  return cut.replace(/[^\p{L}\p{N} .,_/()[\]'=?!+…–-]/gu, (character) => `#${character.codePointAt(0)};`) || '–';
}

/**
 * Edits of random programs between a crash and the resumption, and what they leave of the places in the text.
 *
 * Which of two equal neighbours was removed, or inserted, cannot be told from the texts: every reading that gives the same text
 * is one in which the outcomes may have been delivered rightly.
 */
import { type Node, partsOf } from './randomProgram.js';

export const EDITS = ['insert', 'remove', 'swap'] as const;
export type EditKind = (typeof EDITS)[number];

/** Where the sites of the edited text were before; a site that is not in it is where it was. */
type Reading = ReadonlyMap<number, number>;

export interface Edit {
  readonly kind: EditKind;
  readonly root: Node;
  readonly readings: readonly Reading[];
}

/** Of what is inserted. */
const INSERTED_SITE = 10_000;

type Group = Extract<Node, { readonly parts: readonly Node[] }>;

/** @param draw a whole number below the one given */
export function edited(root: Node, kind: EditKind, inserted: Node, draw: (below: number) => number): Edit | undefined {
  const groups = groupsOf(root).filter(({ parts }) => kind === 'insert' || parts.length > 1);
  const group = groups[draw(Math.max(1, groups.length))];
  if (!group) return undefined;
  const all = variantsOf(group.parts, kind, { ...inserted, site: INSERTED_SITE });
  const steps = all.filter(({ touched }) => touched.every((part) => part.kind === 'step'));
  const chosen = steps[draw(Math.max(1, steps.length))];
  if (!chosen) return undefined;
  const text = textOf(chosen.parts);
  const readings = all.filter(({ parts }) => textOf(parts) === text).map(({ parts }) => readingOf(chosen.parts, parts));
  return { kind, root: replaced(root, group, chosen.parts), readings };
}

interface Variant {
  readonly parts: readonly Node[];
  readonly touched: readonly Node[];
}

function variantsOf(parts: readonly Node[], kind: EditKind, inserted: Node): readonly Variant[] {
  if (kind === 'insert') return [...parts, inserted].map((_part, at) => ({ parts: parts.toSpliced(at, 0, inserted), touched: [inserted] }));
  if (kind === 'remove') return parts.map((part, at) => ({ parts: parts.toSpliced(at, 1), touched: [part] }));
  return parts.flatMap((one, at) =>
    parts.slice(at + 1).map((other, behind) => ({
      parts: parts.with(at, other).with(at + 1 + behind, one),
      touched: [one, other],
    })),
  );
}

function groupsOf(node: Node): readonly Group[] {
  return [...('parts' in node ? [node] : []), ...partsOf(node).flatMap(groupsOf)];
}

function replaced(node: Node, group: Group, parts: readonly Node[]): Node {
  if (node === group) return { ...group, parts };
  if ('parts' in node) return { ...node, parts: node.parts.map((part) => replaced(part, group, parts)) };
  return 'part' in node ? { ...node, part: replaced(node.part, group, parts) } : node;
}

/** The text of a program, without its places. */
function textOf(parts: readonly Node[]): string {
  return JSON.stringify(parts, (name, value: unknown) => (name === 'site' ? undefined : value));
}

function readingOf(as: readonly Node[], other: readonly Node[]): Reading {
  const reading = new Map<number, number>();
  const pair = (one: Node, two: Node): void => {
    reading.set(one.site, two.site);
    const inner = partsOf(two);
    for (const [index, part] of partsOf(one).entries()) pair(part, inner[index] ?? part);
  };
  for (const [index, part] of as.entries()) pair(part, other[index] ?? part);
  return reading;
}

/** The place as it was called before the edit, in that reading. */
export function placeBefore(place: string, reading: Reading): string {
  return place
    .split('.')
    .map((part) => (/^\d+$/.test(part) ? String(reading.get(Number(part)) ?? part) : part))
    .join('.');
}

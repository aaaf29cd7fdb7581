/** The interactions of a scope that gives them as data: what is called, with what, in which order. */
import { isPlain } from '../../abstract/validation/plainValues.js';
import { isSensitiveKey, REDACTED, withoutSensitive } from '../../kernel/sensitiveKeys.js';
import { type GraphShape, shapeOf } from '../coordination/graphShape.js';
import { type InputMapping, type InteractionGraph, type InteractionNode, isReference } from '../coordination/InteractionGraph.js';
import { type Layers, layersOf } from './layers.js';
import type { PlannedInteraction, PlannedLink, PlannedSource } from './OrchestrationPlan.js';

/** Of a constant text so much is shown. */
const CHARACTERS_MAX = 200;

/** A reference in a mapping, and where it stands. */
interface PlacedReference {
  /** `total`, `address.city`, `lines[0].sku`. */
  readonly field: string;
  readonly node: string;
  readonly path: string;
}

/** A node as it was given. */
export interface GraphNode {
  readonly name: string;
  readonly given: InteractionNode;
  /** Those of its mapping. */
  readonly references: readonly PlacedReference[];
}

/**
 * A plan is made for every run, and most of it is for people and drawings: what no run needs is made when it is asked for.
 *
 * Owns: what was made of the graph. Does not own: the graph, which is the scope's.
 */
export class PlannedGraph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** The order in which a run calls the nodes. */
  readonly shape: GraphShape;
  private readonly afters = new Map<GraphNode, readonly string[]>();
  private madeLayers: Layers | undefined;

  constructor(private readonly graph: InteractionGraph) {
    this.nodes = new Map(Object.entries(graph).map(([name, given]) => [name, { name, given, references: referencesOf(given) }]));
    this.shape = shapeOf(graph);
  }

  get layers(): Layers {
    this.madeLayers ??= layersOf(new Map([...this.nodes.values()].map((node) => [node.name, this.after(node)])));
    return this.madeLayers;
  }

  /** Nodes that wait for one another, each path as in `Layers`. */
  get cycles(): Layers['cycles'] {
    return this.shape.order.length === this.nodes.size ? [] : this.layers.cycles;
  }

  /** Names of the nodes that a node waits for, without those that are not in the graph. */
  after(node: GraphNode): readonly string[] {
    const known = this.afters.get(node);
    if (known) return known;
    const { references, given } = node;
    const named = new Set([...references.map((reference) => reference.node), ...(given.after ?? [])]);
    const after = [...named].filter((name) => this.nodes.has(name));
    this.afters.set(node, after);
    return after;
  }

  interactions(): readonly PlannedInteraction[] {
    return [...this.nodes.values()].map((node) => {
      const { name, given } = node;
      const at = given.call.lastIndexOf('.'); // A system of a group has dots in its name.
      const called = { system: given.call.slice(0, Math.max(at, 0)), operation: given.call.slice(at + 1) };
      const input = given.input === undefined ? {} : { input: plannedInput(given.input) };
      return { name, ...called, after: [...this.after(node)], ...input };
    });
  }

  links(): readonly PlannedLink[] {
    return [...this.nodes.values()].flatMap((node) => this.linksTo(node));
  }

  private linksTo(node: GraphNode): PlannedLink[] {
    const { name: to, given, references } = node;
    const link = (from: string, data: PlannedLink['data']): PlannedLink => {
      return { from, to, producer: this.graph[from]?.call ?? '', consumer: given.call, data };
    };
    if (typeof given.input === 'function') return this.after(node).map((from) => link(from, 'computed'));
    const known = Map.groupBy(
      references.filter((reference) => this.nodes.has(reference.node)),
      (reference) => reference.node,
    );
    return [...known].map(([from, own]) => link(from, Object.fromEntries(own.map(({ field, path }) => [field, path]))));
  }
}

/** Something of a mapping that is taken as one: a reference, or data without any. */
interface Placed {
  readonly field: string;
  readonly value: unknown;
}

function placedIn(mapping: InputMapping): readonly Placed[] {
  const placed: Placed[] = [];
  for (const field of Object.keys(mapping)) place(mapping[field], field, [], placed);
  return placed;
}

/** Data with references in it is taken apart, which is what this returns. What is undefined is not given. */
function place(value: unknown, field: string, within: readonly unknown[], placed: Placed[]): boolean {
  if (value === undefined) return false;
  if (isReference(value)) {
    placed.push({ field, value });
    return true;
  }
  if (isOpen(value) && !within.includes(value)) {
    const before = placed.length;
    if (placeParts(value, field, [...within, value], placed)) return true;
    placed.length = before;
  }
  placed.push({ field, value });
  return false;
}

function placeParts(value: object, field: string, within: readonly unknown[], placed: Placed[]): boolean {
  const isList = Array.isArray(value);
  let found = false;
  for (const [key, part] of Object.entries(value)) {
    if (place(part, isList ? `${field}[${key}]` : `${field}.${key}`, within, placed)) found = true;
  }
  return found;
}

function referencesOf({ input }: InteractionNode): readonly PlacedReference[] {
  if (typeof input !== 'object') return [];
  const references: PlacedReference[] = [];
  for (const { field, value } of placedIn(input)) if (isReference(value)) references.push({ field, node: value.node, path: value.path });
  return references;
}

function plannedInput(input: NonNullable<InteractionNode['input']>): PlannedInteraction['input'] & {} {
  if (typeof input === 'function') return 'computed';
  return Object.fromEntries(placedIn(input).map(({ field, value }) => [field, sourceOf(value, field)]));
}

function sourceOf(value: unknown, field: string): PlannedSource {
  if (isReference(value)) return { kind: 'from', node: value.node, path: value.path };
  return { kind: 'constant', value: isSensitiveKey(field) ? REDACTED : shown(value) };
}

/** Only these are looked through for references when the graph runs. */
function isOpen(value: unknown): value is object {
  return typeof value === 'object' && value !== null && (Array.isArray(value) || isPlain(value));
}

/** As JSON can have it. */
function shown(value: unknown): unknown {
  if (Number.isFinite(value) || typeof value === 'boolean' || value === null) return value; // Most constants, and JSON has them as they are.
  if (typeof value === 'string' && value.length <= CHARACTERS_MAX) return value;
  const cut = (text: string): string => (text.length > CHARACTERS_MAX ? `${text.slice(0, CHARACTERS_MAX).toWellFormed()}…` : text);
  const asJson = JSON.stringify(withoutSensitive(value, cut), (_key, part: unknown) => (typeof part === 'bigint' ? String(part) : part));
  return asJson === undefined ? `a ${typeof value}` : JSON.parse(asJson);
}

/** The interactions of a scope that gives them as data: what is called, with what, in which order. */
import { isPlain } from '../../abstract/validation/plainValues.js';
import { isSensitiveKey, REDACTED, withoutSensitive } from '../../kernel/sensitiveKeys.js';
import { type InteractionGraph, type InteractionNode, isReference } from '../coordination/InteractionGraph.js';
import { type Layers, layersOf } from './layers.js';
import type { PlannedInteraction, PlannedLink, PlannedSource } from './OrchestrationPlan.js';

/** Of a constant text so much is shown. */
const CHARACTERS_MAX = 200;

/** A reference in a mapping, and where it stands. */
export interface PlacedReference {
  /** `total`, `address.city`, `lines[0].sku`. */
  readonly field: string;
  readonly node: string;
  readonly path: string;
}

/** A node as it was given, and what the plan shows of it. */
export interface GraphNode {
  readonly given: InteractionNode;
  readonly planned: PlannedInteraction;
  /** Those of its mapping. */
  readonly references: readonly PlacedReference[];
}

export interface PlannedGraph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly links: readonly PlannedLink[];
  readonly layers: Layers;
}

export function plannedGraph(graph: InteractionGraph): PlannedGraph {
  const names = new Set(Object.keys(graph));
  const nodes = new Map(Object.entries(graph).map(([name, given]) => [name, graphNode(name, given, names)]));
  const layers = layersOf(new Map([...nodes].map(([name, { planned }]) => [name, planned.after])));
  return { nodes, layers, links: [...nodes.values()].flatMap((node) => linksTo(node, graph)) };
}

function graphNode(name: string, given: InteractionNode, names: ReadonlySet<string>): GraphNode {
  const { input, call } = given;
  const sources = typeof input === 'object' ? Object.entries(input).flatMap(([field, value]) => sourcesIn(value, field, [])) : [];
  const references = sources.flatMap(({ field, source }) =>
    source.kind === 'from' ? [{ field, node: source.node, path: source.path }] : [],
  );
  const after = new Set([...references.map(({ node }) => node), ...(given.after ?? [])].filter((node) => names.has(node)));
  const shown =
    typeof input === 'function' ? ('computed' as const) : Object.fromEntries(sources.map(({ field, source }) => [field, source]));
  const at = call.lastIndexOf('.'); // A system of a group has dots in its name.
  const called = { system: call.slice(0, Math.max(at, 0)), operation: call.slice(at + 1) };
  return { given, references, planned: { name, ...called, after: [...after], ...(input === undefined ? {} : { input: shown }) } };
}

interface PlacedSource {
  readonly field: string;
  readonly source: PlannedSource;
}

/** Data with references in it is taken apart. What is undefined is not given. */
function sourcesIn(value: unknown, field: string, within: readonly unknown[]): PlacedSource[] {
  if (value === undefined) return [];
  if (isReference(value)) return [{ field, source: { kind: 'from', node: value.node, path: value.path } }];
  const inner = isOpen(value) && !within.includes(value) ? partsOf(value, field, [...within, value]) : [];
  if (inner.some(({ source }) => source.kind === 'from')) return inner;
  return [{ field, source: { kind: 'constant', value: isSensitiveKey(field) ? REDACTED : shown(value) } }];
}

function partsOf(value: object, field: string, within: readonly unknown[]): PlacedSource[] {
  const isList = Array.isArray(value);
  return Object.entries(value).flatMap(([key, part]) => sourcesIn(part, isList ? `${field}[${key}]` : `${field}.${key}`, within));
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

function linksTo({ given, planned, references }: GraphNode, graph: InteractionGraph): PlannedLink[] {
  const known = Map.groupBy(
    references.filter(({ node }) => Object.hasOwn(graph, node)),
    ({ node }) => node,
  );
  const link = (from: string, data: PlannedLink['data']): PlannedLink => {
    return { from, to: planned.name, producer: graph[from]?.call ?? '', consumer: given.call, data };
  };
  if (typeof given.input === 'function') return planned.after.map((from) => link(from, 'computed'));
  return [...known].map(([from, own]) => link(from, Object.fromEntries(own.map(({ field, path }) => [field, path]))));
}

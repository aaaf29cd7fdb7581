/** How long the interactions of a graph can take together. */
import { PATIENCE } from '../../abstract/Compensation.js';
import type { PlanDraft } from './PlanDraft.js';
import type { PlannedGraph } from './PlannedGraph.js';
import { worstMsOf } from './worstMs.js';

export interface LongestPath {
  readonly worstMs: number;
  /** Names of the nodes, in order. */
  readonly nodes: readonly string[];
}

/** The chain of interactions that takes longest by their limits; undefined where there is no graph, where it has no end, or a node no limit. */
export function longestPath(draft: PlanDraft): LongestPath | undefined {
  const { graph } = draft;
  if (!graph || graph.cycles.length > 0 || hasEndless(draft, graph)) return undefined;
  const hasty = surelyBefore(draft.scope.pivot, graph);
  const worst = new Map<string, { readonly ms: number; readonly before: string | undefined }>();
  const msOf = (one: string | undefined): number => (one === undefined ? 0 : (worst.get(one)?.ms ?? 0));
  let last: string | undefined;
  for (const name of graph.layers.waves.flat()) {
    const ownMs = nodeMs(name, draft, hasty?.has(name) === false);
    if (ownMs === undefined) return undefined;
    let before: string | undefined;
    for (const one of afterOf(name, graph)) if (before === undefined || msOf(one) > msOf(before)) before = one;
    worst.set(name, { ms: msOf(before) + ownMs, before });
    if (last === undefined || msOf(name) > msOf(last)) last = name;
  }
  const nodes: string[] = [];
  for (let at = last; at !== undefined; at = worst.get(at)?.before) nodes.unshift(at);
  return { worstMs: msOf(last), nodes };
}

/** A node of which it is known at once that it has no limit. */
function hasEndless({ calls }: PlanDraft, { nodes }: PlannedGraph): boolean {
  for (const { given } of nodes.values()) if (calls.get(given.call)?.planned.worstMs === undefined) return true;
  return false;
}

function afterOf(name: string, graph: PlannedGraph): readonly string[] {
  const node = graph.nodes.get(name);
  return node ? graph.after(node) : [];
}

function nodeMs(name: string, { graph, calls }: PlanDraft, patient: boolean): number | undefined {
  const call = calls.get(graph?.nodes.get(name)?.given.call ?? '');
  if (!call || !patient) return call?.planned.worstMs;
  return worstMsOf(call.declared, { among: call.owner.declared, retry: PATIENCE });
}

/** Nodes that have ended before the pivot is called; the others may be called behind it, where they are tried patiently. */
function surelyBefore(pivot: string | undefined, graph: PlannedGraph): ReadonlySet<string> | undefined {
  if (pivot === undefined) return undefined;
  const pivots = [...graph.nodes].filter(([, { given }]) => given.call === pivot).map(([name]) => name);
  const [first, ...others] = pivots.map((name) => allBefore(name, graph));
  return first && new Set([...first].filter((name) => others.every((one) => one.has(name))));
}

function allBefore(name: string, graph: PlannedGraph): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...afterOf(name, graph)];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (found.has(one)) continue;
    found.add(one);
    open.push(...afterOf(one, graph));
  }
  return found;
}

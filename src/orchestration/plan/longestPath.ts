/** How long the interactions of a graph can take together. */
import { PATIENCE } from '../../abstract/Compensation.js';
import type { PlanDraft } from './PlanDraft.js';
import type { PlannedGraph } from './plannedGraph.js';
import { worstMsOf } from './worstMs.js';

export interface LongestPath {
  readonly worstMs: number;
  /** Names of the nodes, in order. */
  readonly nodes: readonly string[];
}

/** The chain of interactions that takes longest by their limits; undefined where there is no graph, where it has no end, or a node no limit. */
export function longestPath(draft: PlanDraft): LongestPath | undefined {
  const { graph } = draft;
  if (!graph || graph.layers.cycles.length > 0) return undefined;
  const hasty = surelyBefore(draft.scope.pivot, graph);
  const worst = new Map<string, { readonly ms: number; readonly before: string | undefined }>();
  const msOf = (one: string | undefined): number => (one === undefined ? 0 : (worst.get(one)?.ms ?? 0));
  let last: string | undefined;
  for (const name of graph.layers.waves.flat()) {
    const ownMs = nodeMs(name, draft, hasty?.has(name) === false);
    if (ownMs === undefined) return undefined;
    let before: string | undefined;
    for (const one of graph.nodes.get(name)?.planned.after ?? []) if (before === undefined || msOf(one) > msOf(before)) before = one;
    worst.set(name, { ms: msOf(before) + ownMs, before });
    if (last === undefined || msOf(name) > msOf(last)) last = name;
  }
  const nodes: string[] = [];
  for (let at = last; at !== undefined; at = worst.get(at)?.before) nodes.unshift(at);
  return { worstMs: msOf(last), nodes };
}

function nodeMs(name: string, { graph, calls }: PlanDraft, patient: boolean): number | undefined {
  const call = calls.get(graph?.nodes.get(name)?.given.call ?? '');
  if (!call || !patient) return call?.planned.worstMs;
  return worstMsOf(call.declared, { among: call.owner.declared, retry: PATIENCE });
}

/** Nodes that have ended before the pivot is called; the others may be called behind it, where they are tried patiently. */
function surelyBefore(pivot: string | undefined, { nodes }: PlannedGraph): ReadonlySet<string> | undefined {
  if (pivot === undefined) return undefined;
  const pivots = [...nodes].filter(([, { given }]) => given.call === pivot).map(([name]) => name);
  const [first, ...others] = pivots.map((name) => allBefore(name, nodes));
  return first && new Set([...first].filter((name) => others.every((one) => one.has(name))));
}

function allBefore(name: string, nodes: PlannedGraph['nodes']): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...(nodes.get(name)?.planned.after ?? [])];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (found.has(one)) continue;
    found.add(one);
    open.push(...(nodes.get(one)?.planned.after ?? []));
  }
  return found;
}

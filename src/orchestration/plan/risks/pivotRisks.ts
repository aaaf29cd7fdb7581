import type { DeclaredOperation } from '../../../systems/operation.js';
import type { Callable, PlanDraft } from '../PlanDraft.js';
import type { PlannedGraph } from '../PlannedGraph.js';
import { type Risk, risk } from '../Risk.js';

/** Of the point of no return, and of what cannot be undone before it. */
export function pivotRisks(draft: PlanDraft): Risk[] {
  const { scope, calls, graph } = draft;
  const { pivot } = scope;
  if (pivot === undefined) return [];
  const call = calls.get(pivot);
  if (!call) return [risk('pivot-unknown', pivot, `the pivot is "${pivot}", which is no operation of the scope`)];
  const useless =
    call.declared.undo === undefined
      ? []
      : [risk('pivot-with-undo', pivot, `the pivot ${pivot} declares the undo "${call.declared.undo.operation}"`)];
  if (!graph) return [...useless, ...beforeBySystems(draft, pivot, call)];
  const nodes = nodesCalling(pivot, graph);
  if (nodes.length === 0) return [...useless, risk('pivot-unknown', pivot, `no node of the graph calls the pivot ${pivot}`)];
  return [...useless, ...beforeInGraph(draft, graph, pivot)];
}

function nodesCalling(call: string, { nodes }: PlannedGraph): string[] {
  return [...nodes].filter(([, { given }]) => given.call === call).map(([name]) => name);
}

/** What does not wait for the pivot, directly or not, may happen without it. Exact. */
function beforeInGraph({ calls }: PlanDraft, graph: PlannedGraph, pivot: string): Risk[] {
  const later = new Set(nodesCalling(pivot, graph));
  const order = graph.layers.waves.flat();
  for (const name of order) {
    const node = graph.nodes.get(name);
    if (node && graph.after(node).some((earlier) => later.has(earlier))) later.add(name);
  }
  const earlier = order.filter((name) => !later.has(name));
  return earlier.flatMap((name) => {
    const call = calls.get(graph.nodes.get(name)?.given.call ?? '');
    return lastingOf(call).map((operation) => {
      const what = `${call?.owner.alias}.${operation}`;
      return risk(
        'undo-missing-before-pivot',
        name,
        `${name} calls ${what}, which has no undo, and does not come after the pivot ${pivot}`,
      );
    });
  });
}

/** What a call leaves behind when nothing comes after it: the names of the operation and of its fallbacks, as far as they have no undo. */
function lastingOf(call: Callable | undefined): string[] {
  const names = new Set<string>();
  for (let one = call?.declared; one && !names.has(one.name); one = call?.owner.declared.get(one.fallback ?? '')) names.add(one.name);
  return [...names].filter((name) => needsUndo(call?.owner.declared.get(name)));
}

/** Where the code decides, an operation may come before the pivot if its system comes earlier or is the same one. */
function beforeBySystems({ calls, layers, systems, undoing }: PlanDraft, pivot: string, { owner }: Callable): Risk[] {
  const waveOf = new Map(layers.waves.flatMap((wave, index) => wave.map((name) => [name, index] as const)));
  const pivotWave = waveOf.get(owner.alias) ?? 0;
  const early = new Set(systems.map(({ alias }) => alias).filter((alias) => (waveOf.get(alias) ?? pivotWave) < pivotWave));
  const suspects = [...calls].filter(
    ([name, call]) =>
      name !== pivot && !undoing.has(name) && needsUndo(call.declared) && (call.owner === owner || early.has(call.owner.alias)),
  );
  return suspects.map(([name]) => risk('undo-missing-before-pivot', name, `${name} has no undo, and may come before the pivot ${pivot}`));
}

function needsUndo(operation: DeclaredOperation | undefined): boolean {
  return operation !== undefined && operation.effect !== 'read' && operation.undo === undefined;
}

/** A scope that was read, before it is judged: what the risks of a plan are looked for in. */
import type { DeclaredOperation } from '../../systems/operation.js';
import { type AnyScope, namedSystems } from '../scope.js';
import { type Layers, layersOf } from './layers.js';
import type { PlannedOperation } from './OrchestrationPlan.js';
import { PlannedGraph } from './PlannedGraph.js';
import { type Participating, participating } from './plannedSystems.js';

/** An operation that can be called, and the system that has it. */
export interface Callable {
  readonly owner: Participating;
  readonly declared: DeclaredOperation;
  readonly planned: PlannedOperation;
}

export interface PlanDraft {
  readonly scope: AnyScope;
  readonly systems: readonly Participating[];
  /** By `system.operation`. */
  readonly calls: ReadonlyMap<string, Callable>;
  /** Those that undo another one. */
  readonly undoing: ReadonlySet<string>;
  /** Of the systems. */
  readonly layers: Layers;
  readonly graph: PlannedGraph | undefined;
}

export function planDraft(scope: AnyScope): PlanDraft {
  const systems = participating(scope, namedSystems(scope));
  const calls = new Map(systems.flatMap(callablesOf));
  return {
    scope,
    systems,
    calls,
    undoing: new Set([...calls.values()].flatMap(({ owner, declared: { undo } }) => (undo ? [`${owner.alias}.${undo.operation}`] : []))),
    layers: layersOf(new Map(systems.map(({ planned }) => [planned.name, planned.requires]))),
    graph: scope.interactions && new PlannedGraph(scope.interactions),
  };
}

function callablesOf(owner: Participating): [string, Callable][] {
  return owner.planned.operations.flatMap((planned) => {
    const declared = owner.declared.get(planned.name);
    return declared ? [[`${owner.alias}.${planned.name}`, { owner, declared, planned }]] : [];
  });
}

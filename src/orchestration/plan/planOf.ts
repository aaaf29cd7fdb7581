import type { AnyScope } from '../scope.js';
import { longestPath } from './longestPath.js';
import type { OrchestrationPlan } from './OrchestrationPlan.js';
import { type PlanDraft, planDraft } from './PlanDraft.js';
import type { PlannedGraph } from './PlannedGraph.js';
import type { Risk } from './Risk.js';
import { constraintRisks } from './risks/constraintRisks.js';
import { graphRisks } from './risks/graphRisks.js';
import { operationRisks } from './risks/operationRisks.js';
import { orderRisks } from './risks/orderRisks.js';
import { pivotRisks } from './risks/pivotRisks.js';
import { versionRisks } from './risks/versionRisks.js';

const LOOKED_FOR: readonly ((draft: PlanDraft) => Risk[])[] = [
  orderRisks,
  operationRisks,
  versionRisks,
  graphRisks,
  pivotRisks,
  constraintRisks,
];

/** A plan before its strategy is known. */
type Unpatterned = Omit<OrchestrationPlan, 'pattern'>;

/**
 * The plan of a scope. Reads only what the scope and its systems declare: no socket, no file, no call of a system. What it shows of a graph
 * is made when it is first looked at; a copy by spread has it as data.
 */
export function planOf(command: string, scope: AnyScope, draft: PlanDraft = planDraft(scope)): Unpatterned {
  const { graph } = draft;
  const path = longestPath(draft);
  const plan = {
    command,
    systems: draft.systems.map(({ planned }) => planned),
    waves: draft.layers.waves,
    ...(scope.pivot === undefined ? {} : { pivot: scope.pivot }),
    compensation: compensationOf(scope),
    constraints: scope.constraints ?? {},
    events: Object.keys(scope.events ?? {}),
    ...(path ? { worstMs: path.worstMs } : {}),
    risks: LOOKED_FOR.flatMap((find) => find(draft)),
  };
  return graph ? withGraph(plan, graph) : plan;
}

/** The same plan under a strategy. What was not looked at yet stays so. */
export function patterned(plan: Unpatterned, pattern: string): OrchestrationPlan {
  return Object.defineProperties({ pattern }, Object.getOwnPropertyDescriptors(plan)) as OrchestrationPlan; // Both parts together.
}

function compensationOf({ compensation: { order = 'reverse', on } = {} }: AnyScope): OrchestrationPlan['compensation'] {
  return on === undefined ? { order } : { order, on: on.map(({ name }) => name) };
}

function withGraph(plan: Unpatterned, graph: PlannedGraph): Unpatterned {
  return Object.defineProperties(plan, {
    interactions: shownAtFirstLook(() => graph.interactions()),
    links: shownAtFirstLook(() => graph.links()),
    interactionWaves: shownAtFirstLook(() => graph.layers.waves),
  });
}

function shownAtFirstLook(make: () => unknown): PropertyDescriptor {
  let made: { readonly value: unknown } | undefined;
  const get = (): unknown => {
    made ??= { value: make() };
    return made.value;
  };
  return { enumerable: true, configurable: true, get };
}

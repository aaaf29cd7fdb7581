import type { AnyScope } from '../scope.js';
import { longestPath } from './longestPath.js';
import type { OrchestrationPlan } from './OrchestrationPlan.js';
import { type PlanDraft, planDraft } from './PlanDraft.js';
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

/** The plan of a scope. Reads only what the scope and its systems declare: no socket, no file, no call of a system. */
export function planOf(command: string, scope: AnyScope): Omit<OrchestrationPlan, 'pattern'> {
  const draft = planDraft(scope);
  return {
    command,
    systems: draft.systems.map(({ planned }) => planned),
    waves: draft.layers.waves,
    ...(scope.pivot === undefined ? {} : { pivot: scope.pivot }),
    compensation: compensationOf(scope),
    constraints: scope.constraints ?? {},
    events: Object.keys(scope.events ?? {}),
    ...interactionsOf(draft),
    risks: LOOKED_FOR.flatMap((find) => find(draft)),
  };
}

function compensationOf({ compensation: { order = 'reverse', on } = {} }: AnyScope): OrchestrationPlan['compensation'] {
  return on === undefined ? { order } : { order, on: on.map(({ name }) => name) };
}

function interactionsOf(draft: PlanDraft): Pick<OrchestrationPlan, 'interactions' | 'links' | 'interactionWaves' | 'worstMs'> {
  const { graph } = draft;
  if (!graph) return {};
  const path = longestPath(draft);
  return {
    interactions: [...graph.nodes.values()].map(({ planned }) => planned),
    links: graph.links,
    interactionWaves: graph.layers.waves,
    ...(path ? { worstMs: path.worstMs } : {}),
  };
}

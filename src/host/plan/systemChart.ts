import type { OrchestrationPlan, PlannedSystem } from '../../orchestration/plan/OrchestrationPlan.js';
import { orderedPairs } from './chartOrder.js';
import { type Flowchart, labelLine, labelLines } from './Flowchart.js';

/** The systems with their operations, in their order without what follows from the rest of it. */
export function systemChart({ systems, pivot }: OrchestrationPlan): Flowchart {
  const isPivot = (system: string, operation: string): boolean => `${system}.${operation}` === pivot;
  return {
    nodes: systems.map((system) => ({
      title: labelLine(system.name),
      lines: labelLines([
        ...aboutOf(system),
        ...system.operations.map(({ name }) => (isPivot(system.name, name) ? `${name} (pivot)` : name)),
      ]),
      pivot: system.operations.some(({ name }) => isPivot(system.name, name)),
    })),
    edges: orderedPairs(systems.map(({ name, requires }) => ({ name, before: requires }))).flatMap(({ from, to, implied }) =>
      implied ? [] : [{ from, to, lines: [], dotted: true }],
    ),
  };
}

function aboutOf({ protocol, optional }: PlannedSystem): string[] {
  const about = [...(protocol === 'in-process' ? [] : [`by ${protocol}`]), ...(optional ? ['optional'] : [])];
  return about.length === 0 ? [] : [about.join(', ')];
}

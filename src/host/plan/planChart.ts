import type { OrchestrationPlan } from '../../orchestration/plan/OrchestrationPlan.js';
import type { Flowchart } from './Flowchart.js';
import { graphChart, trafficChart } from './graphChart.js';
import { systemChart } from './systemChart.js';

/** More than so many nobody can read, and they take minutes to lay out. */
const NODES_MAX = 120;

/**
 * A plan as a flowchart: its interactions and what flows between them; of more than 120 only the systems and how much flows. Where the code
 * decides what is called, its systems in order.
 */
export function planChart(plan: OrchestrationPlan): Flowchart {
  const { interactions } = plan;
  if (!interactions) return bounded(systemChart(plan));
  return bounded(interactions.length > NODES_MAX ? trafficChart(plan, interactions) : graphChart(plan, interactions));
}

function bounded({ nodes, edges }: Flowchart): Flowchart {
  if (nodes.length <= NODES_MAX) return { nodes, edges };
  const shown = nodes.slice(0, NODES_MAX - 1);
  const rest = { title: `and ${nodes.length - shown.length} more`, lines: [], pivot: false };
  return { nodes: [...shown, rest], edges: edges.filter(({ from, to }) => from < shown.length && to < shown.length) };
}

import type { OrchestrationPlan, PlannedInteraction, PlannedLink } from '../../orchestration/plan/OrchestrationPlan.js';
import { orderedPairs } from './chartOrder.js';
import { type Flowchart, labelLine, labelLines } from './Flowchart.js';

type Interactions = readonly PlannedInteraction[];

/** The interactions, and what flows between them. */
export function graphChart({ pivot, systems, links = [] }: OrchestrationPlan, interactions: Interactions): Flowchart {
  const optional = new Set(systems.filter((system) => system.optional).map(({ name }) => name));
  const dataBetween = new Map(links.map((link) => [pairOf(link.from, link.to), labelLines(dataOf(link))]));
  const nodes = interactions.map(({ name, system, operation }) => {
    const call = `${system}.${operation}`;
    return { title: labelLine(name), lines: labelLines([`${call}${optional.has(system) ? ', optional' : ''}`]), pivot: call === pivot };
  });
  const pairs = orderedPairs(interactions.map(({ name, after }) => ({ name, before: after })));
  return {
    nodes,
    edges: pairs.flatMap(({ from, to, implied }) => {
      const data = dataBetween.get(pairOf(interactions[from]?.name, interactions[to]?.name));
      return implied && !data ? [] : [{ from, to, dotted: data === undefined, lines: data ?? [] }];
    }),
  };
}

/** The systems that are called, and how often something flows from one to another: for a graph that is too large to be drawn. */
export function trafficChart({ pivot }: OrchestrationPlan, interactions: Interactions): Flowchart {
  const systemOf = new Map(interactions.map(({ name, system }) => [name, system]));
  const bySystem = [...Map.groupBy(interactions, ({ system }) => system)];
  const places = new Map(bySystem.map(([system], place) => [system, place]));
  const flows = interactions.flatMap(({ system, after }) => after.map((earlier) => [systemOf.get(earlier) ?? '', system] as const));
  const counted = Map.groupBy(flows, ([from, to]) => pairOf(from, to));
  return {
    nodes: bySystem.map(([system, own]) => ({
      title: labelLine(system),
      lines: [`${own.length} ${own.length === 1 ? 'interaction' : 'interactions'}`],
      pivot: own.some(({ operation }) => `${system}.${operation}` === pivot),
    })),
    edges: [...counted.values()].flatMap((alike) => {
      const [from, to] = (alike[0] ?? []).map((system) => places.get(system));
      return from === undefined || to === undefined || from === to ? [] : [{ from, to, lines: [String(alike.length)], dotted: false }];
    }),
  };
}

function pairOf(from: string | undefined, to: string | undefined): string {
  return JSON.stringify([from, to]);
}

/** `total ← price.total`; the name alone where both ends are called the same. */
function dataOf({ data }: PlannedLink): string[] {
  if (data === 'computed') return ['computed'];
  return Object.entries(data).map(([field, path]) => (field === path ? field : `${field} ← ${path === '' ? 'all' : path}`));
}

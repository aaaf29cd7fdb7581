/** The order that a graph of interactions prescribes, and what is wrong with it. Linear in its nodes and edges. */
import type { InteractionGraph, InteractionNode } from './InteractionGraph.js';
import { referencedNodes } from './references.js';

export interface ShapedNode {
  readonly name: string;
  /** Its place in the order; -1 for a node without one. */
  readonly place: number;
  readonly node: InteractionNode;
  /** Nodes that the mapping takes values from; of a function it is not known. */
  readonly sources: ReadonlySet<string>;
  /** Nodes that come before: the sources, and those of `after`. */
  readonly before: ReadonlySet<string>;
  /** Nodes that wait for this one. */
  readonly next: readonly ShapedNode[];
}

interface GraphDefect {
  readonly node: string;
  readonly reason: string;
  /** Of nodes that wait for one another: each for the next, the last is the first. */
  readonly path?: readonly string[];
}

export interface GraphShape {
  readonly graph: InteractionGraph;
  /** Each node behind those that it waits for; without those that wait for one another. */
  readonly order: readonly ShapedNode[];
  readonly defects: readonly GraphDefect[];
}

interface OpenNode extends ShapedNode {
  place: number;
  readonly next: OpenNode[];
  /** How many of those before it are not placed yet. */
  left: number;
}

/** Looks only at the graph: whether what it calls is there, its user knows. */
export function shapeOf(graph: InteractionGraph): GraphShape {
  const nodes = new Map(Object.entries(graph).map(([name, node]) => [name, openNode(name, node)] as const));
  const unknown: GraphDefect[] = [];
  for (const node of nodes.values()) {
    for (const name of node.before) {
      const earlier = nodes.get(name);
      if (!earlier) unknown.push({ node: node.name, reason: `"${node.name}" waits for "${name}", which is no node of the graph` });
      else {
        earlier.next.push(node);
        node.left += 1;
      }
    }
  }
  const order = [...nodes.values()].filter(({ left }) => left === 0);
  // Those that are added meanwhile come up as well.
  for (const [place, node] of order.entries()) {
    node.place = place;
    for (const later of node.next) {
      later.left -= 1;
      if (later.left === 0) order.push(later);
    }
  }
  return { graph, order, defects: order.length === nodes.size ? unknown : [...unknown, cycleAmong(nodes)] };
}

function openNode(name: string, node: InteractionNode): OpenNode {
  const { input, after = [] } = node;
  const sources = typeof input === 'object' ? referencedNodes(input) : new Set<string>();
  return { name, place: -1, node, sources, before: after.length === 0 ? sources : new Set([...sources, ...after]), next: [], left: 0 };
}

/** One of the cycles. Each node that is not placed waits for another that is not placed, so going back ends in one. */
function cycleAmong(nodes: ReadonlyMap<string, OpenNode>): GraphDefect {
  const places = new Map<string, number>();
  const way: string[] = [];
  let present = [...nodes.values()].find(({ left }) => left > 0);
  while (present && !places.has(present.name)) {
    places.set(present.name, way.length);
    way.push(present.name);
    present = [...present.before].map((name) => nodes.get(name)).find((earlier) => earlier !== undefined && earlier.left > 0);
  }
  const first = present?.name ?? '';
  const path = [...way.slice(places.get(first)), first];
  return { node: first, reason: `nodes wait for one another: ${path.join(' after ')}`, path };
}

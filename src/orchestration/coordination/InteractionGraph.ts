/** Interactions as data: which operations are called, with what, and which of them wait for which. */
import type { Absent } from '../Absent.js';

const REFERENCE = Symbol('sixfold.reference');

/** A value that an earlier node of the graph gives. */
export interface Reference {
  readonly [REFERENCE]: true;
  readonly node: string;
  /** `total`, `lines.0.id`; empty for the whole output. */
  readonly path: string;
}

/**
 * The output of a node, or what stands at a path in it. The node that uses it waits for that one. It stands in an input mapping, also inside
 * its plain objects and arrays; where nothing stands at the path, the run fails with `GRAPH_INVALID`.
 */
export function from(node: string, path = ''): Reference {
  return { [REFERENCE]: true, node, path };
}

export function isReference(value: unknown): value is Reference {
  return typeof value === 'object' && value !== null && REFERENCE in value;
}

/** Outputs of the nodes that have ended. */
export interface GraphResults {
  /**
   * Of a node that is absent there is none: an input function that asks for it ends there, and its own node is absent as well.
   *
   * @throws UsageError `GRAPH_INVALID` for a node that is not there, or that this one does not wait for, and in `aggregateResults` for one
   *   that is absent
   */
  get<T = unknown>(node: string): T;
  /**
   * Why there is no output: the optional system of the node was absent, or the node was not called since its input comes from one like that.
   *
   * @throws UsageError `GRAPH_INVALID` for a node that is not there, or that this one does not wait for
   */
  absent(node: string): Absent | undefined;
}

/** For each field of the input what it is: plain data, or where it comes from. */
export interface InputMapping {
  readonly [field: string]: unknown;
}

export interface InteractionNode<Op extends string = string> {
  /** `system.operation`. */
  readonly call: Op;
  /** A mapping is planned field by field; a function is opaque to the plan, and sees the nodes of `after`. Absent for an operation without input. */
  readonly input?: InputMapping | ((done: GraphResults) => object);
  /** Nodes that come before, besides those that the mapping names. It waits for their end, also where they are absent. */
  readonly after?: readonly string[];
}

/** By the name of the node. */
export interface InteractionGraph<Op extends string = string> {
  readonly [node: string]: InteractionNode<Op>;
}

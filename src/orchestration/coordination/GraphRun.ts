/**
 * One run of a graph of interactions: a node is called as soon as the nodes before it have ended.
 *
 * Owns: what is still waited for. Does not own: outputs; the calls, their journal, how many may be under way, which the strategy of the
 * command says. Invariants: a node is called at most once, and behind all nodes before it; once one has failed no other is begun.
 */
import type { Absent } from '../Absent.js';
import { AbsentSource, GraphOutputs } from './GraphOutputs.js';
import type { GraphShape, ShapedNode } from './graphShape.js';
import type { GraphResults, InteractionNode } from './InteractionGraph.js';
import { resolvedInput, valueAt } from './references.js';

export interface GraphPorts {
  /** Calls the operation of a node. @param input undefined where the node has none */
  call(name: string, node: InteractionNode, input: unknown): Promise<unknown>;
  /** A node is not called, since its input comes from one that is absent. */
  degrade(absent: Absent): void;
}

export class GraphRun {
  /** How many of those before it have not ended, by the place of the node. */
  private readonly left: number[];
  private readonly outputs: GraphOutputs;
  private readonly ready: ShapedNode[] = [];
  private failed = false;
  private resolve: () => void = () => undefined;
  private reject: (error: unknown) => void = () => undefined;

  /** @param shape without defects */
  constructor(
    private readonly shape: GraphShape,
    private readonly ports: GraphPorts,
  ) {
    this.left = shape.order.map(({ before }) => before.size);
    this.outputs = new GraphOutputs(shape.order.map(({ name }) => name));
  }

  /** Rejects with the first error, whatever is under way. */
  async run(): Promise<GraphResults> {
    const ended = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    for (const shaped of this.shape.order) if (shaped.before.size === 0) this.ready.push(shaped);
    this.beginReady();
    await ended;
    return this.outputs.all;
  }

  /** A list and no recursion: of nodes that are left out a long row ends at once. */
  private beginReady(): void {
    for (const shaped of this.ready) if (!this.failed) this.begin(shaped);
    this.ready.length = 0;
    if (this.outputs.size === this.shape.order.length) this.resolve();
  }

  private begin(shaped: ShapedNode): void {
    const { name, node } = shaped;
    try {
      const given = this.inputOf(shaped);
      if ('origin' in given) this.leaveOut(shaped, given.origin);
      else this.follow(shaped, this.ports.call(name, node, given.input));
    } catch (error) {
      this.fail(error);
    }
  }

  private follow(shaped: ShapedNode, outcome: Promise<unknown>): void {
    outcome.then(
      (output) => {
        this.outputs.add(shaped.name, output);
        this.release(shaped);
        this.beginReady();
      },
      (error: unknown) => this.fail(error),
    );
  }

  private inputOf({ name, node, before, sources }: ShapedNode): { readonly input: unknown } | { readonly origin: Absent } {
    const origin = this.outputs.absenceAmong(sources);
    if (origin) return { origin };
    const { input } = node;
    if (typeof input !== 'function') {
      return { input: input && resolvedInput(input, (reference) => valueAt(this.outputs.of(reference.node), reference, name)) };
    }
    try {
      return { input: input(this.outputs.seenBy(name, before)) };
    } catch (error) {
      if (error instanceof AbsentSource) return { origin: error.origin };
      throw error;
    }
  }

  private leaveOut(shaped: ShapedNode, origin: Absent): void {
    this.ports.degrade(this.outputs.leaveOut(shaped.name, shaped.node, origin));
    this.release(shaped);
  }

  private release({ next }: ShapedNode): void {
    for (const later of next) {
      const left = (this.left[later.place] ?? 0) - 1;
      this.left[later.place] = left;
      if (left === 0) this.ready.push(later);
    }
  }

  private fail(error: unknown): void {
    this.failed = true;
    this.reject(error);
  }
}

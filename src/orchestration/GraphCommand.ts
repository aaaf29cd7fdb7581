/**
 * Base of commands whose interactions are data: the scope has them as a graph, and each is called as soon as those before it have ended,
 * within the limit of the strategy. So the plan says exactly what will be called. A leaf writes `defineOrchestrationScope` and
 * `aggregateResults`.
 */
import { hooksToWrite, lifecycleOf, type Preparation } from '../abstract/AbstractCommand.js';
import type { CommandContext } from '../abstract/CommandContext.js';
import type { LifecycleBodies } from '../abstract/Lifecycle.js';
import type { ParamsOf } from '../abstract/TypedCommand.js';
import { UsageError } from '../kernel/errors.js';
import type { CoordinationSite } from './coordination/CoordinationSite.js';
import { GraphRun } from './coordination/GraphRun.js';
import { type GraphShape, shapeOf } from './coordination/graphShape.js';
import type { GraphResults, InteractionGraph } from './coordination/InteractionGraph.js';
import { NamedOperations } from './coordination/NamedOperations.js';
import type { EventContext, EventHandlingResults, Interactions, StateContext, StateManagementResults } from './hooks.js';
import { OrchestrationCommand } from './OrchestrationCommand.js';
import { OrchestrationLifecycle } from './OrchestrationLifecycle.js';

/** What `aggregateResults` is given. */
export interface Aggregation<C> {
  readonly phase: 'execution';
  readonly params: ParamsOf<C>;
  /** The outputs of all nodes. */
  readonly done: GraphResults;
  readonly ctx: CommandContext;
}

/** Where the lifecycle coordinates a graph: it has planned it before. */
interface GraphSite extends CoordinationSite {
  readonly shape?: GraphShape | undefined;
}

export abstract class GraphCommand<P extends object, R> extends OrchestrationCommand<P, R> {
  /** Phase 4, when all nodes of the graph have ended: makes the result of the run of what they gave. Runs again on replay. */
  abstract aggregateResults(aggregation: Aggregation<this>): R | Promise<R>;

  /**
   * Calls what the graph of the scope says, each node under its name as key. The first error ends the run: nodes that have not been called are
   * not, and those under way are waited for. A node whose input comes from an optional system that is absent is not called, and is absent too.
   *
   * @throws UsageError `GRAPH_INVALID` for an input that comes from where an output has nothing, or from a node that is not waited for. What is
   *   wrong with the graph itself is found in the plan, before anything is called.
   */
  async coordinateSystemInteractions(interactions: Interactions<this>): Promise<R> {
    const { params, ctx, graph } = interactions;
    const site: GraphSite = interactions;
    const operations = new NamedOperations(interactions.systems);
    const shape = this.checkedShape(graph, site.shape);
    ctx.expectSteps(shape.order.length);
    const run = new GraphRun(shape, {
      call: (name, node, input) => operations.of(node.call, name)(input, { key: name }),
      degrade: (absent) => site.degrade?.(absent),
    });
    return this.aggregateResults({ phase: 'execution', params, done: await run.run(), ctx });
  }

  private checkedShape(graph: InteractionGraph | undefined, planned: GraphShape | undefined): GraphShape {
    const { name } = this.constructor;
    if (!graph) {
      throw new UsageError('GRAPH_INVALID', `The scope of ${name} has no \`interactions\`. Give them, or extend another base.`, {
        details: { class: name },
      });
    }
    const shape = planned?.graph === graph ? planned : shapeOf(graph); // An override may give another graph.
    if (shape.defects.length === 0) return shape;
    const reasons = shape.defects.map(({ reason }) => reason).join('; ');
    throw new UsageError('GRAPH_INVALID', `The interactions of ${name} cannot be ordered: ${reasons}.`, {
      details: { defects: shape.defects },
    });
  }

  /** The systems agree, as far as this command is concerned. Override it to look. */
  async manageOrchestrationState(_state: StateContext<this>): Promise<StateManagementResults> {
    return { consistent: true };
  }

  /** Ignores every event. Override it where the scope declares some. */
  async handleOrchestrationEvents(_event: EventContext<this>): Promise<EventHandlingResults> {
    return 'ignored';
  }

  /** @internal */
  override [lifecycleOf](preparation: Preparation<P>): LifecycleBodies<R> {
    return new OrchestrationLifecycle<P, R>(this, preparation, 'aggregateResults');
  }

  /** @internal */
  override get [hooksToWrite](): readonly string[] {
    return ['defineOrchestrationScope', 'aggregateResults'];
  }
}

/**
 * Base of commands whose interactions are data: the scope has them as a graph, each is called as soon as those before it have ended, and a
 * leaf writes two methods. So the plan shows exactly what will be called.
 */
import { hooksToWrite } from '../abstract/AbstractCommand.js';
import type { CommandContext } from '../abstract/CommandContext.js';
import type { ParamsOf } from '../abstract/TypedCommand.js';
import { UsageError } from '../kernel/errors.js';
import type { Absent } from './Absent.js';
import { GraphRun } from './coordination/GraphRun.js';
import { type GraphShape, shapeOf } from './coordination/graphShape.js';
import type { GraphResults, InteractionGraph, InteractionNode } from './coordination/InteractionGraph.js';
import { OperationLookup } from './coordination/OperationLookup.js';
import type { EventContext, EventHandlingResults, Interactions, StateContext, StateManagementResults } from './hooks.js';
import { OrchestrationCommand } from './OrchestrationCommand.js';

/** What `aggregateResults` is given. */
export interface Aggregation<C> {
  readonly phase: 'execution';
  readonly params: ParamsOf<C>;
  /** Outputs of all nodes. */
  readonly done: GraphResults;
  readonly ctx: CommandContext;
}

/**
 * Base of commands that coordinate systems: four hooks to write, three to override. The six phases around them are
 * driven by OrchestrationLifecycle.
 */
import { AbstractCommand, hooksToWrite, lifecycleOf, type Preparation } from '../abstract/AbstractCommand.js';
import type { LifecycleBodies } from '../abstract/Lifecycle.js';
import type { EventContext, EventHandlingResults, Interactions, Planning, StateContext, StateManagementResults } from './hooks.js';
import { OrchestrationLifecycle } from './OrchestrationLifecycle.js';
import type { OrchestrationPlan } from './plan/OrchestrationPlan.js';
import type { AnyScope } from './scope.js';
import type { CoordinationStrategy, EventRouting, StateSynchronization } from './strategies.js';

export abstract class OrchestrationCommand<P extends object, R> extends AbstractCommand<P, R> {
  /** Phase 1: the systems, in the form `return scope({ systems: { … } })`. Decides from the params alone. */
  abstract defineOrchestrationScope(planning: Planning<this>): AnyScope | Promise<AnyScope>;

  /** Phase 4: calls the systems, and returns the result of the run. Runs again on replay; recorded calls are not repeated. */
  abstract coordinateSystemInteractions(interactions: Interactions<this>): Promise<R>;

  /** Phase 5: says whether the systems agree now; `consistent: false` fails the run. */
  abstract manageOrchestrationState(state: StateContext<this>): Promise<StateManagementResults>;

  /** Phase 4, meanwhile: answers one event. Those of one key come one at a time. */
  abstract handleOrchestrationEvents(event: EventContext<this>): Promise<EventHandlingResults>;

  /** How interactions are carried out. @default `centralized()` */
  customizeCoordinationStrategy?(plan: OrchestrationPlan): CoordinationStrategy;

  /** How the states of systems that show theirs are compared. @default `compareVersions()` */
  customizeStateSynchronization?(plan: OrchestrationPlan): StateSynchronization;

  /** Which events reach the command, and in which order. @default `routeBySource()` */
  customizeEventRouting?(plan: OrchestrationPlan): EventRouting;

  /** @internal */
  get [hooksToWrite](): readonly string[] {
    return ['defineOrchestrationScope', 'coordinateSystemInteractions', 'manageOrchestrationState', 'handleOrchestrationEvents'];
  }

  /** @internal */
  override [lifecycleOf](preparation: Preparation<P>): LifecycleBodies<R> {
    return new OrchestrationLifecycle<P, R>(this, preparation);
  }
}

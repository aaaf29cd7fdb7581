/**
 * Base of commands that reverse what they did when they fail: a saga (Garcia-Molina and Salem, "Sagas", 1987). The operations say how they
 * are undone, the scope which of them is the point of no return; a leaf writes `defineOrchestrationScope` and `coordinateSystemInteractions`.
 */
import type { EventContext, EventHandlingResults, StateContext, StateManagementResults } from './hooks.js';
import { OrchestrationCommand } from './OrchestrationCommand.js';

export abstract class SagaCommand<P extends object, R> extends OrchestrationCommand<P, R> {
  /** The systems agree, as far as this command is concerned: what it did is done or undone. Override it to look. */
  async manageOrchestrationState(_state: StateContext<this>): Promise<StateManagementResults> {
    return { consistent: true };
  }

  /** Ignores every event. Override it where the scope declares some. */
  async handleOrchestrationEvents(_event: EventContext<this>): Promise<EventHandlingResults> {
    return 'ignored';
  }
}

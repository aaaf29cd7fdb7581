/** What the three optional overrides of an orchestration return. */
import type { StateFinding } from '../abstract/RunReport.js';
import type { StateObservation } from '../systems/System.js';
import type { OrchestrationPlan } from './plan/OrchestrationPlan.js';

export interface Interaction {
  /** Name in the scope. */
  readonly system: string;
  readonly operation: string;
  readonly input: unknown;
}

/** How interactions are carried out. It runs inside the run, so it may wait only for the promises it is given. */
export interface CoordinationStrategy {
  readonly name: string;
  coordinate<R>(body: () => Promise<R>, plan: OrchestrationPlan): Promise<R>;
  /** Around every single interaction. The plan is another object for every run, so one strategy may serve several. */
  interact?<O>(interaction: Interaction, next: () => Promise<O>, plan: OrchestrationPlan): Promise<O>;
}

/** What one system showed of its state. */
export interface ObservedState extends StateObservation {
  readonly system: string;
}

/** Compares what the systems show of their state when the interactions are over. */
export interface StateSynchronization {
  readonly name: string;
  synchronize(observed: readonly ObservedState[]): Promise<readonly StateFinding[]>;
}

export interface RoutedEvent {
  readonly type: string;
  readonly data: unknown;
  readonly source: string;
}

/** Decides which events reach the command, and which of them wait for one another: those of one key come one at a time. */
export interface EventRouting {
  readonly name: string;
  route(event: RoutedEvent): { readonly key?: string } | 'drop';
}

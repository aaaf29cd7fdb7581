import type { RunReport } from '../abstract/RunReport.js';
import type { EventCounts, InteractionRecord } from './hooks.js';
import type { OrchestrationPlan } from './OrchestrationPlan.js';

/** What the outcome of an orchestration says besides its result. */
export interface OrchestrationReport extends RunReport {
  readonly interactions: readonly InteractionRecord[];
  readonly events: EventCounts;
  /** What was planned; absent when the run failed before. */
  readonly plan?: OrchestrationPlan;
}

import type { RunReport } from '../abstract/RunReport.js';
import type { EventCounts, InteractionRecord } from './hooks.js';

/** What the outcome of an orchestration says besides its result. */
export interface OrchestrationReport extends RunReport {
  readonly interactions: readonly InteractionRecord[];
  readonly events: EventCounts;
}

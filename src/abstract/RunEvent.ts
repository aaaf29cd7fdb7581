import type { Observation } from './DurableRun.js';
import type { RunWait } from './RunWait.js';

/** What happens in a run, as its observers see it. A step that was recorded before this load is `replayed`. */
export type RunHappening =
  | Observation
  | { readonly type: 'step-started'; readonly phase: string; readonly id: string; readonly step: string }
  /** A part of a step is done, in the unit of the step. */
  | {
      readonly type: 'step-progress';
      readonly phase: string;
      readonly id: string;
      readonly step: string;
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly type: 'step-ended' | 'step-replayed';
      readonly phase: string;
      /** Identity of the step in its run. */
      readonly id: string;
      readonly step: string;
      readonly status: string;
      readonly durationMs: number;
      /** Why it did not succeed. */
      readonly reason?: string;
    }
  /** Nothing of the run is under way until one of these comes. */
  | { readonly type: 'waits'; readonly waits: readonly RunWait[] }
  /** So many events are no longer kept; what they told of is in the journal. */
  | { readonly type: 'skipped'; readonly count: number }
  | { readonly type: 'ended'; readonly status: string };

/** How far a run is. */
export interface RunProgress {
  /** Share of the work that is done, in [0, 1]; never falls on one load. */
  readonly done: number;
  /** Estimate of the time that is left, in milliseconds; absent while there is nothing to estimate from. */
  readonly leftMs?: number;
}

export type RunEvent = RunHappening & {
  /** Grows with every event, also over a restart of the process; `progress({ after })` goes on behind it. */
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly progress: RunProgress;
};

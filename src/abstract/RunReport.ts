import type { PhaseRecord } from './Timeline.js';

/** Something found wrong, or worth a look, that is not the error of the run. */
export interface StateFinding {
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
  /** An error that was not repaired fails the run. */
  readonly severity: 'error' | 'warning';
  readonly repaired?: boolean;
}

/** What the steps of one name came to, over all loads of the run. */
export interface StepStatistics {
  readonly name: string;
  readonly phase: string;
  readonly count: number;
  /** Of them, those that did not succeed. */
  readonly failed: number;
  /** How often they were tried, where that is more often than `count`. */
  readonly attempts?: number;
  readonly totalMs: number;
  readonly longestMs: number;
  /** Message of the last one that did not succeed. */
  readonly lastError?: string;
}

/** What a base says of its run. */
export interface Findings {
  /** Optional systems that were not there or failed. */
  readonly degraded: readonly { readonly system: string; readonly reason: string }[];
  readonly findings: readonly StateFinding[];
}

/** Of a base that has nothing to say. */
export const NOTHING_FOUND: Findings = { degraded: [], findings: [] };

/** What the outcome of every command says besides its result. */
export interface RunReport extends Findings {
  /** Phases that were entered, in order, with their activities and gates. */
  readonly timeline: readonly PhaseRecord[];
  readonly steps: readonly StepStatistics[];
  /** Names of the steps that were undone when the run failed or was cancelled, in that order. */
  readonly undone: readonly string[];
}

/** R7: a promise that the code started and never looked at is named, not lost. */
export function forgottenAwait(name: string): StateFinding {
  return { subject: name, expected: 'its promise to be awaited', found: 'nobody looked at its outcome', severity: 'warning' };
}

export function notClosed(reason: string): StateFinding {
  return { subject: 'what was opened for the run', expected: 'to be closed', found: reason, severity: 'warning' };
}

import type { StateFinding } from '../../abstract/RunReport.js';
import type { RunState } from '../../engine/Engine.js';
import type { RecordKind, StepStatus } from '../../engine/Record.js';
import type { Effect } from '../../kernel/Call.js';
import type { Trouble } from '../Outcome.js';

/**
 * A run as a document for people and auditors: JSON as it is. Times are ISO 8601 in UTC, durations milliseconds, and null
 * is what is not known or not there. Of a run that has not ended it says what is recorded so far.
 */
export interface RunRecordDocument {
  /** Another number where a reader of this shape would misread it; fields may be added to it. */
  readonly format: 1;
  readonly runId: string;
  readonly command: string;
  readonly version: string;
  readonly state: RunState;
  /** The caller's idempotency key. */
  readonly key: string | null;
  /** Id of the run that started this one. */
  readonly parent: string | null;
  /** Who asked for it, without the values of sensitive names. */
  readonly principal: unknown;
  readonly deadline: string | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly durationMs: number | null;
  /** Secrets as their references, the values of sensitive names as `[redacted]`. */
  readonly params: unknown;
  /** Of a completed run; redacted as the params are. */
  readonly result: unknown;
  /** Of a run that ended otherwise. */
  readonly error: Trouble | null;
  readonly phases: readonly RecordedPhase[];
  /** In the order in which they ended. */
  readonly steps: readonly RecordedStep[];
  readonly findings: readonly StateFinding[];
  /** Optional systems that were not there or failed. */
  readonly degraded: readonly { readonly system: string; readonly reason: string }[];
  /** Everything recorded that is no step: the start, interruptions, events, cancellations, decisions, the end. */
  readonly course: readonly RecordedTurn[];
  readonly integrity: RecordIntegrity;
}

/** A phase that was entered. */
export interface RecordedPhase {
  readonly phase: string;
  /** Of a run that has not ended: when its first recorded step began. */
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly activities: readonly RecordedActivity[];
  readonly gates: readonly RecordedGate[];
}

export interface RecordedActivity {
  readonly name: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly status: 'done' | 'failed';
}

export interface RecordedGate {
  readonly name: string;
  /** Known when the run has ended. */
  readonly severity: 'error' | 'warning' | null;
  /** `undecided`: the check did not pass, and what followed is not recorded yet; it may wait for an override. */
  readonly verdict: 'passed' | 'failed' | 'overridden' | 'undecided';
  /** What was found instead. */
  readonly found: string | null;
  /** Who let it pass, why and when. */
  readonly override: { readonly by: string; readonly reason: string; readonly at: string | null } | null;
}

/** One recorded outcome of a step, or a step that was begun and has none. */
export interface RecordedStep {
  /** Number of the record in the journal. */
  readonly seq: number;
  readonly phase: string;
  readonly name: string;
  readonly effect: Effect | null;
  /** `begun`: a step that happens once was begun, and its outcome is not recorded. */
  readonly status: StepStatus | 'begun';
  /** 2 for the second recorded outcome of the same step. Attempts that a crash left without a record are not counted. */
  readonly attempt: number;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly error: Trouble | null;
}

export interface RecordedTurn {
  readonly seq: number;
  readonly at: string;
  readonly kind: Exclude<RecordKind, 'step-intended' | 'step-ended'>;
  /** The type of an event, the name of a gate, who resumed, why it was cancelled. */
  readonly label: string;
  /** Of an override: who, and why. */
  readonly detail: string | null;
}

export interface RecordIntegrity {
  readonly records: number;
  /** Of them, those whose body was erased; their digest is still in the chain. */
  readonly erased: number;
  /** Hash of the last record, which covers all before it. */
  readonly lastHash: string | null;
  /** What that shows, and what it does not. */
  readonly statement: string;
}

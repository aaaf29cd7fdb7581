import type { StateFinding } from '../../abstract/RunReport.js';
import type { RunWait } from '../../abstract/RunWait.js';
import type { RunState } from '../../engine/Engine.js';
import type { RecordKind, StepStatus } from '../../engine/Record.js';
import type { Effect } from '../../kernel/Call.js';
import type { OrchestrationPlan } from '../../orchestration/plan/OrchestrationPlan.js';
import type { Trouble } from '../Outcome.js';
import type { AttemptFate } from './attemptFate.js';
import type { StepSource } from './StepSources.js';

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
  /** Id of the run that this one goes on with, and of the one that goes on with this. */
  readonly predecessor: string | null;
  readonly successor: string | null;
  /** The run that this one was forked from, and the last record that counts from there. */
  readonly forkedFrom: { readonly run: string; readonly seq: number } | null;
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
  /** What an open run stands still for, as far as that is recorded. */
  readonly waits: readonly RecordedWait[];
  /** What its command plans with its params, where that coordinates systems and is known to the application. */
  readonly plan: OrchestrationPlan | null;
  /** Whether that is the code that the run was begun with. */
  readonly plannedBy: 'its own code' | 'other code' | null;
  /** Names of its systems, as far as they are known. */
  readonly systems: readonly string[];
  readonly metrics: RunMetrics;
  readonly phases: readonly RecordedPhase[];
  /** In the order in which they ended. */
  readonly steps: readonly RecordedStep[];
  readonly findings: readonly StateFinding[];
  /** Optional systems that were not there or failed. */
  readonly degraded: readonly { readonly system: string; readonly reason: string }[];
  /** Replies of systems that broke their contract. */
  readonly replies: readonly RecordedReply[];
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
  /** Its identity: an outcome that settles an earlier one has the same. */
  readonly id: string;
  readonly phase: string;
  /** The named part of the phase that it belongs to, outermost first, or `undo`. */
  readonly part: string | null;
  readonly name: string;
  readonly effect: Effect | null;
  /** The command of the run that it began; null where it began none, or where its name is not known to be that of a command. */
  readonly child: string | null;
  /**
   * `begun`: that it is about to begin was recorded, and its outcome is not; `retrying`: an attempt did not succeed, and another
   * one follows.
   */
  readonly status: StepStatus | 'begun' | 'retrying';
  /** What it says of the system that was called; null while there is no outcome. */
  readonly fate: AttemptFate | null;
  /** Who said so. */
  readonly source: StepSource;
  /** Number of the attempt that led to this, over all outcomes of the same step. Attempts that a crash left without a record are not counted. */
  readonly attempt: number;
  /** The attempts before it, since the last outcome of the same step. */
  readonly attempts: readonly RecordedAttempt[];
  /** Of the attempt that led to this. */
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly error: Trouble | null;
  /** What became of undoing it; null where nobody did. */
  readonly undo: { readonly seq: number; readonly status: RecordedStep['status']; readonly at: string } | null;
  /** The run was reopened after this outcome failed it, and the outcome does not count any more. */
  readonly superseded: boolean;
}

/** An attempt of a step that did not succeed and was followed by another, or an answer of its probe. */
export interface RecordedAttempt {
  readonly seq: number;
  /** Its number, or that of the attempt that the probe asked about; 0 where that left no record. */
  readonly attempt: number;
  readonly source: 'attempt' | 'probe';
  readonly status: 'failed' | 'unknown';
  readonly fate: AttemptFate;
  readonly startedAt: string | null;
  readonly durationMs: number | null;
  readonly error: Trouble | null;
  /** When the next one could begin. */
  readonly nextAt: string | null;
}

/** A reply that broke the rules of its class, and was not taken for an outcome. */
export interface RecordedReply {
  /** Number of the record of the attempt. */
  readonly seq: number;
  readonly at: string;
  /** Name of the step. */
  readonly step: string;
  /** Of its error. */
  readonly code: string;
  /** `total: must be a number` */
  readonly violations: readonly string[];
  /** Without the values of sensitive names; a long one as the beginning of its text. */
  readonly reply: unknown;
}

/** What the records of a run come to. Those that were dropped with a part that has ended are not counted. */
export interface RunMetrics {
  /** Calls of operations, undoing and checks before the execution not counted. */
  readonly interactions: number;
  /** Of the calls, checks and undoings, that reached for the system. */
  readonly attempts: number;
  /** Of them, beyond the first of each. */
  readonly retries: number;
  /** Of the attempts, those with a definite no. */
  readonly refused: number;
  /** Of the attempts, those without an answer that says what became of it. */
  readonly unanswered: number;
  /** Steps of which nobody knows what they did. */
  readonly unknown: number;
  /** Steps that were undone. */
  readonly undone: number;
  /** Of health and version. */
  readonly checks: number;
  /** Steps of the command's own, gates included. */
  readonly ownSteps: number;
  /** By the name of the step, in the order of their first outcome. */
  readonly timings: readonly StepTiming[];
}

/** How long the successful attempts of the steps of one name took. */
export interface StepTiming {
  readonly name: string;
  /** Outcomes. */
  readonly count: number;
  /** Attempts, successful or not. */
  readonly attempts: number;
  /** Half of the successful ones took no longer; null where none was. */
  readonly p50Ms: number | null;
  readonly longestMs: number | null;
  readonly totalMs: number;
}

export interface RecordedWait {
  readonly what: RunWait['what'];
  /** The signal, gate, step or child command; for a person why. */
  readonly name: string;
  /** When it ends by itself. */
  readonly until: string | null;
  /** Of a retry the attempt that failed, of a gate what was found, of a child the id of its run. */
  readonly detail: string | null;
}

export interface RecordedTurn {
  readonly seq: number;
  readonly at: string;
  readonly kind: Exclude<RecordKind, 'step-intended' | 'step-attempted' | 'step-ended'>;
  /** The type of an event, the name of a gate, signal or part, who resumed, why it was cancelled. */
  readonly label: string;
  /** Of an override who, and why; of a signal its value; of a timer how long it ran; of a reopening what does not count any more. */
  readonly detail: string | null;
}

export interface RecordIntegrity {
  readonly records: number;
  /** Records inside parts that have ended; what they came to is recorded as one, and the chain is bridged over them. */
  readonly dropped: number;
  /** Of the records, those whose body was erased; their digest is still in the chain. */
  readonly erased: number;
  /** Hash of the last record, which covers all before it. */
  readonly lastHash: string | null;
  /** What that shows, and what it does not. */
  readonly statement: string;
}

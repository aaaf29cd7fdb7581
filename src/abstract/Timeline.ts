/**
 * What a run did, phase by phase: data that is in its report and can be listed.
 *
 * Owns: the records of phases, activities and gates. Does not own: time, which is that of the journal, so that a resumed
 * run has the timeline of one that was never interrupted.
 */
import type { Phase } from './Phase.js';

export interface ActivityRecord {
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly status: 'done' | 'failed';
}

/** A person let a failed gate pass. */
export interface GateOverride {
  /** Who. */
  readonly by: string;
  /** Why. */
  readonly reason: string;
}

export interface GateRecord {
  readonly name: string;
  /** A failed gate of severity `error` ends the run; a warning is kept in the report. */
  readonly severity: 'error' | 'warning';
  readonly verdict: 'passed' | 'failed' | 'overridden';
  /** What was found instead, for a gate that did not pass. */
  readonly found?: string;
  readonly override?: GateOverride;
}

export interface PhaseRecord {
  readonly phase: Phase;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly activities: readonly ActivityRecord[];
  readonly gates: readonly GateRecord[];
}

interface OpenPhase {
  readonly phase: Phase;
  readonly startedAt: number;
  activities: readonly ActivityRecord[];
  gates: readonly GateRecord[];
}

const NONE: readonly never[] = [];

/** Beyond this, activities of a phase are not listed; the run goes on. */
const ACTIVITIES_MAX = 1000;

export class Timeline {
  private readonly phases: OpenPhase[] = [];
  private closed = false;

  /** Nothing is added any more: what code does that goes on behind the end of its run is not part of it. */
  close(): void {
    this.closed = true;
  }

  enter(phase: Phase, at: number): void {
    if (this.closed) return;
    this.phases.push({ phase, startedAt: at, activities: NONE, gates: NONE });
  }

  /** Adds to the present phase. */
  addActivity(activity: ActivityRecord): void {
    const present = this.closed ? undefined : this.phases.at(-1);
    if (present && present.activities.length < ACTIVITIES_MAX) present.activities = [...present.activities, activity];
  }

  /** Adds to the present phase. */
  addGate(gate: GateRecord): void {
    const present = this.closed ? undefined : this.phases.at(-1);
    if (present) present.gates = [...present.gates, gate];
  }

  /** A phase lasts until the next one; the last one until `at`. */
  records(at: number): readonly PhaseRecord[] {
    return this.phases.map(({ phase, startedAt, activities, gates }, index) => {
      const endedAt = this.phases[index + 1]?.startedAt ?? at;
      return { phase, startedAt, durationMs: Math.max(0, endedAt - startedAt), activities, gates };
    });
  }
}

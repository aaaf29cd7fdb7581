/**
 * A run that this process drives, and the handle to it.
 *
 * Owns: when it may be put aside, outcomes of children that were told before they were waited for. Does not own: the driving.
 */
import type { RunEvent } from '../../abstract/RunEvent.js';
import type { GateOverride } from '../../abstract/Timeline.js';
import type { Clock } from '../../kernel/Clock.js';
import { SixfoldError } from '../../kernel/errors.js';
import type { Slotted } from '../../kernel/Slots.js';
import type { EndedRun, RunHandle, RunOrigin } from '../Engine.js';
import type { RunWatch } from '../RunWatch.js';
import type { ChildOutcome } from '../run/ChildOutcome.js';
import type { Execution, LoadEnd } from '../run/Execution.js';
import type { RunRow } from '../run/RunJournal.js';

/** What the handle of a run needs of the engine when the run is not loaded any more. */
export interface RunTracker {
  follow(runId: string): Promise<EndedRun>;
  /** The end of a run, or of its last successor, if it has ended. */
  endOf(runId: string): EndedRun | undefined;
  /** @param first a load of it to begin with, which may be over */
  watch(runId: string, after: number | undefined, first?: LoadedRun): AsyncIterable<RunEvent>;
  cancel(runId: string, reason: string): Promise<void>;
  override(runId: string, gate: string, override: GateOverride): Promise<void>;
}

export interface LoadedRunParts {
  readonly run: RunRow;
  readonly origin: RunOrigin;
  readonly execution: Execution;
  readonly events: RunWatch;
  readonly tracker: RunTracker;
  readonly clock: Clock;
}

export class LoadedRun implements RunHandle, Slotted {
  slot = -1;
  readonly driven: Promise<LoadEnd>;
  private stopTimer: (() => void) | undefined;
  private early: Map<string, ChildOutcome> | undefined;

  /** Begins to drive it. @param over called when nothing more will happen on this load, and not before the next turn of the code */
  constructor(
    private readonly parts: LoadedRunParts,
    over: (run: LoadedRun) => void,
  ) {
    this.driven = parts.execution.drive(() => {
      this.stopTimer?.();
      over(this);
    });
  }

  get id(): string {
    return this.parts.run.id;
  }

  get run(): RunRow {
    return this.parts.run;
  }

  get origin(): RunOrigin {
    return this.parts.origin;
  }

  get execution(): Execution {
    return this.parts.execution;
  }

  get events(): RunWatch {
    return this.parts.events;
  }

  ended(): Promise<EndedRun> {
    return this.driven.then((end) => {
      if (end.at === 'ended' && end.ended.successor === undefined) return end.ended;
      if (end.at === 'left' && !isTakenOver(end.why)) throw end.why;
      return this.parts.tracker.follow(end.at === 'ended' ? (end.ended.successor ?? this.id) : this.id);
    });
  }

  watch(after?: number): AsyncIterable<RunEvent> {
    return this.parts.tracker.watch(this.id, after, this);
  }

  cancel(reason: string): Promise<void> {
    return this.parts.tracker.cancel(this.id, reason);
  }

  override(gate: string, override: GateOverride): Promise<void> {
    return this.parts.tracker.override(this.id, gate, override);
  }

  /** Puts it aside when nothing of it has been under way for so long. */
  putAsideAfter(idleMs: number): void {
    this.stopTimer?.();
    this.stopTimer = this.parts.clock.after(idleMs, () => this.execution.wantAside());
  }

  childEnded(step: string, outcome: ChildOutcome): void {
    const { arrivals } = this.execution;
    if (arrivals.awaitsChild(step)) arrivals.childEnded(step, outcome);
    else {
      this.early ??= new Map();
      this.early.set(step, outcome);
    }
  }

  /** What became of a child before the step that began it waited for it. */
  takeEarly(step: string): ChildOutcome | undefined {
    const outcome = this.early?.get(step);
    this.early?.delete(step);
    return outcome;
  }
}

/** Another process goes on with the run. */
export function isTakenOver(error: unknown): boolean {
  return error instanceof SixfoldError && error.code === 'LEASE_LOST';
}

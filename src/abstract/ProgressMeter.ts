/**
 * Says how far a run is, from what happens in it.
 *
 * Owns: the weights of the phases, the counts of steps. Does not own: time; every event brings its own.
 * Invariant: the share that is done never falls, and is 1 only when the run has ended.
 */
import { PHASES, type Phase } from './Phase.js';
import type { RunHappening, RunProgress } from './RunEvent.js';

/** Share of the whole that a phase is taken to be; only their ratios count. */
export type PhaseWeights = Partial<Readonly<Record<Phase, number>>>;

const DEFAULT_WEIGHTS: Readonly<Record<Phase, number>> = {
  planning: 1,
  validation: 4,
  setup: 2,
  execution: 85,
  completion: 6,
  cleanup: 2,
};

/** Below this share no time is estimated. */
const SHARE_MIN = 0.01;

interface PhaseCount {
  expected: number;
  started: number;
  ended: number;
  /** Share of the attempts under way, by step. */
  readonly parts: Map<string, number>;
}

export class ProgressMeter {
  private readonly weights: Readonly<Record<Phase, number>>;
  private readonly counts = new Map<string, PhaseCount>();
  private present: Phase = 'planning';
  /** Something was said of the present phase since it began; before, how many steps it expects is not known. */
  private counting = false;
  private done = 0;
  /** When this load began its first step, and how far the run was then. */
  private began: { readonly at: number; readonly done: number } | undefined;

  constructor(weights: PhaseWeights = {}) {
    this.weights = { ...DEFAULT_WEIGHTS, ...weights };
  }

  take(event: RunHappening, at: number): RunProgress {
    this.count(event);
    this.done = Math.max(this.done, event.type === 'ended' ? 1 : Math.min(this.share(), 0.999));
    if (event.type === 'step-started') this.began ??= { at, done: this.done };
    const leftMs = this.estimate(at);
    return leftMs === undefined ? { done: this.done } : { done: this.done, leftMs };
  }

  private count(event: RunHappening): void {
    if (event.type === 'phase') [this.present, this.counting] = [event.phase, false];
    else if ('phase' in event && event.phase === this.present) this.counting = true;
    if (event.type === 'steps-expected') this.countOf(event.phase).expected += event.total;
    else if (event.type === 'step-started') this.countOf(event.phase).started += 1;
    else if (event.type === 'step-progress') this.countOf(event.phase).parts.set(event.id, event.done / event.total);
    else if (event.type === 'step-ended' || event.type === 'step-replayed') {
      const count = this.countOf(event.phase);
      if (event.type === 'step-replayed') count.started += 1;
      count.ended += 1;
      count.parts.delete(event.id);
    }
  }

  private countOf(phase: string): PhaseCount {
    const known = this.counts.get(phase);
    if (known) return known;
    const count = { expected: 0, started: 0, ended: 0, parts: new Map<string, number>() };
    this.counts.set(phase, count);
    return count;
  }

  private share(): number {
    const before = PHASES.slice(0, PHASES.indexOf(this.present));
    const whole = PHASES.reduce((sum, phase) => sum + this.weights[phase], 0);
    const passed = before.reduce((sum, phase) => sum + this.weights[phase], 0);
    return whole === 0 ? 0 : (passed + this.weights[this.present] * this.shareOf(this.present)) / whole;
  }

  /** Without a word of how many steps to expect, one more than were started. */
  private shareOf(phase: Phase): number {
    const count = this.counts.get(phase);
    if (!count || !this.counting) return 0;
    const parts = [...count.parts.values()].reduce((sum, part) => sum + part, 0);
    const total = Math.max(count.started, count.expected || count.started + 1);
    return Math.min(1, (count.ended + parts) / total);
  }

  private estimate(at: number): number | undefined {
    if (!this.began || this.done >= 1) return this.done >= 1 ? 0 : undefined;
    const gained = this.done - this.began.done;
    return gained < SHARE_MIN ? undefined : Math.round(((at - this.began.at) / gained) * (1 - this.done));
  }
}

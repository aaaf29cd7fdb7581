import type { StepStatistics } from '../../abstract/RunReport.js';

/** Names beyond this are not told apart. */
const NAMES_MAX = 1000;
const OTHERS = '(other steps)';

export interface TalliedStep {
  readonly phase: string;
  readonly name: string;
  readonly durationMs: number;
  readonly attempts: number;
  /** Why it did not succeed. */
  readonly error: string | undefined;
}

/** Sums up the steps of a run by phase and name, so that a report does not grow with the number of steps. */
export class StepTally {
  private readonly sums = new Map<string, StepStatistics>();

  add({ phase, name, durationMs, attempts, error }: TalliedStep): void {
    const known = this.sums.size < NAMES_MAX || this.sums.has(`${phase}/${name}`);
    const shown = known ? name : OTHERS;
    const sum = this.sums.get(`${phase}/${shown}`) ?? { name: shown, phase, count: 0, failed: 0, totalMs: 0, longestMs: 0 };
    const tried = (sum.attempts ?? sum.count) + attempts;
    this.sums.set(`${phase}/${shown}`, {
      ...sum,
      count: sum.count + 1,
      failed: sum.failed + (error === undefined ? 0 : 1),
      totalMs: sum.totalMs + durationMs,
      longestMs: Math.max(sum.longestMs, durationMs),
      ...(tried > sum.count + 1 ? { attempts: tried } : {}),
      ...(error === undefined ? {} : { lastError: error }),
    });
  }

  get list(): readonly StepStatistics[] {
    return [...this.sums.values()];
  }
}

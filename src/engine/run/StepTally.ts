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

interface Sum {
  readonly name: string;
  readonly phase: string;
  count: number;
  failed: number;
  totalMs: number;
  longestMs: number;
  attempts: number;
  lastError: string | undefined;
}

/** Sums up the steps of a run by phase and name, so that a report does not grow with the number of steps. */
export class StepTally {
  private readonly sums = new Map<string, Sum>();

  add({ phase, name, durationMs, attempts, error }: TalliedStep): void {
    const sum = this.sums.get(`${phase}/${name}`) ?? this.begin(phase, name);
    sum.count += 1;
    sum.totalMs += durationMs;
    sum.longestMs = Math.max(sum.longestMs, durationMs);
    sum.attempts += attempts;
    if (error === undefined) return;
    sum.failed += 1;
    sum.lastError = error;
  }

  private begin(phase: string, named: string): Sum {
    const name = this.sums.size < NAMES_MAX ? named : OTHERS;
    const place = `${phase}/${name}`;
    const sum = this.sums.get(place) ?? { name, phase, count: 0, failed: 0, totalMs: 0, longestMs: 0, attempts: 0, lastError: undefined };
    this.sums.set(place, sum);
    return sum;
  }

  get list(): readonly StepStatistics[] {
    return [...this.sums.values()].map(({ attempts, lastError, ...sum }) => ({
      ...sum,
      ...(attempts > sum.count ? { attempts } : {}),
      ...(lastError === undefined ? {} : { lastError }),
    }));
  }
}

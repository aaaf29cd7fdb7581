/**
 * The gates that the constraints of a scope put up: how available its systems were before, and how long the run took.
 *
 * Owns: when the run began. Does not own: the figures, which are the journal's.
 */
import type { EarlierRuns } from '../abstract/EarlierRuns.js';
import type { RunContext } from '../abstract/RunContext.js';
import { CommandFailure } from '../kernel/errors.js';
import type { Constraints } from './scope.js';

export class ConstraintGates {
  private readonly beganAt: number;

  constructor(
    private readonly run: RunContext,
    private readonly constraints: Constraints,
  ) {
    this.beganAt = run.now().getTime();
  }

  /** @throws CommandFailure `CONSTRAINT_BROKEN` where the scope declares that to be an error */
  async judgeAvailability(systems: readonly string[], earlier: EarlierRuns): Promise<void> {
    const { availabilityMin } = this.constraints;
    if (availabilityMin === undefined) return;
    const name = 'availability of the systems';
    const shares = await this.run.ask({ name, effect: 'read', body: () => earlier.availability() });
    const below = systems.filter((system) => (shares[system] ?? 1) < availabilityMin);
    const found = below.map((system) => `${system} was available ${percent(shares[system] ?? 0)} of the time`).join(', ');
    this.judge(`the systems were available at least ${percent(availabilityMin)} of the time`, found);
  }

  /** @throws CommandFailure `CONSTRAINT_BROKEN` where the scope declares that to be an error */
  judgeLatency(): void {
    const { latencyMsMax } = this.constraints;
    if (latencyMsMax === undefined) return;
    const tookMs = this.run.now().getTime() - this.beganAt;
    this.judge(`it takes at most ${latencyMsMax} ms`, tookMs <= latencyMsMax ? '' : `it took ${tookMs} ms`);
  }

  /** @param found what was found instead; empty where the constraint is kept */
  private judge(name: string, found: string): void {
    const { severity = 'warning' } = this.constraints;
    const isKept = found === '';
    this.run.noteGate(isKept ? { name, severity, verdict: 'passed' } : { name, severity, verdict: 'failed', found });
    if (isKept || severity === 'warning') return;
    throw new CommandFailure('CONSTRAINT_BROKEN', `The scope demands that ${name}, and ${found}.`, {
      details: { constraint: name, found },
    });
  }
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(3))} %`;
}

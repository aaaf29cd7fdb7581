/** Simulations of many seeds, side by side; those whose results depend on neither time nor faults are compared with calm ones. */
import type { EngineUnderTest } from './engineUnderTest.js';
import { Simulation, simulateAll } from './Simulation.js';

export interface FailedSeed {
  readonly seed: number;
  readonly violations: readonly string[];
  /** The end of what happened. */
  readonly tail: readonly string[];
}

const TAIL_LINES = 40;

export class SimulationSweep {
  seeds = 0;
  /** Lines of all logs. */
  lines = 0;
  compared = 0;
  readonly failed: FailedSeed[] = [];

  constructor(private readonly engine: EngineUnderTest) {}

  /** @returns the logs */
  async run(seeds: readonly number[]): Promise<readonly (readonly string[])[]> {
    const simulations = seeds.map((seed) => new Simulation({ engine: this.engine, seed }));
    const calm = seeds.map((seed, index) =>
      simulations[index]?.comparable ? new Simulation({ engine: this.engine, seed, calm: true }) : undefined,
    );
    await simulateAll([...simulations, ...calm.filter((one) => one !== undefined)]);
    for (const [index, seed] of seeds.entries()) this.judge(seed, simulations[index], calm[index]);
    return simulations.map(({ log }) => log);
  }

  private judge(seed: number, simulation: Simulation | undefined, calm: Simulation | undefined): void {
    if (!simulation) return;
    this.seeds += 1;
    this.lines += simulation.log.length;
    const { log, results } = simulation;
    const violations = [...simulation.violations];
    if (calm) {
      this.compared += 1;
      const expected = calm.results.join('\n');
      if (violations.length === 0 && results.join('\n') !== expected)
        violations.push(`another result: ${expected} became ${results.join('\n')}`);
    }
    if (violations.length > 0) this.failed.push({ seed, violations, tail: log.slice(-TAIL_LINES) });
  }
}

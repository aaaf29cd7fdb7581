/** The simulation and the model test find the defects that engines of this kind have: each is built in, and must be caught. */
import { CrashEverywhere } from '../support/crashEverywhere.js';
import type { EngineUnderTest } from '../support/engineUnderTest.js';
import { engineWith, MUTANTS } from '../support/mutants.js';
import { SimulationSweep } from '../support/simulationSweep.js';

const SIDE_BY_SIDE = 32;
const SEEDS_MAX = Number(process.env.SIXFOLD_SEEDS ?? 1600);
const caught: string[] = [];

/** What is found within some seeds, if anything is. */
async function findingOf(engine: EngineUnderTest, first: number): Promise<string | undefined> {
  const seeds = Array.from({ length: SIDE_BY_SIDE }, (_none, index) => first + index);
  const simulations = new SimulationSweep(engine);
  await simulations.run(seeds);
  const [failed] = simulations.failed;
  if (failed) return `simulation, seed ${failed.seed}: ${failed.violations[0]}`;
  const model = new CrashEverywhere(engine);
  await model.run(seeds);
  const [finding] = model.sweep.findings;
  return finding && `model test, seed ${finding.seed}: ${finding.what}`;
}

describe('a defect of the engine is caught', () => {
  const limit = Error.stackTraceLimit;
  beforeAll(() => {
    Error.stackTraceLimit = 0; // Programs refuse a lot, and nobody reads these stacks.
  });
  afterAll(() => {
    Error.stackTraceLimit = limit;
    console.info(`harness power, seeds from 1:\n  ${caught.join('\n  ')}`);
  });

  it.each(MUTANTS)(
    '$defect',
    async (mutant) => {
      const engine = await engineWith(mutant);
      for (let seed = 1; seed <= SEEDS_MAX; seed += SIDE_BY_SIDE) {
        const found = await findingOf(engine, seed);
        if (found === undefined) continue;
        caught.push(`${mutant.defect}: ${found}`);
        expect(await findingOf(await engineWith(undefined), seed)).toBeUndefined(); // It is the defect that was found.
        return;
      }
      throw new Error(`not caught within ${SEEDS_MAX} seeds: ${mutant.defect}`);
    },
    60_000,
  );
});

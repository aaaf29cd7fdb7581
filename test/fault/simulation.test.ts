/**
 * R1–R7, R10, R11 over whole engines: random runs, crashes, lost replies, late signals, jumping clocks, processes that are taken
 * for dead, on virtual time and from one seed each.
 *
 * SIXFOLD_SEED begins with another seed, SIXFOLD_SEEDS asks for more or fewer.
 */
import { engineUnderTest as engine } from '../support/engineUnderTest.js';
import { SimulationSweep } from '../support/simulationSweep.js';

const FIRST_SEED = Number(process.env.SIXFOLD_SEED ?? 1);
const SEEDS = Number(process.env.SIXFOLD_SEEDS ?? 10_000);
const SIDE_BY_SIDE = 64;

function seedsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_none, index) => first + index);
}

describe('simulated engines', () => {
  const limit = Error.stackTraceLimit;
  beforeAll(() => {
    Error.stackTraceLimit = 0; // Programs refuse a lot, and nobody reads these stacks.
  });
  afterAll(() => {
    Error.stackTraceLimit = limit;
  });

  it('bring every run to its end by the rules, whatever happens to them', async () => {
    const sweep = new SimulationSweep(engine);
    const cpu = process.cpuUsage();
    for (let done = 0; done < SEEDS && sweep.failed.length === 0; done += SIDE_BY_SIDE) {
      await sweep.run(seedsFrom(FIRST_SEED + done, Math.min(SIDE_BY_SIDE, SEEDS - done)));
    }
    const { user, system } = process.cpuUsage(cpu);
    const { seeds, lines, compared, failed } = sweep;
    console.info(
      `simulation: ${seeds} seeds from ${FIRST_SEED}, ${lines} events, ${compared} results compared, ${failed.length} failed, ${Math.round((user + system) / 1e6)} s`,
    );
    const [first] = failed;
    if (first) throw new Error(`seed ${first.seed}\n${first.violations.join('\n')}\n${first.tail.join('\n')}`);
    expect(seeds).toBe(SEEDS);
  }, 300_000);

  it('do the same again from the same seed, event by event', async () => {
    const seeds = seedsFrom(FIRST_SEED, 256);
    const logs = await new SimulationSweep(engine).run(seeds);
    // In other company, so that nothing depends on who shares the turns of the event loop.
    const again = [
      ...(await new SimulationSweep(engine).run(seeds.slice(100))),
      ...(await new SimulationSweep(engine).run(seeds.slice(0, 100))),
    ];
    expect([...again.slice(156), ...again.slice(0, 156)]).toEqual(logs);
    expect(logs.flat().length).toBeGreaterThan(seeds.length * 5);
  }, 60_000);
});

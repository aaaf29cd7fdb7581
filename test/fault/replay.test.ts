/**
 * R3, R7, R8: a run that is cut off after any record and resumed asks the same again, is told what was recorded where it was asked
 * for, in the same order, and executes nothing recorded again.
 *
 * SIXFOLD_SEED begins with another seed, SIXFOLD_POINTS asks for more or fewer crash points.
 */
import { CrashEverywhere, type Finding } from '../support/crashEverywhere.js';
import { engineUnderTest as engine } from '../support/engineUnderTest.js';

const FIRST_SEED = Number(process.env.SIXFOLD_SEED ?? 1);
const POINTS = Number(process.env.SIXFOLD_POINTS ?? 50_000);
/** So many programs share the turns of the event loop. */
const SIDE_BY_SIDE = 32;

/** Fails with the smallest program that shows the first of them. */
async function expectNone(sweep: CrashEverywhere, findings: readonly Finding[]): Promise<void> {
  const [first] = findings;
  const counts = Object.groupBy(findings, ({ what }) => what);
  const kinds = Object.entries(counts).map(([what, list]) => `${what}: ${list?.length}, such as ${JSON.stringify(list?.[0])}`);
  if (first) throw new Error(`${kinds.join('\n')}\n${await sweep.shrunk(first.seed)}`);
}

describe('a run that is cut off and resumed', () => {
  const limit = Error.stackTraceLimit;
  beforeAll(() => {
    Error.stackTraceLimit = 0; // Programs refuse a lot, and nobody reads these stacks.
  });
  afterAll(() => {
    Error.stackTraceLimit = limit;
  });

  it('is told everything recorded again in its place and order, after each of its records', async () => {
    const everywhere = new CrashEverywhere(engine);
    const { sweep } = everywhere;
    const cpu = process.cpuUsage();
    for (let seed = FIRST_SEED; sweep.points < POINTS && sweep.findings.length === 0; seed += SIDE_BY_SIDE) {
      await everywhere.run(Array.from({ length: SIDE_BY_SIDE }, (_none, index) => seed + index));
    }
    const { programs, points, second, results, findings } = sweep;
    const { user, system } = process.cpuUsage(cpu);
    console.info(
      `model: ${programs} programs from seed ${FIRST_SEED}, ${points} crash points (${second} during a recovery), ${results} results compared, ${findings.length} violations, ${Math.round((user + system) / 1e6)} s`,
    );
    await expectNone(everywhere, findings);
    expect(points).toBeGreaterThanOrEqual(POINTS);
  }, 300_000);
});

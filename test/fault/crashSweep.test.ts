/** Kills at every point at which a run can be cut off: around each commit of its journal and each of its effects. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RECORD_KINDS } from '../../src/engine/Record.js';
import { SeededChance } from '../../src/kernel/SeededChance.js';
import { type Chain, runChains } from '../support/crashChains.js';
import { type Death, journalOf, linesOf, logOf } from '../support/crashLog.js';
import { CrashMatrix } from '../support/crashMatrix.js';
import { OTHER_WRITES, SIDES } from '../support/crashPoints.js';
import { SimulatedLife, SimulatedLives } from '../support/crashSimulation.js';
import { storyOf } from '../support/crashTrial.js';
import { faultsOf, type Reference, referenceOf } from '../support/crashVerdict.js';
import { ACTS } from '../support/crashWorkload.js';
import { bundleOf } from '../support/processBundle.js';

jest.setTimeout(300_000);

const SEED = process.env.SEED ?? String(Date.now() % 1_000_000);
/** In memory where there is such a place: a crash of a process does not depend on the disk. */
const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'crash-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = bundleOf('crashProbe.ts');
const SCENARIOS = ['sale', 'stopped', 'late', 'broken', 'serial', 'stocktaking'];
/** Everything that a commit can hold, and every kind of effect. */
const ROWS = [...RECORD_KINDS, ...OTHER_WRITES, ...ACTS];
/** Nobody asks what became of an effect before a process has died of it (R5). */
const IMPOSSIBLE = SIDES.map((side) => `${side} ask in the first run`);
/** What it asks about. */
const LOST: Death = { what: 'once', side: 'after' };
/** They wait more than they compute. */
const PROCESSES = 3;
const LIVES_AT_A_TIME = 16;
/** Of the points of a life, of its recovery, and of the recovery from that, those that are tried in the simulation. */
const SHARES = [1, 0.18, 0.06];

/** A scenario that nothing cut off. */
interface Course {
  readonly life: SimulatedLife;
  readonly reference: Reference;
}

let folders = 0;
const newFolder = (): string => join(folder, String(folders++));

async function courseOf(scenario: string, lives: SimulatedLives): Promise<Course> {
  const life = new SimulatedLife(scenario, newFolder());
  await lives.live(life);
  return { life, reference: referenceOf(life.lines, life.file) };
}

async function courses(lives: SimulatedLives): Promise<readonly Course[]> {
  const found: Course[] = [];
  for (const scenario of SCENARIOS) found.push(await courseOf(scenario, lives));
  expect(found.flatMap(({ life, reference }) => faultsOf(life.lines, life.file, reference))).toEqual([]);
  return found;
}

/** Crashes at points of lives that are drawn by chance, and again in the lives that follow. */
class Simulation {
  readonly matrix = new CrashMatrix();
  readonly faults: string[] = [];
  private readonly chance = new SeededChance(SEED);
  private readonly waiting: (() => Promise<void>)[] = [];

  constructor(private readonly lives: SimulatedLives) {}

  /** @param shares of the points of this life, of the first recovery, and so on */
  crash({ life, reference }: Course, [share = 0, ...deeper]: readonly number[]): void {
    for (const moment of life.moments) {
      if (this.chance.random() >= share) continue;
      const remains = life.remainsAt(moment);
      this.waiting.push(async () => {
        const next = new SimulatedLife(life.scenario, newFolder(), remains);
        await this.lives.live(next);
        this.matrix.add(next.lines, -1);
        for (const fault of faultsOf(next.lines, next.file, reference))
          this.faults.push(`${life.scenario} ${storyOf(next.lines)}: ${fault}`);
        this.crash({ life: next, reference }, deeper);
        next.dispose();
      });
    }
  }

  async done(): Promise<void> {
    const lane = async (): Promise<void> => {
      for (let next = this.waiting.pop(); next; next = this.waiting.pop()) await next();
    };
    while (this.waiting.length > 0) await Promise.all(Array.from({ length: LIVES_AT_A_TIME }, lane));
  }
}

describe('a run that is cut off', () => {
  it('at any point, and again while it is gone on with, comes to the same end in a simulation', async () => {
    using lives = new SimulatedLives();
    const simulation = new Simulation(lives);
    for (const course of await courses(lives)) simulation.crash(course, SHARES);
    await simulation.done();
    console.log(`seed ${SEED}: ${simulation.matrix.total} simulated crashes`);
    expect(simulation.faults).toEqual([]);
    expect(simulation.matrix.total).toBeGreaterThanOrEqual(1000);
  });

  it('by SIGKILL at any point, and again while it recovers, comes to the same end', async () => {
    using lives = new SimulatedLives();
    const begun = await courses(lives);
    const chance = new SeededChance(SEED);
    const chains = [...begun.flatMap((course) => swept(course, chance)), ...aimed(begun)];
    await runChains([{ folder: newFolder(), scenario: 'sale', deaths: [] }], program, 1); // Compiles for the others.
    await runChains(chains, program, PROCESSES);
    const matrix = new CrashMatrix();
    const faults: string[] = [];
    for (const { folder: place, scenario } of chains) {
      const lines = linesOf(logOf(place));
      const reference = begun.find(({ life }) => life.scenario === scenario)?.reference;
      matrix.add(lines);
      for (const fault of reference ? faultsOf(lines, journalOf(place), reference) : [])
        faults.push(`${scenario} ${storyOf(lines)}: ${fault}`);
    }
    console.log(`seed ${SEED}: ${matrix.total} kills in ${chains.length} chains\n${matrix.table(ROWS)}`);
    expect(faults).toEqual([]);
    expect(matrix.empty(ROWS)).toEqual(IMPOSSIBLE);
    expect(matrix.total).toBeGreaterThanOrEqual(500);
  });
});

/** Dies at each point of the first run, and for a part of them again. */
function swept({ life }: Course, chance: SeededChance): readonly Chain[] {
  const points = life.moments.flatMap((moment) => moment.points);
  return points.map((_, index) => {
    const left = points.length - index;
    const again = Array.from({ length: Math.floor(chance.random() * 1.4) }, () => ({ nth: 1 + Math.floor(chance.random() * left) }));
    return { folder: newFolder(), scenario: life.scenario, deaths: [{ nth: index + 1 }, ...again] };
  });
}

/** Dies of each kind that one of the scenarios has, in every life. */
function aimed(courses: readonly Course[]): readonly Chain[] {
  return ROWS.flatMap((what) => {
    const course = courses.find(({ life }) => life.moments.some(({ points }) => points.some((point) => point.what.includes(what))));
    const first = what === 'ask' ? LOST : { what, side: 'before' as const };
    const scenario = course?.life.scenario ?? 'sale';
    const [before, after] = [
      { what, side: 'before' },
      { what, side: 'after' },
    ] as const;
    const inEveryLife: readonly Death[][] = [
      [first, before, before],
      [first, before, after],
      [first, after],
      ...(what === 'ask' ? [] : [[after]]),
    ];
    return inEveryLife.map((deaths) => ({ folder: newFolder(), scenario, deaths }));
  });
}

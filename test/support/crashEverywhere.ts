/** The model test: programs run whole, and again from what a crash leaves after each of their writes. */
import fc from 'fast-check';
import type { EngineUnderTest } from './engineUnderTest.js';
import { ModelReference, type Violation } from './modelReference.js';
import { driveAll, ModelRun } from './modelRun.js';
import type { Load } from './ProgramProcess.js';
import { isSequential, type Program, type ProgramOptions, programs } from './randomProgram.js';
import type { SimulatedDisk } from './SimulatedDisk.js';
import { chanceOf } from './scriptedChance.js';

export interface Finding extends Violation {
  readonly seed: number;
  /** So many writes were on the disk. */
  readonly cut?: number;
}

interface Sweep {
  programs: number;
  /** Crashes that were recovered from, with those during a recovery. */
  points: number;
  /** Crashes during a recovery. */
  second: number;
  /** Lines that were told again and compared. */
  results: number;
  readonly findings: Finding[];
}

interface Whole {
  readonly seed: number;
  readonly program: Program;
  readonly run: ModelRun;
}

interface Cut {
  readonly whole: Whole;
  readonly cut: number;
  readonly disk: SimulatedDisk;
  readonly run: ModelRun;
  readonly references: readonly ModelReference[];
  /** What it must come to, where that does not depend on time. */
  readonly result: string | undefined;
}

function emptySweep(): Sweep {
  return { programs: 0, points: 0, second: 0, results: 0, findings: [] };
}

/** One in so many recoveries is cut off as well. */
const SECOND_EVERY = 4;

export class CrashEverywhere {
  readonly sweep = emptySweep();

  constructor(
    private readonly engine: EngineUnderTest,
    private readonly options: ProgramOptions = {},
  ) {}

  /** All programs of the seeds side by side. */
  async run(seeds: readonly number[]): Promise<void> {
    const wholes = seeds.map((seed) => this.whole(seed, this.programOf(seed)));
    await this.crash(wholes);
  }

  /** @returns what is wrong with a program, as small as it can be made */
  async shrunk(seed: number): Promise<string> {
    const property = fc.asyncProperty(programs(this.options), async (program) => {
      const alone = new CrashEverywhere(this.engine, this.options);
      await alone.crash([alone.whole(seed, program)]);
      const [first] = alone.sweep.findings;
      if (first) throw new Error(`${first.what}: ${first.detail}`);
    });
    const { counterexample, errorInstance } = await fc.check(property, { seed, numRuns: 1, endOnFailure: false });
    return `seed ${seed}: ${String(errorInstance)}\n${JSON.stringify(counterexample)}`;
  }

  programOf(seed: number): Program {
    const [program] = fc.sample(programs(this.options), { seed, numRuns: 1 });
    if (!program) throw new Error('no program');
    return program;
  }

  private whole(seed: number, program: Program): Whole {
    return { seed, program, run: new ModelRun({ engine: this.engine, program, seed }) };
  }

  private async crash(wholes: readonly Whole[]): Promise<void> {
    await Promise.all(wholes.map(({ run }) => run.begin()));
    await driveAll(wholes.map(({ run }) => run));
    const cuts = wholes.flatMap((whole) => this.cutsOf(whole));
    await this.recover(cuts);
    const again = cuts.filter((_cut, index) => index % SECOND_EVERY === 0).flatMap((cut) => this.cutAgain(cut));
    this.sweep.second += again.length;
    await this.recover(again);
  }

  private cutsOf(whole: Whole): readonly Cut[] {
    const { seed, program, run } = whole;
    this.sweep.programs += 1;
    run.leave();
    if (!run.ended) {
      this.found(seed, { what: 'not ended', detail: run.describe });
      return [];
    }
    const references = run.loads.map((load) => new ModelReference(load, run.disk, run.reached));
    for (const { violations } of references) for (const violation of violations) this.found(seed, violation);
    const { cuts } = run.disk;
    const sequential = isSequential(program.root);
    return cuts.map((cut) => this.cut(whole, run, cut, references, sequential || cut === cuts.at(-1)));
  }

  private cut(whole: Whole, { disk, result }: ModelRun, cut: number, references: readonly ModelReference[], sameResult: boolean): Cut {
    const { program, seed } = whole;
    const run = new ModelRun({ engine: this.engine, program, seed }, disk.copyAfter(cut));
    return { whole, cut, run, references, disk: disk.copyAfter(cut), result: sameResult ? result : undefined };
  }

  /** Cuts off a recovery, which is the reference for the next, unless it was unloaded in between. */
  private cutAgain({ whole, cut, run, disk }: Cut): readonly Cut[] {
    const loads = new Map<string, Load[]>();
    for (const load of run.loads) loads.set(load.runId, [...(loads.get(load.runId) ?? []), load]);
    const behind = run.disk.cuts.filter((other) => other > cut);
    const chosen = behind[chanceOf(`second ${whole.seed} ${cut}`) % Math.max(1, behind.length)];
    if (chosen === undefined || !run.ended || [...loads.values()].some(({ length }) => length > 1)) return [];
    const references = run.loads.map((load) => new ModelReference(load, run.disk, run.reached, disk));
    return [this.cut(whole, run, chosen, references, chosen === behind.at(-1))];
  }

  private async recover(cuts: readonly Cut[]): Promise<void> {
    await Promise.all(cuts.map(({ whole, run }) => run.recover(whole.run.runId)));
    await driveAll(cuts.map(({ run }) => run));
    for (const cut of cuts) this.judge(cut);
  }

  private judge({ whole: { seed }, cut, run, references, disk, result }: Cut): void {
    this.sweep.points += 1;
    run.leave();
    if (!run.ended) this.found(seed, { what: 'not ended', detail: run.describe }, cut);
    for (const reference of references) {
      const load = run.loads.find(({ runId }) => runId === reference.runId);
      if (load) for (const violation of reference.check(load, run.reached, disk)) this.found(seed, violation, cut);
    }
    if (result === undefined) return;
    this.sweep.results += 1;
    if (run.ended && run.result !== result) this.found(seed, { what: 'another result', detail: `${result} became ${run.result}` }, cut);
  }

  private found(seed: number, violation: Violation, cut?: number): void {
    this.sweep.findings.push({ seed, ...violation, ...(cut === undefined ? {} : { cut }) });
  }
}

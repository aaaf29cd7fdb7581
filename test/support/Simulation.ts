/**
 * Whole engines over virtual time: runs of random programs, people who start, signal and cancel them, and faults, all from one seed.
 *
 * Owns: the processes and what happens to them, the log. Does not own: the people, the systems; the rules that must hold, which those
 * and `simulationRules` have.
 * Invariant: the same seed gives the same log, line by line.
 */
import fc from 'fast-check';
import type { EngineUnderTest } from './engineUnderTest.js';
import { type Load, nameOnDisk, ProgramProcess, type Reached } from './ProgramProcess.js';
import type { Sleep } from './programCode.js';
import { isSequential, isUnsignalled, programs } from './randomProgram.js';
import { SimulatedDisk } from './SimulatedDisk.js';
import { SimulatedPeople } from './SimulatedPeople.js';
import { SimulatedSystems } from './SimulatedSystems.js';
import { chanceOf } from './scriptedChance.js';
import { endViolations } from './simulationRules.js';
import { isReachingFiles, VirtualTime } from './VirtualTime.js';

export interface SimulationOptions {
  readonly engine: EngineUnderTest;
  readonly seed: number;
  /** Nothing fails, nobody cancels: what the same programs come to is the reference. @default false */
  readonly calm?: boolean;
}

const QUIET_TURNS = 3;
const PUSHES_MAX = 60;
const STEPS_MAX = 20_000;
/** A message that is not taken in for so long was overlooked. */
const MAIL_MS_MAX = 5000;
const WHOLE = fc.array(programs({ depthMax: 2 }), { minLength: 1, maxLength: 2 });

export class Simulation {
  readonly log: string[] = [];
  readonly violations: string[] = [];
  readonly disk = new SimulatedDisk();
  readonly time = new VirtualTime();
  readonly systems: SimulatedSystems;
  private readonly people: SimulatedPeople;
  /** What depends neither on time nor on faults can be compared. */
  readonly comparable: boolean;
  readonly faulty: boolean;
  over = false;
  private processes: ProgramProcess[] = [];
  /** Is to stand still in the next effect that it begins. */
  private stopping: ProgramProcess | undefined;
  private random: number;
  private quietTurns = 0;
  private lastActivity = -1;
  private pushes = 0;
  private steps = 0;
  /** When each was asked for first. */
  private readonly sleeps = new Map<string, number>();
  private readonly startedAt = this.time.now;

  constructor(private readonly options: SimulationOptions) {
    const { engine, seed, calm = false } = options;
    this.random = chanceOf(`simulation ${seed}`);
    const [drawn = []] = fc.sample(WHOLE, { seed, numRuns: 1 });
    const clients = drawn.map((program, index) => ({ program, key: `k${index}`, runId: undefined, ended: undefined }));
    this.faulty = !calm && seed % 4 !== 0;
    this.comparable = !this.faulty && drawn.every(({ root }) => isSequential(root) && isUnsignalled(root));
    const { disk, time, faulty } = this;
    const draw = (below: number): number => this.draw(below);
    const log = (line: string): void => this.say(line);
    const violated = (what: string, detail: string): void => this.violated(what, detail);
    this.systems = new SimulatedSystems({ engine, disk, time, seed, faulty, draw, log, violated });
    const anyProcess = (): ProgramProcess | undefined => this.anyProcess();
    this.people = new SimulatedPeople({ disk, time, draw, say: log, violated, anyProcess }, clients);
    this.open();
    for (const client of clients) this.after(this.draw(10), () => this.people.start(client));
    this.plan(calm);
  }

  private plan(calm: boolean): void {
    for (let count = this.draw(4); count > 0; count -= 1) this.people.planSignal(`s${count}`, this.draw(80));
    if (calm) return;
    if (this.faulty && this.draw(4) === 0) this.after(this.draw(120), () => this.people.cancel(this.people.anyClient));
    for (let count = 1 + this.draw(4); count > 0; count -= 1) this.after(this.draw(150), () => this.disturb());
  }

  /** A whole number below the one given. */
  draw(below: number): number {
    this.random = (Math.imul(this.random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.random / 2 ** 32) * below);
  }

  /** What the runs came to. */
  get results(): readonly string[] {
    return this.people.clients.map(
      ({ ended }) => `${ended?.status} ${(ended?.result?.text ?? ended?.error ?? '').replace(/"chance".*?\]/g, '')}`,
    );
  }

  /** One turn of the event loop has passed. */
  tick(): void {
    const activity = this.processes.reduce((sum, { journal }) => sum + journal.activity, this.time.activity);
    this.quietTurns = activity === this.lastActivity ? this.quietTurns + 1 : 0;
    this.lastActivity = activity;
    if (this.quietTurns < QUIET_TURNS) return;
    this.quietTurns = 0;
    if (isReachingFiles()) return;
    this.steps += 1;
    if (this.violations.length > 0 || this.isSettled) this.finish();
    else if (this.steps > STEPS_MAX) this.violated('does not end', `${this.steps} steps`);
    else {
      this.checkMail();
      this.move();
    }
  }

  private move(): void {
    try {
      if (!this.time.step()) this.push();
    } catch (error) {
      this.violated('a timer threw', String(error)); // It would have ended the process.
    }
  }

  private get isSettled(): boolean {
    return this.people.clients.every(({ ended }) => ended) && [...this.disk.runs.values()].every(({ row }) => row.status !== null);
  }

  private finish(): void {
    this.over = true;
    if (this.violations.length === 0) for (const violation of endViolations(this.disk, this.systems)) this.violations.push(violation);
    for (const process of this.processes) process.kill();
  }

  private violated(what: string, detail: string): void {
    this.say(`VIOLATED ${what}: ${detail}`);
    this.violations.push(`${what}: ${detail}`);
  }

  private say(line: string): void {
    this.log.push(`${this.time.now - this.startedAt} ${line}`);
  }

  private after(delayMs: number, what: () => void): void {
    this.time.after(delayMs, what);
  }

  /** A process starts, and takes up what nobody has. */
  private open(): void {
    const { engine } = this.options;
    const process: ProgramProcess = new ProgramProcess({
      engine,
      disk: this.disk,
      time: this.time,
      offsetMs: this.draw(3) * 40,
      unloadAfterMs: this.draw(3) * 15,
      programOf: ({ key }) => this.people.programOf(key ?? ''),
      soon: (what, step) => void this.time.after(what === 'commit' ? this.draw(2) : this.draw(3), () => process.dead || step()),
      reach: (reached) => this.reach(reached, process),
      slept: (load, sleep) => this.checkSleep(process, load, sleep),
    });
    this.processes.push(process);
    this.say(`process ${process.journal.process} opens`);
    const adopted = process.open().then(() => process.engine.adopt());
    adopted.catch((error: unknown) => process.dead || this.people.isLost(error) || this.violated('not opened', String(error)));
  }

  /** A process that is to stand still does so in the middle of what it begins in one turn, for longer than its lease. */
  private reach(reached: Reached, process: ProgramProcess): Promise<number | undefined> {
    const answer = this.systems.reach(reached, process);
    if (this.stopping === process) {
      this.stopping = undefined;
      this.fence(process);
    }
    return answer;
  }

  private disturb(): void {
    const process = this.anyProcess();
    const kind = this.draw(8);
    if (kind === 0 || !process) {
      if (this.processes.length < 2) this.open();
    } else if (kind === 1) this.closeOne(process);
    else if (kind === 2) this.fence(process);
    else if (kind === 3) {
      process.clock.offsetMs += this.draw(400) - 100;
      this.say(`clock of process ${process.journal.process} jumps`);
    } else if (kind === 4) this.stopping = process;
    else this.crash(process);
  }

  private crash(process: ProgramProcess): void {
    this.say(`process ${process.journal.process} crashes`);
    this.remove(process);
    this.after(this.draw(20), () => this.openIfNone());
  }

  /** Others take it for dead while it goes on. */
  private fence(process: ProgramProcess): void {
    this.say(`process ${process.journal.process} is taken for dead`);
    if (this.processes.length < 2) this.open();
    process.journal.fence();
    this.after(5 + this.draw(40), () => {
      this.remove(process);
      this.openIfNone();
    });
  }

  private closeOne(process: ProgramProcess): void {
    this.say(`process ${process.journal.process} closes`);
    const closed = (): void => {
      if (process.dead) return;
      this.remove(process);
      this.openIfNone();
    };
    process.engine.close().then(closed, closed);
  }

  private remove(process: ProgramProcess): void {
    process.kill();
    this.processes = this.processes.filter((one) => one !== process);
    this.people.gone(process);
  }

  private openIfNone(): void {
    if (this.processes.length === 0 && !this.over) this.open();
  }

  /** Nothing happens by itself any more: somebody sends what may be waited for. */
  private push(): void {
    this.pushes += 1;
    if (this.pushes > PUSHES_MAX) {
      const open = [...this.disk.runs.values()].filter(({ row }) => row.status === null);
      const why = open.map(({ row }) => `${nameOnDisk(this.disk, row.id)} ${row.standing} ${JSON.stringify(row.waits)}`);
      this.violated('stands still', why.join('; '));
      return;
    }
    for (const { row } of this.disk.runs.values()) {
      if (row.status !== null) continue;
      for (const name of ['go', 'stop']) this.people.signal(row.id, name, `late ${name} ${this.pushes}`);
    }
  }

  private checkMail(): void {
    const { nextAt } = this.time;
    if (nextAt !== undefined && nextAt - this.time.now < MAIL_MS_MAX) return;
    for (const { run, kind, token } of this.disk.mail) {
      if (this.processes.length > 0)
        this.violated('mail overlooked', `${kind} ${kind === 'signal' ? token : ''} for ${nameOnDisk(this.disk, run)}`);
    }
  }

  /** Neither by the time of the run, nor by that of the world where a clock was set back. */
  private checkSleep({ clock }: ProgramProcess, { runId, name }: Load, { place, askedAt, ms, endedAt }: Sleep): void {
    const firstAskedAt = this.sleeps.get(`${runId} ${place}`) ?? this.time.now - Math.max(0, clock.now() - askedAt);
    if (endedAt === undefined) this.sleeps.set(`${runId} ${place}`, firstAskedAt);
    else if (endedAt < askedAt + ms && this.time.now < firstAskedAt + ms) {
      this.violated('timer too early', `${name}: ${endedAt - askedAt} of ${ms} ms`);
    }
  }

  private anyProcess(): ProgramProcess | undefined {
    return this.processes[this.draw(Math.max(1, this.processes.length))];
  }
}

/** Turns the event loop for all of them until they are over. */
export async function simulateAll(simulations: readonly Simulation[]): Promise<void> {
  let open = simulations;
  while (open.length > 0) {
    await new Promise((resolve) => setImmediate(resolve));
    for (const simulation of open) simulation.tick();
    open = open.filter(({ over }) => !over);
  }
}

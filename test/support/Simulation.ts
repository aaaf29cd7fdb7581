/**
 * Whole engines over virtual time: runs of random programs, people who start, signal and cancel them, and faults, all from one seed.
 *
 * Owns: the processes, who acts when, the log. Does not own: the rules that must hold, which the systems and `simulationRules` have.
 * Invariant: the same seed gives the same log, line by line.
 */
import fc from 'fast-check';
import type { EndedRun } from '../../src/engine/Engine.js';
import type { EngineUnderTest } from './engineUnderTest.js';
import { type Load, nameOnDisk, ProgramProcess, type Reached } from './ProgramProcess.js';
import type { Sleep } from './programCode.js';
import { isSequential, isUnsignalled, type Program, programs } from './randomProgram.js';
import { SimulatedDisk } from './SimulatedDisk.js';
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

interface Client {
  readonly key: string;
  readonly program: Program;
  runId: string | undefined;
  ended: EndedRun | undefined;
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
  readonly clients: readonly Client[];
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
    this.clients = drawn.map((program, index) => ({ program, key: `k${index}`, runId: undefined, ended: undefined }));
    this.faulty = !calm && seed % 4 !== 0;
    this.comparable = !this.faulty && drawn.every(({ root }) => isSequential(root) && isUnsignalled(root));
    const { disk, time, faulty } = this;
    const draw = (below: number): number => this.draw(below);
    const log = (line: string): void => this.say(line);
    const violated = (what: string, detail: string): void => this.violated(what, detail);
    this.systems = new SimulatedSystems({ engine, disk, time, seed, faulty, draw, log, violated });
    this.open();
    for (const client of this.clients) this.after(this.draw(10), () => this.start(client));
    this.plan(calm);
  }

  private plan(calm: boolean): void {
    for (let count = this.draw(4); count > 0; count -= 1) this.planSignal(`s${count}`, this.draw(80));
    if (calm) return;
    if (this.faulty && this.draw(4) === 0) this.after(this.draw(120), () => this.cancel(this.anyClient()));
    for (let count = 1 + this.draw(4); count > 0; count -= 1) this.after(this.draw(150), () => this.disturb());
  }

  /** A whole number below the one given. */
  draw(below: number): number {
    this.random = (Math.imul(this.random, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.random / 2 ** 32) * below);
  }

  /** What the runs came to. */
  get results(): readonly string[] {
    return this.clients.map(({ ended }) => `${ended?.status} ${(ended?.result?.text ?? ended?.error ?? '').replace(/"chance".*?\]/g, '')}`);
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
    return this.clients.every(({ ended }) => ended) && [...this.disk.runs.values()].every(({ row }) => row.status !== null);
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
      programOf: ({ key }) => this.programOf(key ?? ''),
      soon: (what, step) => void this.time.after(what === 'commit' ? this.draw(2) : this.draw(3), () => process.dead || step()),
      reach: (reached) => this.reach(reached, process),
      slept: (load, sleep) => this.checkSleep(process, load, sleep),
    });
    this.processes.push(process);
    this.say(`process ${process.journal.process} opens`);
    const adopted = process.open().then(() => process.engine.adopt());
    adopted.catch((error: unknown) => process.dead || this.isLost(error) || this.violated('not opened', String(error)));
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

  private programOf(key: string): Program {
    const client = this.clients.find((one) => one.key === key) ?? this.clients.find(({ runId }) => runId !== undefined && key.startsWith(runId));
    const nested = client ?? this.clients.find((one) => this.rootKeyOf(key) === one.key);
    if (!nested) throw new Error(`nobody began ${key}`);
    return nested.program;
  }

  /** Of a child, whose key begins with the id of its parent. */
  private rootKeyOf(key: string): string {
    const parent = this.disk.runOf(key.slice(0, key.indexOf('/')));
    if (!parent) return key;
    return this.clients.some((one) => one.key === parent.row.key) ? (parent.row.key ?? '') : this.rootKeyOf(parent.row.key ?? '');
  }

  private start(client: Client): void {
    const process = this.anyProcess();
    if (!process) return this.after(5, () => this.start(client));
    this.say(`start ${client.key} at process ${process.journal.process}`);
    this.untilAnswered(process, () => this.start(client), () =>
      process.start(client.key).then((handle) => {
        if (process.dead) return;
        if (!this.disk.runOf(handle.id)) this.violated('start answered before commit', client.key);
        client.runId = handle.id;
        this.say(`started ${client.key}`);
        this.follow(client, process, () => handle.ended());
      }),
    );
  }

  private follow(client: Client, process: ProgramProcess, ended: () => Promise<EndedRun>): void {
    this.untilAnswered(process, () => this.start(client), () =>
      ended().then((end) => {
        if (process.dead || client.ended) return;
        if (this.disk.runOf(end.id)?.row.status !== end.status) this.violated('end answered before commit', client.key);
        client.ended = end;
        this.say(`ended ${client.key} ${end.status}`);
      }),
    );
  }

  /** Does it, and again at another process when this one ends without an answer, or hands its runs back. */
  private untilAnswered(process: ProgramProcess, again: () => void, work: () => Promise<void>): void {
    let answered = false;
    this.onDeath.push({ process, told: () => answered || this.after(3, again) });
    work()
      .catch((error: unknown) => {
        if (process.dead) return;
        if (this.isLost(error)) this.after(3, again);
        else if (!this.hasCode(error, 'RUN_ENDED')) this.violated('refused', String(error));
      })
      .finally(() => {
        if (!process.dead) answered = true;
      });
  }

  private onDeath: { readonly process: ProgramProcess; told(): void }[] = [];

  private isLost(error: unknown): boolean {
    return this.hasCode(error, 'LEASE_LOST') || this.hasCode(error, 'RUN_HANDED_BACK') || this.hasCode(error, 'ENGINE_CLOSED');
  }

  private hasCode(error: unknown, code: string): boolean {
    return error instanceof Error && 'code' in error && error.code === code;
  }

  private planSignal(token: string, delayMs: number): void {
    const client = this.anyClient();
    const name = this.draw(2) === 0 ? 'go' : 'stop';
    this.after(delayMs, () => this.signal(client.runId ?? '', name, token));
    if (this.draw(2) === 0) this.after(delayMs + this.draw(60), () => this.signal(client.runId ?? '', name, token));
  }

  private signal(runId: string, name: string, token: string): void {
    const process = this.anyProcess();
    const again = (): void => this.signal(runId, name, token);
    if (!process) return this.after(5, again);
    if (!this.disk.runOf(runId)) return;
    this.say(`signal ${token} to ${nameOnDisk(this.disk, runId)}`);
    this.untilAnswered(process, again, () =>
      process.engine.notify(runId, { name, value: process.codec.encode(token, 'a signal'), token }).then(() => {
        if (!process.dead && !this.isKept(runId, token)) this.violated('signal answered before commit', token);
      }),
    );
  }

  private isKept(runId: string, token: string): boolean {
    const kept = this.disk.writes.some(({ run, record, mail }) => run === runId && (record?.step === token || mail?.token === token));
    return kept || this.disk.runOf(runId)?.row.status !== null;
  }

  private cancel(client: Client): void {
    const process = this.anyProcess();
    const { runId } = client;
    if (!process || runId === undefined || client.ended) return;
    this.say(`cancel ${client.key}`);
    this.untilAnswered(process, () => this.cancel(client), () =>
      process.engine.cancel(runId, 'enough').then(() => {
        const kept = this.disk.writes.some(({ run, record, mail }) => run === runId && (record?.kind === 'cancel-requested' || mail?.kind === 'cancel'));
        const { row } = this.disk.runOf(runId) ?? {};
        if (!process.dead && !kept && row?.status === null) this.violated('cancel answered before commit', client.key);
      }),
    );
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
    const told = this.onDeath.filter((one) => one.process === process);
    this.onDeath = this.onDeath.filter((one) => one.process !== process);
    for (const one of told) one.told();
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
      for (const name of ['go', 'stop']) this.signal(row.id, name, `late ${name} ${this.pushes}`);
    }
  }

  private checkMail(): void {
    const { nextAt } = this.time;
    if (nextAt !== undefined && nextAt - this.time.now < MAIL_MS_MAX) return;
    for (const { run, kind, token } of this.disk.mail) {
      if (this.processes.length > 0) this.violated('mail overlooked', `${kind} ${kind === 'signal' ? token : ''} for ${nameOnDisk(this.disk, run)}`);
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

  private anyClient(): Client {
    const client = this.clients[this.draw(this.clients.length)];
    if (!client) throw new Error('nobody');
    return client;
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

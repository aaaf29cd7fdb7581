/**
 * One random program run to its end over virtual time, whole or from what a crash left, with systems outside whose answers depend
 * on the step and the attempt alone.
 */
import type { EndedRun, RunHandle } from '../../src/engine/Engine.js';
import type { EngineUnderTest } from './engineUnderTest.js';
import { type Load, nameOnDisk, ProgramProcess, type Reached } from './ProgramProcess.js';
import { textOf } from './programCode.js';
import type { Program } from './randomProgram.js';
import { SimulatedDisk } from './SimulatedDisk.js';
import { chanceOf } from './scriptedChance.js';
import { isReachingFiles, VirtualTime } from './VirtualTime.js';

export interface ModelParts {
  readonly engine: EngineUnderTest;
  readonly program: Program;
  /** Decides what the outside does. */
  readonly seed: number;
  readonly fingerprint?: string;
  /** Every step is answered, with a value or a definite no. @default false */
  readonly faultless?: boolean;
}

/** Turns of the event loop after which nothing follows without the time moving. */
const QUIET_TURNS = 3;
/** A run that asks for more than this of the outside stands still. */
const PUSHES_MAX = 60;

export class ModelRun {
  readonly time: VirtualTime;
  readonly reached: Reached[] = [];
  ended: EndedRun | undefined;
  failure: unknown;
  /** Neither time nor signals bring it to an end. */
  stuck = false;
  runId = '';
  private readonly process: ProgramProcess;
  private underWay = 0;
  private lastActivity = -1;
  private quietTurns = 0;
  private pushes = 0;

  constructor(
    private readonly parts: ModelParts,
    readonly disk = new SimulatedDisk(),
  ) {
    const last = disk.writes.findLast(({ record }) => record)?.record?.at;
    this.time = new VirtualTime(last);
    this.process = new ProgramProcess({
      engine: parts.engine,
      disk,
      time: this.time,
      programOf: () => parts.program,
      ...(parts.fingerprint === undefined ? {} : { fingerprint: parts.fingerprint }),
      soon: parts.seed % 2 === 0 ? (_what, step) => queueMicrotask(step) : (what, step) => (what === 'commit' ? this.turn(step) : step()),
      reach: (reached) => this.reach(reached),
    });
  }

  get loads(): readonly Load[] {
    return this.process.loads;
  }

  get over(): boolean {
    return this.ended !== undefined || this.failure !== undefined || this.stuck;
  }

  /** What the code came to. */
  get result(): string | undefined {
    const text = this.ended?.result?.text ?? this.ended?.error;
    return text === undefined ? undefined : `${this.ended?.status} ${textOf(this.process.codec.decode(text))}`;
  }

  /** Why it has not ended. */
  get describe(): string {
    return this.stuck ? 'it stands still' : String(this.failure);
  }

  /** Begins the program anew; it is not unloaded. */
  async begin(): Promise<void> {
    await this.process.open();
    this.follow(await this.process.start(undefined));
  }

  /** Goes on with what a crash left. */
  async recover(runId: string): Promise<void> {
    try {
      await this.process.open();
      await this.process.engine.adopt();
      this.follow(await this.process.engine.resume(runId));
    } catch (error) {
      this.failure = error;
    }
  }

  private follow(handle: RunHandle): void {
    this.runId = handle.id;
    handle.ended().then(
      (ended) => {
        this.ended = ended;
      },
      (error: unknown) => {
        this.failure = error;
      },
    );
    this.sendScript();
  }

  /** One turn of the event loop has passed. */
  tick(): void {
    const activity = this.process.journal.activity + this.time.activity;
    this.quietTurns = activity === this.lastActivity && this.underWay === 0 ? this.quietTurns + 1 : 0;
    this.lastActivity = activity;
    if (this.quietTurns < QUIET_TURNS) return;
    this.quietTurns = 0;
    if (isReachingFiles()) return;
    if (!this.time.step()) this.push();
  }

  /** The process is done with, as if it had crashed. */
  leave(): void {
    this.process.kill();
  }

  private turn(step: () => void): void {
    this.underWay += 1;
    setImmediate(() => {
      this.underWay -= 1;
      step();
    });
  }

  private chance(text: string): number {
    return chanceOf(`${this.parts.seed} ${text}`);
  }

  /** Signals and decisions at their times; those that came before the crash are sent again, as a sender without answer would. */
  private sendScript(): void {
    const startedAt = this.disk.runOf(this.runId)?.row.startedAt ?? this.time.now;
    const signals = Array.from({ length: this.chance('signals') % 4 }, (_none, n) => ({
      n,
      at: startedAt + (this.chance(`signal ${n}`) % 60),
    }));
    for (const { n, at } of signals.toSorted((one, other) => one.at - other.at)) {
      const name = this.chance(`name ${n}`) % 2 === 0 ? 'go' : 'stop';
      for (let times = 1 + (this.chance(`times ${n}`) % 2); times > 0; times -= 1)
        this.at(at, () => this.signal(this.runId, name, `s${n}`));
    }
    for (let n = this.chance('decisions') % 3; n > 0; n -= 1) {
      const at = startedAt + (this.chance(`decision ${n}`) % 40);
      const gate = this.chance(`gate ${n}`) % 2 === 0 ? 'stock' : 'price';
      if (!this.isDecided(`d${n}`)) this.at(at, () => this.process.engine.override(this.runId, gate, { by: 'ada', reason: `d${n}` }));
    }
  }

  private isDecided(reason: string): boolean {
    const bodies = this.disk.writes.map(({ record, mail }) => record?.body ?? mail?.body ?? '');
    return bodies.some((body) => body.includes(`"${reason}"`));
  }

  private at(time: number, send: () => Promise<void>): void {
    this.time.after(time - this.time.now, () => void send().catch((error: unknown) => this.refused(error)));
  }

  private signal(runId: string, name: string, token: string): Promise<void> {
    return this.process.engine.notify(runId, { name, value: this.process.codec.encode(token, 'a signal'), token });
  }

  private refused(error: unknown): void {
    if (!(error instanceof Error && 'code' in error && error.code === 'RUN_ENDED')) this.failure ??= error;
  }

  /** Nothing happens by itself any more: somebody sends what may be waited for. */
  private push(): void {
    this.pushes += 1;
    this.stuck = this.pushes > PUSHES_MAX;
    for (const { row } of this.disk.runs.values()) {
      if (row.status !== null || this.stuck) continue;
      for (const name of ['go', 'stop']) {
        const late = `late ${nameOnDisk(this.disk, row.id)} ${name}`;
        const sent = this.disk.writes.filter(({ run, record }) => run === row.id && record?.step?.startsWith(late)).length;
        this.signal(row.id, name, `${late} ${sent}`).catch((error: unknown) => this.refused(error));
      }
    }
  }

  private async reach(reached: Reached): Promise<number | undefined> {
    this.reached.push(reached);
    this.underWay += 1;
    try {
      const attempt = this.chance(`${reached.step}@${reached.call.attempt}`);
      for (let turn = attempt % 4; turn > 0; turn -= 1) await new Promise((resolve) => setImmediate(resolve));
      if (attempt % 8 === 7) await this.later((attempt >>> 8) % 30);
      return await this.answer(reached, attempt >>> 4);
    } finally {
      this.underWay -= 1;
    }
  }

  private later(delayMs: number): Promise<void> {
    this.underWay -= 1;
    return new Promise((resolve) => {
      this.time.after(delayMs, () => {
        this.underWay += 1;
        resolve();
      });
    });
  }

  private async answer({ what, step, node, call }: Reached, attempt: number): Promise<number | undefined> {
    const outcome = this.chance(step);
    const { TransientError, OutcomeUnknownError } = this.parts.engine;
    if (what === 'undo') {
      if (attempt % 5 === 0) throw new Error('not now');
      return undefined;
    }
    if (what === 'probe') return outcome % 6 === 0 || outcome % 11 < 4 ? undefined : outcome;
    const refusal = outcome % 6 === 0 ? new Error(`refused ${outcome}`) : undefined;
    if (this.parts.faultless) return settled(outcome, refusal);
    if (node && attempt % 6 === 0) throw new TransientError('OUTCOME_UNKNOWN', `not now ${outcome}`);
    if (node && attempt % 7 === 0) throw new OutcomeUnknownError('OUTCOME_UNKNOWN', `the reply was lost ${outcome}`);
    if (node?.timeoutMs !== undefined && attempt % 5 === 0) await this.aborted(call.signal);
    return settled(outcome, refusal);
  }

  private aborted(signal: AbortSignal): Promise<never> {
    this.underWay -= 1;
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        this.underWay += 1;
        reject(signal.reason);
      });
    });
  }
}

function settled(outcome: number, refusal: Error | undefined): number {
  if (refusal) throw refusal;
  return outcome;
}

/** Turns the event loop for all of them until they are over. */
export async function driveAll(runs: readonly ModelRun[]): Promise<void> {
  let open = runs;
  while (open.length > 0) {
    await new Promise((resolve) => setImmediate(resolve));
    for (const run of open) run.tick();
    open = open.filter(({ over }) => !over);
  }
}

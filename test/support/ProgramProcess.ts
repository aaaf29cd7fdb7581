/**
 * One process that runs random programs: an engine over a simulated journal, with what the programs reach outside.
 *
 * Owns: what the code of each load asked and was told. Does not own: the disk, the time, the systems, which outlive it.
 */

import type { Engine, EngineSetup, RunHandle, RunOrigin, StartedRun } from '../../src/engine/Engine.js';
import type { Call } from '../../src/kernel/Call.js';
import type { EngineUnderTest } from './engineUnderTest.js';
import { ProgramCode, type Sleep, type TraceLine } from './programCode.js';
import { type Node, type Program, partAt, type StepNode } from './randomProgram.js';
import type { CommitOptions } from './SimulatedCommits.js';
import type { SimulatedDisk } from './SimulatedDisk.js';
import { SimulatedJournal } from './SimulatedJournal.js';
import { ProcessClock, type VirtualTime } from './VirtualTime.js';

/** What one load of a run asked and was told. */
export interface Load {
  readonly runId: string;
  /** Of the run, the same after every crash: `r` for the first, and the step that began it for a child. */
  readonly name: string;
  readonly trace: TraceLine[];
}

/** An attempt, or a question, of a program to the systems outside. */
export interface Reached {
  readonly what: 'call' | 'probe' | 'undo';
  readonly runId: string;
  /** Names the step among all of all runs, the same after every crash. */
  readonly step: string;
  readonly identity: string;
  readonly place: string;
  readonly call: Call;
  readonly node: StepNode | undefined;
  /** Of an undo: what the step gave. */
  readonly output?: number;
  /** Records of the run that were added when the step was asked for. */
  readonly before: number;
}

export interface ProcessParts {
  readonly engine: EngineUnderTest;
  readonly disk: SimulatedDisk;
  readonly time: VirtualTime;
  /** The program of a run that no other began. */
  readonly programOf: (run: StartedRun) => Program;
  readonly fingerprint?: string;
  readonly unloadAfterMs?: number;
  readonly soon: CommitOptions['soon'];
  /** The systems outside. */
  readonly reach: (reached: Reached, process: ProgramProcess) => Promise<number | undefined>;
  readonly warn?: (message: string) => void;
  /** A sleep was asked for, or is over. */
  readonly slept?: (load: Load, sleep: Sleep) => void;
  /** The machine's clock of this process is off by so much. @default 0 */
  readonly offsetMs?: number;
}

export class ProgramProcess {
  readonly loads: Load[] = [];
  readonly clock: ProcessClock;
  readonly journal: SimulatedJournal;
  readonly codec: InstanceType<EngineUnderTest['Codec']>;
  dead = false;
  private readonly opened: Engine;

  constructor(readonly parts: ProcessParts) {
    const { engine, disk, time, soon, unloadAfterMs = 20 } = parts;
    this.clock = new ProcessClock(time, parts.offsetMs);
    this.codec = new engine.Codec();
    const leaseLost = () => new engine.TransientError('LEASE_LOST', 'Other processes have its runs now.');
    this.journal = new SimulatedJournal(disk, { soon, leaseLost });
    const options = { file: 'simulated', clock: this.clock, unloadAfterMs, graceMs: 5, drainMs: 5, resumedStepsMax: 3 };
    // The one seam: the journal is given to the engine instead of opened by it.
    this.opened = Object.assign(engine.embeddedEngine(options), { openJournal: async () => this.journal });
  }

  get engine(): Engine {
    return this.opened;
  }

  open(): Promise<void> {
    const { engine, warn = () => undefined } = this.parts;
    const logger = { debug: () => undefined, info: () => undefined, warn, error: warn };
    const setup: EngineSetup = {
      codec: this.codec,
      logger,
      telemetry: engine.silentTelemetry,
      secrets: new engine.SecretVault([]),
      commands: ['program'],
      queues: [],
      load: (run, origin) => this.load(run, origin),
    };
    return this.opened.open(setup);
  }

  start(key: string | undefined): Promise<RunHandle> {
    return this.begin({ key, params: null });
  }

  kill(): void {
    this.dead = true;
    this.clock.kill();
    this.journal.kill();
  }

  private begin({
    params,
    ...more
  }: {
    params: unknown;
    key: string | undefined;
    parent?: string;
    parentStep?: string;
  }): Promise<RunHandle> {
    const { engine, fingerprint = 'f1' } = this.parts;
    const carried = engine.Carried.ofText(this.codec.encode(params, 'params'));
    return this.opened.start({ command: 'program', version: '1', fingerprint, params: carried, principal: 'null', ...more });
  }

  private load(run: StartedRun, origin: RunOrigin): ReturnType<EngineSetup['load']> {
    const { engine, fingerprint = 'f1' } = this.parts;
    const load: Load = { runId: run.id, name: this.nameOf(run, origin), trace: [] };
    let code: ProgramCode | undefined;
    return {
      fingerprint,
      run: (durable) => {
        this.loads.push(load);
        code = new ProgramCode(durable, this.portsOf(load));
        return code.execute(this.programOf(run));
      },
      carryParams: (params) => engine.Carried.ofText(this.codec.encode(params, 'params')),
      carryResult: (result) => this.codec.carry(result, 'the result'),
      report: () => () => 'null',
      unload: () => undefined,
      progress: () => ({ done: 0 }),
      get compensated() {
        return code?.undone ?? false;
      },
    };
  }

  private programOf(run: StartedRun): Program {
    const site = JSON.parse(run.params.text) as number | null;
    const program = this.parts.programOf(run);
    const root = site === null ? program.root : partAt(program.root, site);
    if (!root) throw new Error(`the program has no part ${site}`);
    return { root, undoes: site === null && program.undoes };
  }

  private portsOf(load: Load) {
    const asked = new Map<string, number>();
    const reach = (what: Reached['what'], place: string, call: Call, more: Partial<Reached> = {}): Promise<number | undefined> => {
      const identity = call.key.slice(load.runId.length + 1);
      const reached = {
        what,
        runId: load.runId,
        identity,
        step: `${load.name}>${identity}`,
        place,
        call,
        node: undefined,
        before: asked.get(place) ?? 0,
        ...more,
      };
      return this.dead ? new Promise(() => undefined) : this.parts.reach(reached, this);
    };
    return {
      engine: this.parts.engine,
      note: (line: TraceLine) => {
        load.trace.push(line);
        if (line.at === 'ask') asked.set(line.place, this.journal.countOf(load.runId));
      },
      slept: (sleep: Sleep) => this.parts.slept?.(load, sleep),
      call: async (node: StepNode | undefined, place: string, call: Call) => (await reach('call', place, call, { node })) ?? 0,
      probe: (place: string, call: Call) => reach('probe', place, call),
      undo: async (place: string, output: number, call: Call) => {
        await reach('undo', place, call, { output });
      },
      startChild: async (part: Node, call: Call) => {
        if (this.dead) return new Promise<string>(() => undefined);
        const parentStep = call.key.slice(load.runId.length + 1);
        return (await this.begin({ key: call.key, params: part.site, parent: load.runId, parentStep })).id;
      },
    };
  }

  private nameOf(run: StartedRun, { parent, parentStep }: RunOrigin): string {
    return parent === undefined ? `r${run.key ?? ''}` : `${nameOnDisk(this.parts.disk, parent)}>${parentStep}`;
  }
}

/** The name of a run, which is the same after every crash. */
export function nameOnDisk(disk: SimulatedDisk, runId: string): string {
  const run = disk.runOf(runId);
  const { parent, parentStep } = JSON.parse(run?.records[0]?.body ?? '{}') as RunOrigin;
  return parent === undefined ? `r${run?.row.key ?? ''}` : `${nameOnDisk(disk, parent)}>${parentStep}`;
}

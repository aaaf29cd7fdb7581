/**
 * Random programs on a Restate server with two workers behind one door.
 *
 * Owns: both workers, which are engines of this process, and the door. Does not own: the server; what disturbs the programs.
 */
import { freePorts } from '../../../bench/support/restate/freePorts.js';
import { sql } from '../../../bench/support/restate/invocations.js';
import { silentTelemetry } from '../../../src/abstract/Telemetry.js';
import type { Engine, EngineSetup, Program as LoadedProgram, RunHandle, StartedRun, StartRequest } from '../../../src/engine/Engine.js';
import { batchOf } from '../../../src/engine/restate/batchText.js';
import { Carried } from '../../../src/kernel/codec/Carried.js';
import { SecretVault } from '../../../src/kernel/SecretVault.js';
import { codec, silent } from '../engineHarness.js';
import { engineUnderTest } from '../engineUnderTest.js';
import { ProgramCode, type ProgramPorts } from '../programCode.js';
import { type Node, type Program, partAt } from '../randomProgram.js';
import type { RestateServers } from './engines.js';
import { ProgramEffects } from './ProgramEffects.js';
import { WorkerDoor } from './WorkerDoor.js';

export const COMMAND = 'program';

export interface ProgramRun {
  readonly program: Program;
  readonly handle: RunHandle;
}

/** Which program a run executes, and which part of it; null is the whole. */
interface Params {
  readonly program: number;
  readonly site: number | null;
}

/** An end of a step, and when Restate had it. */
export interface Recorded {
  readonly run: string;
  readonly step: string;
  readonly at: number;
}

interface EntryRow {
  readonly key: string;
  readonly appended_at: string;
  readonly entry_json: string;
}

interface Notification {
  readonly Notification?: { readonly Completion?: { readonly Run?: { readonly result: { readonly Success?: readonly number[] } } } };
}

interface Worker {
  readonly engine: Engine;
  readonly port: number;
}

export class RestatePrograms implements AsyncDisposable {
  readonly effects: ProgramEffects;
  readonly runs: ProgramRun[] = [];
  /** Ids of runs that a step of another began. */
  readonly children = new Set<string>();
  /** What the engines logged as errors. */
  readonly errors: string[] = [];
  private readonly workers: Worker[] = [];
  private readonly programs: Program[] = [];

  private constructor(
    readonly adminUrl: string,
    private readonly door: WorkerDoor,
    seed: number,
  ) {
    this.effects = new ProgramEffects(seed);
  }

  static async open(servers: RestateServers, seed: number): Promise<RestatePrograms> {
    const { adminUrl } = await servers.server();
    const opened = new RestatePrograms(adminUrl, await WorkerDoor.open(), seed);
    for (const port of await freePorts(2)) await opened.add(servers, port);
    return opened;
  }

  /** The first worker's, through which everything is asked for. */
  get engine(): Engine {
    return this.worker(0).engine;
  }

  async start(program: Program): Promise<void> {
    this.programs.push(program);
    const index = this.programs.length - 1;
    const handle = await this.engine.start(requestOf({ program: index, site: null }, { key: `program-${index}` }));
    this.runs.push({ program, handle });
  }

  /** Both workers lose what Restate says; none is reached until `lead`. */
  cut(): void {
    this.door.cut();
  }

  /** New connections lead to one of the two. */
  lead(worker: number): void {
    this.door.leadTo(this.worker(worker).port);
  }

  /** Definite ends of steps that invocations had recorded before they ended themselves. */
  async recorded(): Promise<readonly Recorded[]> {
    const rows = await sql<EntryRow>(
      this.adminUrl,
      `SELECT i.target_service_key AS key, j.appended_at, j.entry_json FROM sys_journal j JOIN sys_invocation i ON i.id = j.id
       WHERE i.target_service_name = '${COMMAND}' AND i.target_handler_name = 'run' AND j.entry_type = 'Notification: Run'`,
    );
    return rows.flatMap(endsIn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { engine } of this.workers) await engine.close();
    await this.door[Symbol.asyncDispose]();
  }

  private worker(index: number): Worker {
    const worker = this.workers[index];
    if (!worker) throw new Error(`there is no worker ${index}`);
    return worker;
  }

  /** Restate learns of a worker through the door, so both are one deployment to it. */
  private async add(servers: RestateServers, port: number): Promise<void> {
    const engine = await servers.engine({ listen: { port, advertised: this.door.url }, unloadAfterMs: 10 });
    await engine.open(this.setupOf(engine));
    this.door.leadTo(port);
    await engine.adopt();
    this.workers.push({ engine, port });
  }

  private setupOf(engine: Engine): EngineSetup {
    return {
      codec,
      logger: { ...silent, error: (message) => this.errors.push(`logged: ${message}`) },
      telemetry: silentTelemetry,
      secrets: new SecretVault([]),
      commands: [COMMAND],
      queues: [],
      load: (run) => this.load(run, engine),
    };
  }

  private load(run: StartedRun, engine: Engine): LoadedProgram {
    const { program: index, site } = codec.decode(run.params.text) as Params;
    const program = this.programs[index] as Program; // Only `start` and steps of programs begin runs.
    const part: Program = site === null ? program : { root: partAt(program.root, site) as Node, undoes: false };
    let code: ProgramCode | undefined;
    return {
      fingerprint: 'f1',
      run: (durable) => {
        code = new ProgramCode(durable, this.portsOf(run, index, engine));
        return code.execute(part);
      },
      carryParams: (params) => Carried.ofText(codec.encode(params, 'params')),
      carryResult: (result) => codec.carry(result, 'the result'),
      report: () => () => 'null',
      unload: () => undefined,
      progress: () => ({ done: 0 }),
      get compensated() {
        return code?.undone ?? false;
      },
    };
  }

  private portsOf({ id: run }: StartedRun, program: number, engine: Engine): ProgramPorts {
    const { effects, children } = this;
    const loadedAt = Date.now();
    const within = (place: string): string => `${program} ${place}`;
    return {
      engine: engineUnderTest,
      note: () => undefined,
      slept: () => undefined,
      call: (node, place, call) => effects.call({ run, loadedAt, node, place: within(place) }, call),
      probe: async (place, call) => effects.probe(within(place), call),
      undo: (place, _output, call) => effects.undo({ run, loadedAt, place: within(place) }, call),
      async startChild({ site }, { key }) {
        const parentStep = key.slice(run.length + 1);
        const { id } = await engine.start(requestOf({ program, site }, { key, parent: run, parentStep }));
        children.add(id);
        return id;
      },
    };
  }
}

function requestOf(params: Params, more: Pick<StartRequest, 'key' | 'parent' | 'parentStep'>): StartRequest {
  const carried = Carried.ofText(codec.encode(params, 'params'));
  return { command: COMMAND, version: '1', fingerprint: 'f1', principal: 'null', params: carried, ...more };
}

function endsIn({ key, appended_at: appendedAt, entry_json: json }: EntryRow): readonly Recorded[] {
  const { Notification: notification } = JSON.parse(json) as Notification;
  const bytes = notification?.Completion?.Run?.result.Success;
  if (!bytes) return [];
  const { records } = batchOf(JSON.parse(Buffer.from(bytes).toString()) as string);
  const run = `${COMMAND}.${key}`;
  const at = Date.parse(appendedAt);
  return records.flatMap(({ kind, status, step }) => (kind === 'step-ended' && status !== 'unknown' && step ? [{ run, step, at }] : []));
}

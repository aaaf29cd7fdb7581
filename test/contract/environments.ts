/** The engines that the contract is for, each with what a test of it needs: applications on one store, time that passes, processes that end. */
import { join } from 'node:path';
import { freePorts } from '../../bench/support/restate/freePorts.js';
import type { AnyCommand, Class, CommandContext, CommandRunner, CommandSpec, Engine, PlainCommand } from '../../src/index.js';
import { embeddedEngine } from '../../src/index.js';
import { type Clock, systemClock } from '../../src/kernel/Clock.js';
import { type ApplicationOptions, commandOf, type NoParams, open } from '../support/application.js';
import { DAY, settle, stateOf, until } from '../support/longRuns.js';
import { ManualClock } from '../support/ManualClock.js';
import { hasRestate, type RestateServers, restateServers } from '../support/restate/engines.js';
import { WorkerDoor } from '../support/restate/WorkerDoor.js';

/** The store of one test, and the applications on it. */
interface World extends AsyncDisposable {
  /** Of the runs; of the bodies of steps only where it is `real`. */
  readonly clock: Clock;
  /** Time passes by itself. */
  readonly isReal: boolean;
  /** How long a run of the test waits that waits for time. */
  readonly pauseMs: number;
  /** So long before something is due it is looked that it has not happened. */
  readonly shortMs: number;
  /** Name of a command or a queue that no other test has. */
  named(name: string): string;
  /** A plain command without params. */
  commandOf<R>(
    run: (ctx: CommandContext) => Promise<R>,
    spec?: Partial<Omit<CommandSpec<NoParams, R>, 'params'>>,
  ): Class<PlainCommand<NoParams, R>>;
  engine(options?: EngineOptions): Promise<Engine>;
  /** Another application; it takes over what its forerunner left. */
  open(commands: readonly Class<AnyCommand>[], options?: WorldOptions): Promise<CommandRunner>;
  /** Everything goes on that waits for nothing from outside. */
  settle(): Promise<void>;
  /** It is this time, in milliseconds since the epoch. */
  passTo(time: number): Promise<void>;
  /** Time goes on until these runs are put aside. */
  untilAside(runner: CommandRunner, ...ids: string[]): Promise<void>;
  /** The process of this application is gone: a Restate worker without a word, the embedded engine handing back what it has. */
  end(runner: CommandRunner): Promise<void>;
}

interface EngineOptions {
  readonly unloadAfterMs?: number;
  readonly drainMs?: number;
}

type WorldOptions = Omit<ApplicationOptions, 'engine'> & EngineOptions;

export interface Environment {
  /** What is there outlives the application. */
  readonly isKept: boolean;
  /** What somebody who waits for a run gets when its code does not agree with what it recorded. */
  readonly divergedCode: 'RUN_DIVERGED' | 'RUN_HANDED_BACK';
  /** @param isReal time passes by itself on every engine */
  world(settings?: { readonly isReal?: boolean }): World;
}

let worlds = 0;

abstract class EngineWorld {
  protected readonly runners: CommandRunner[] = [];
  private readonly number = worlds++;

  abstract engine(options?: EngineOptions): Promise<Engine>;

  named(name: string): string {
    return `${name}-${this.number}`;
  }

  commandOf: World['commandOf'] = (run, spec) => commandOf(run, { ...spec, name: this.named(spec?.name ?? 'written') });

  async open(commands: readonly Class<AnyCommand>[], { unloadAfterMs, drainMs, ...options }: WorldOptions = {}): Promise<CommandRunner> {
    const engine = await this.engine({ ...(unloadAfterMs !== undefined && { unloadAfterMs }), ...(drainMs !== undefined && { drainMs }) });
    const runner = await open(commands, { ...options, engine });
    this.runners.push(runner);
    return runner;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.runners.map((runner) => runner[Symbol.asyncDispose]()));
  }
}

class EmbeddedWorld extends EngineWorld implements World {
  private readonly manual = new ManualClock();
  readonly pauseMs: number;
  readonly shortMs: number;

  constructor(
    private readonly file: string,
    readonly isReal: boolean,
  ) {
    super();
    this.pauseMs = isReal ? 300 : 30 * DAY;
    this.shortMs = isReal ? 100 : 1;
  }

  get clock(): Clock {
    return this.isReal ? systemClock : this.manual;
  }

  async engine(options: EngineOptions = {}): Promise<Engine> {
    const { file, clock } = this;
    return embeddedEngine({ file, clock, durability: 'process', graceMs: 50, drainMs: 20, unloadAfterMs: 1, ...options });
  }

  async settle(): Promise<void> {
    await (this.isReal ? elapse(50) : settle());
  }

  async passTo(time: number): Promise<void> {
    if (this.isReal) await elapse(time - Date.now());
    else this.manual.advance(time - this.manual.now());
    await settle();
  }

  async untilAside(runner: CommandRunner, ...ids: string[]): Promise<void> {
    await until(async () => {
      if (!this.isReal) this.manual.advance(1);
      return areAside(runner, ids);
    });
  }

  end(runner: CommandRunner): Promise<void> {
    return runner[Symbol.asyncDispose]();
  }
}

class RestateWorld extends EngineWorld implements World {
  readonly clock = systemClock;
  readonly isReal = true;
  readonly pauseMs = 600;
  readonly shortMs = 100;
  private door: WorkerDoor | undefined;

  constructor(private readonly servers: RestateServers) {
    super();
  }

  async engine(options: EngineOptions = {}): Promise<Engine> {
    this.door ??= await WorkerDoor.open();
    const [port = 0] = await freePorts(1);
    this.door.leadTo(port);
    return this.servers.engine({ listen: { port, advertised: this.door.url }, unloadAfterMs: 20, ...options });
  }

  settle(): Promise<void> {
    return elapse(60);
  }

  passTo(time: number): Promise<void> {
    return elapse(time - Date.now());
  }

  untilAside(runner: CommandRunner, ...ids: string[]): Promise<void> {
    return until(() => areAside(runner, ids));
  }

  async end(_runner: CommandRunner): Promise<void> {
    this.door?.cut();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await this.door?.[Symbol.asyncDispose]();
  }
}

async function areAside(runner: CommandRunner, ids: readonly string[]): Promise<boolean> {
  const states = await Promise.all(ids.map((id) => stateOf(runner, id)));
  return states.every((state) => state === 'waiting');
}

function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Restate servers are started when the first test of a file needs them. */
export function environments(folder: string): [string, Environment][] {
  let files = 0;
  const embedded = (fileOf: () => string, isKept: boolean): Environment => ({
    isKept,
    divergedCode: 'RUN_DIVERGED',
    world: ({ isReal = false } = {}) => new EmbeddedWorld(fileOf(), isReal),
  });
  const restate = (forceReplay: boolean): Environment => {
    const servers = restateServers(folder, { forceReplay });
    return { isKept: true, divergedCode: 'RUN_HANDED_BACK', world: () => new RestateWorld(servers) };
  };
  return [
    ['in memory', embedded(() => ':memory:', false)],
    ['in a file', embedded(() => join(folder, `${files++}.db`), true)],
    ...(hasRestate()
      ? ([
          ['on Restate', restate(false)],
          ['on Restate, replayed at every await', restate(true)],
        ] as [string, Environment][])
      : []),
  ];
}

/**
 * Commands that use everything a journal can hold, and the application around them, which can be begun again at any point.
 *
 * Owns: the commands, what their application does besides. Does not own: the world, in which every effect happens.
 */
import { IsInt } from 'class-validator';
import {
  type AnyCommand,
  type Call,
  type Class,
  type CommandContext,
  CommandFailure,
  type CommandRunner,
  command,
  type EventContext,
  type EventHandlingResults,
  type Interactions,
  OrchestrationCommand,
  type Outcome,
  operation,
  PlainCommand,
  type Run,
  type StateContext,
  type StateManagementResults,
  System,
  scope,
  system,
  TransientError,
} from '../../src/index.js';
import { commandOf, NoParams } from './application.js';

/** Where the effects are. */
export interface World {
  /** Has an effect; `value` is the same whenever the step is done. */
  effect(act: Act, step: string, call: Call, value?: unknown): void;
  /** An effect with that key has happened. */
  happened(key: string): boolean;
  /** Remembers that the broken step was mended. */
  mend(): void;
  readonly mended: boolean;
}

/** `once` and `undo` are effects of their own kind; `ask` finds out about one. */
export const ACTS = ['effect', 'once', 'ask', 'undo'] as const;
export type Act = (typeof ACTS)[number];

/** What became of the runs of a scenario. */
export type Ends = Readonly<Record<string, unknown>>;

export interface Scenario {
  readonly name: string;
  readonly commands: readonly Class<AnyCommand>[];
  /** What the application does; begun again after every crash, until it comes to its end. */
  drive(runner: CommandRunner): Promise<Ends>;
}

class Go {
  @IsInt()
  n!: number;
}

class Chapter {
  @IsInt()
  n!: number;
}

class Item {
  @IsInt()
  n!: number;
}

const KEY = { key: 'one' };
const DAY_MS = 86_400_000;
const CHAPTERS = 3;

export function scenariosOf(world: World): readonly Scenario[] {
  const body = (name: string, value?: unknown) => async (call: Call) => {
    world.effect('effect', name, call, value);
    return `${name} done`;
  };
  const step = (ctx: CommandContext, name: string) => ctx.step(name, body(name));
  const undoable = (ctx: CommandContext, name: string) =>
    ctx.step(name, body(name), { undo: async (_output, call) => world.effect('undo', name, call) });

  const child = commandOf(async (ctx) => `${await step(ctx, 'wrap')}, ${await step(ctx, 'label')}`, { name: 'child' });

  const sale = commandOf(
    async (ctx): Promise<string> => {
      ctx.publish({ at: 'begun' });
      const gathered: unknown[] = [await undoable(ctx, 'reserve'), await stubborn(ctx)];
      gathered.push(...(await Promise.all([inTurn(ctx, 'left'), inTurn(ctx, 'right')])));
      await ctx.sleep(8);
      gathered.push((await ctx.waitFor('go', { schema: Go })).n, (await ctx.waitFor('go', { schema: Go })).n);
      gathered.push(await ctx.waitFor('never', { schema: Go, timeoutMs: 6 }).catch((error: Error) => error.name));
      gathered.push(await ctx.execute(child, {}));
      gathered.push(await ctx.branch('count', async () => [await step(ctx, 'count'), await step(ctx, 'recount')]));
      gathered.push(await ctx.gate('approved', () => false, { overrideWithinMs: DAY_MS }));
      gathered.push(await ctx.gate('checked', () => false, { overrideWithinMs: 6 }).catch((error: Error) => error.name));
      gathered.push(await charge(ctx));
      await ctx.step('note', body('note', ctx.uuid()));
      throw new CommandFailure('SYSTEM_REFUSED', JSON.stringify(gathered));
    },
    { name: 'sale' },
  );

  /** Succeeds with its third attempt. */
  function stubborn(ctx: CommandContext): Promise<string> {
    const attempt = async (call: Call) => {
      world.effect('effect', 'pack', call);
      if (call.attempt < 3) throw new TransientError('SYSTEM_UNAVAILABLE', 'no box yet');
      return `pack done at ${call.attempt}`;
    };
    return ctx.step('pack', attempt, { retry: { attemptsMax: 5, backoffMs: 4, backoffFactor: 1, jitter: 0 } });
  }

  async function inTurn(ctx: CommandContext, side: string): Promise<readonly string[]> {
    return [await step(ctx, `${side} 1`), await undoable(ctx, `${side} 2`), await step(ctx, `${side} 3`)];
  }

  function charge(ctx: CommandContext): Promise<string> {
    const attempt = async (call: Call) => {
      world.effect('once', 'charge', call);
      return 'charged';
    };
    const probe = async (call: Call) => {
      world.effect('ask', 'charge', call);
      return world.happened(call.key) ? 'charged' : undefined;
    };
    // A process that dies of it counts as an attempt.
    const retry = { attemptsMax: 5, backoffMs: 1 };
    return ctx.step('charge', attempt, {
      effect: 'once',
      probe,
      retry,
      undo: async (_output, call) => world.effect('undo', 'charge', call),
    });
  }

  const stopped = commandOf(
    async (ctx) => {
      await undoable(ctx, 'first');
      await undoable(ctx, 'second');
      await step(ctx, 'ready');
      await ctx.sleep(DAY_MS);
      return 'never';
    },
    { name: 'stopped' },
  );

  const late = commandOf(
    async (ctx) => {
      await undoable(ctx, 'early');
      await ctx.sleep(DAY_MS);
      return 'never';
    },
    { name: 'late', phaseTimeoutsMs: { execution: 60 } },
  );

  const broken = commandOf(
    async (ctx) => {
      const before = await step(ctx, 'before');
      const mended = async (call: Call) => {
        world.effect('effect', 'break', call);
        if (!world.mended) throw new CommandFailure('SYSTEM_REFUSED', 'broken');
        return 'mended';
      };
      return [before, await ctx.step('break', mended), await step(ctx, 'after')];
    },
    { name: 'broken' },
  );

  class Serial extends PlainCommand<Chapter, unknown> {
    async run({ n }: Chapter, ctx: CommandContext): Promise<unknown> {
      const written = await step(ctx, `chapter ${n}`);
      if (n < CHAPTERS) return ctx.continueAs({ n: n + 1 });
      await ctx.start(child, {});
      return written;
    }
  }
  command({ name: 'serial', params: Chapter })(Serial);

  @system({ name: 'store' })
  class Store extends System {
    @operation({ input: Item, output: Item })
    async count(item: Item, call: Call): Promise<Item> {
      call.emit('counted', { n: item.n });
      world.effect('effect', `count ${item.n}`, call);
      return Object.assign(new Item(), { n: item.n * 10 });
    }
  }

  class Stocktaking extends OrchestrationCommand<NoParams, number> {
    private readonly store = new Store();

    defineOrchestrationScope() {
      return scope({ systems: { store: this.store }, events: { counted: Item } });
    }

    async coordinateSystemInteractions({ systems }: Interactions<this>): Promise<number> {
      const [one, two] = await Promise.all([systems.store.count({ n: 1 }), systems.store.count({ n: 2 })]);
      return one.n + two.n;
    }

    async handleOrchestrationEvents({ ctx, event }: EventContext<this>): Promise<EventHandlingResults> {
      await step(ctx, `heard ${(event.data as Item).n}`);
      return 'handled';
    }

    async manageOrchestrationState(_state: StateContext<this>): Promise<StateManagementResults> {
      return { consistent: true };
    }
  }
  command({ name: 'stocktaking', params: NoParams })(Stocktaking);

  return [
    {
      name: 'sale',
      commands: [sale, child],
      drive: async (runner) => {
        const run = await runner.start(sale, {}, KEY);
        const end = run.outcome();
        await unlessEnded(run.override('approved', { by: 'ada', reason: 'looked at' }));
        await reached(runner, run.id, ({ state, records }) => state === 'waiting' || records.some(({ kind }) => kind === 'signal'));
        for (const n of [1, 2]) await unlessEnded(run.notify('go', { n }, { token: `go ${n}` }));
        return { sale: endOf(await end) };
      },
    },
    {
      name: 'stopped',
      commands: [stopped],
      drive: async (runner) => {
        const run = await runner.start(stopped, {}, KEY);
        await reached(runner, run.id, ({ records }) => records.some(({ kind, label }) => kind === 'step-ended' && label === 'ready'));
        await run.cancel('enough');
        return { stopped: endOf(await run.outcome()) };
      },
    },
    {
      name: 'late',
      commands: [late],
      drive: async (runner) => ({ late: endOf(await (await runner.start(late, {}, KEY)).outcome()) }),
    },
    {
      name: 'broken',
      commands: [broken],
      drive: async (runner) => {
        let run: Run<unknown> = await runner.start(broken, {}, KEY);
        if ((await run.outcome()).status === 'failed') {
          world.mend();
          run = await runner.reopen(run.id);
        }
        return { broken: endOf(await run.outcome()) };
      },
    },
    {
      name: 'serial',
      commands: [Serial, child],
      drive: async (runner) => ({ serial: endOf(await (await runner.start(Serial, { n: 1 }, KEY)).outcome()) }),
    },
    {
      name: 'stocktaking',
      commands: [Stocktaking],
      drive: async (runner) => ({ stocktaking: endOf(await (await runner.start(Stocktaking, {}, KEY)).outcome()) }),
    },
  ];
}

function endOf(outcome: Outcome<unknown>): unknown {
  if (outcome.status === 'completed') return { status: outcome.status, result: outcome.result };
  return { error: [outcome.error.code, outcome.error.message] };
}

/** The run may have been told by an earlier process, and have ended. */
async function unlessEnded(told: Promise<void>): Promise<void> {
  await told.catch((error: { readonly code?: string }) => {
    if (error.code !== 'RUN_ENDED') throw error;
  });
}

type History = Awaited<ReturnType<CommandRunner['history']>>;

/** Resolves when a run has come so far, or to its end. */
async function reached(runner: CommandRunner, id: string, far: (history: History) => boolean): Promise<void> {
  for (;;) {
    const history = await runner.history(id);
    if (history.endedAt !== null || far(history)) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Does what the application does, then waits for the runs that nobody waited for and checks every chain of hashes. */
export async function driveToEnd(scenario: Scenario, runner: CommandRunner): Promise<Ends> {
  const ends = await scenario.drive(runner);
  for (const { id } of await runner.runs(100)) await reached(runner, id, () => false);
  return ends;
}

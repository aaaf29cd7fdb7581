/** What a run does with what it did when it fails or is cancelled, through the public door. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { IsInt, IsOptional } from 'class-validator';
import {
  type Call,
  type CommandContext,
  CommandFailure,
  CommandMiddleware,
  command,
  type Ending,
  type Invocation,
  type Outcome,
  PlainCommand,
  type Reversal,
  type StepOptions,
} from '../../../src/index.js';
import { commandOf, NoParams, open } from '../../support/application.js';
import { cutJournal, journalFolder } from '../../support/engineHarness.js';
import { ManualClock } from '../../support/ManualClock.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const no = () => new CommandFailure('SYSTEM_REFUSED', 'no');
const hang = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const AT_ONCE = { undoRetry: { attemptsMax: 5, backoffMs: 0 } } as const;

/** What the systems of a test were told, in order. */
class World {
  readonly told: string[] = [];
  readonly keys = new Map<string, Set<string>>();

  tell(what: string, { key }: Call): string {
    this.told.push(what);
    const keys = this.keys.get(what) ?? new Set<string>();
    this.keys.set(what, keys.add(key));
    return what;
  }

  /** A step that can be undone. */
  do(ctx: CommandContext, name: string, options: StepOptions & Reversal<string> = {}): Promise<string> {
    const undo = async (output: string, call: Call) => this.tell(`undo ${output}`, call);
    return ctx.step(name, async (call) => this.tell(name, call), { undo, ...AT_ONCE, ...options });
  }
}

async function outcomeOf(run: (ctx: CommandContext) => Promise<unknown>, options: Parameters<typeof open>[1] = {}) {
  const Command = commandOf<unknown>(run);
  await using runner = await open([Command], options);
  return await (await runner.start(Command, {})).outcome(); // While the runner is open.
}

describe('a run that fails', () => {
  it.each([
    { steps: [], status: 'failed' },
    { steps: ['a'], status: 'compensated' },
    { steps: ['a', 'b', 'c'], status: 'compensated' },
  ])('after the steps $steps undoes them, the newest first', async ({ steps, status }) => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      for (const step of steps) await world.do(ctx, step);
      throw no();
    });
    const undone = steps.toReversed();
    expect(outcome).toMatchObject({ status, undone, error: { code: 'SYSTEM_REFUSED' } });
    expect(world.told).toEqual([...steps, ...undone.map((step) => `undo ${step}`)]);
  });

  it('leaves alone what cannot be undone, and what did not happen', async () => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      await ctx.step('plain', async (call) => world.tell('plain', call));
      await ctx.step('refused', () => Promise.reject(no()), { undo: async (_output, call) => world.tell('undo refused', call) });
    });
    expect(outcome).toMatchObject({ status: 'failed', undone: [] });
    expect(world.told).toEqual(['plain']);
  });

  it('undoes nothing of it when it ends well, whatever errors its code caught on the way', async () => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      await world.do(ctx, 'a');
      await ctx.step('b', () => Promise.reject(no())).catch(() => undefined);
      return world.do(ctx, 'c');
    });
    expect(outcome).toMatchObject({ status: 'completed', result: 'c', undone: [] });
    expect(world.told).toEqual(['a', 'c']);
  });

  it('throws its error to whoever executes it, and has the undoing in its timeline', async () => {
    const world = new World();
    const Command = commandOf<unknown>(async (ctx) => {
      await world.do(ctx, 'a');
      throw no();
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await expect(run.result()).rejects.toMatchObject({ code: 'SYSTEM_REFUSED' });
    await expect(runner.execute(Command, {})).rejects.toBeInstanceOf(CommandFailure);
    const { timeline } = await run.outcome();
    expect(timeline.find(({ phase }) => phase === 'execution')?.activities).toMatchObject([{ name: 'compensation', status: 'done' }]);
    expect((await runner.runs())[0]?.state).toBe('compensated');
  });

  it('waits for what is under way, and undoes it too: siblings, race losers, what nobody awaited', async () => {
    const world = new World();
    const gates = new Map<string, () => void>();
    const late = (ctx: CommandContext, name: string) =>
      ctx.step(
        name,
        async (call) => {
          await new Promise<void>((resolve) => gates.set(name, resolve));
          return world.tell(name, call);
        },
        { undo: async (output, call) => world.tell(`undo ${output}`, call) },
      );
    const Command = commandOf<unknown>(async (ctx) => {
      void late(ctx, 'forgotten');
      await Promise.race([late(ctx, 'loser'), ctx.step('winner', async () => 1)]);
      await Promise.all([late(ctx, 'sibling'), ctx.step('refused', () => Promise.reject(no()))]);
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await settle();
    for (const name of ['loser', 'sibling', 'forgotten']) {
      expect(world.told.some((what) => what.startsWith('undo'))).toBe(false);
      gates.get(name)?.();
      await settle();
    }
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['forgotten', 'sibling', 'loser'] });
    expect(outcome.findings).toMatchObject([{ subject: 'forgotten' }]);
  });

  it('begins nothing more while it undoes, and nothing that would have to be undone after that', async () => {
    const world = new World();
    const refusals: unknown[] = [];
    const outcome = await outcomeOf(async (ctx) => {
      const straying = async () => {
        await ctx.step('slow', async () => settle());
        for (const ask of [
          () => world.do(ctx, 'late'),
          () => ctx.step('plain', async () => 1),
          () => ctx.sleep(1),
          () => ctx.branch('part', async () => 1),
        ]) {
          await ask().catch((error: unknown) => refusals.push(error));
        }
      };
      await world.do(ctx, 'a');
      await Promise.all([straying(), ctx.step('refused', () => Promise.reject(no()))]);
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['a'] });
    expect(refusals).toMatchObject(Array.from({ length: 4 }, () => ({ code: 'RUN_CANCELLED' })));
    expect(world.told).toEqual(['a', 'undo a']);
  });

  it('undoes also what a branch did, and what the other phases did', async () => {
    const world = new World();
    @command({ name: 'phases', params: NoParams })
    class Phases extends PlainCommand<NoParams, string> {
      override async check(_params: NoParams, ctx: CommandContext) {
        await world.do(ctx, 'check');
      }
      async run(_params: NoParams, ctx: CommandContext) {
        await Promise.all(['left', 'right'].map((side) => ctx.branch('side', () => world.do(ctx, side))));
        return ctx.branch('outer', () => ctx.branch('inner', () => world.do(ctx, 'deep')));
      }
      override async verify(_result: string, _params: NoParams, ctx: CommandContext) {
        await world.do(ctx, 'verify');
        throw no();
      }
    }
    await using runner = await open([Phases]);
    const outcome = await (await runner.start(Phases, {})).outcome();
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['verify', 'deep', 'right', 'left', 'check'] });
    expect([...world.keys.values()].every((keys) => keys.size === 1)).toBe(true);
  });

  it('undoes what it did when its result cannot be kept', async () => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      await world.do(ctx, 'a');
      return () => undefined;
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['a'], error: { code: 'VALUE_NOT_CARRIED' } });
  });

  it('undoes what it did when its time is up', async () => {
    const world = new World();
    const clock = new ManualClock();
    const Command = commandOf<unknown>(async (ctx) => {
      await world.do(ctx, 'a');
      await ctx.sleep(1_000_000);
    });
    await using runner = await open([Command], { engine: { clock } });
    const run = await runner.start(Command, {}, { deadline: new Date(clock.now() + 1000) });
    await settle();
    clock.advance(1000);
    expect(await run.outcome()).toMatchObject({ status: 'compensated', undone: ['a'], error: { code: 'DEADLINE_PASSED' } });
  });

  it('goes on as another without undoing anything when it continues', async () => {
    const world = new World();
    class Round {
      @IsOptional()
      @IsInt()
      n?: number;
    }
    @command({ name: 'rounds', params: Round })
    class Rounds extends PlainCommand<Round, string> {
      async run({ n = 0 }: Round, ctx: CommandContext): Promise<string> {
        const done = await world.do(ctx, `round ${n}`);
        return n < 2 ? ctx.continueAs({ n: n + 1 }) : done;
      }
    }
    await using runner = await open([Rounds]);
    expect(await runner.execute(Rounds, {})).toBe('round 2');
    expect(world.told).toEqual(['round 0', 'round 1', 'round 2']);
  });
});

describe('middleware', () => {
  const around = (told: string[], after: (ending: Ending) => void) => ({
    bind: (container: import('inversify').Container) => {
      class Around extends CommandMiddleware {
        override async after({ ctx }: Invocation, ending: Ending) {
          await ctx.step('told', async () => told.push('error' in ending ? 'failed' : 'done'));
          after(ending);
        }
      }
      container.bind(CommandMiddleware).to(Around);
    },
  });

  it('is told of a failure when it was undone, and may do steps then', async () => {
    const world = new World();
    await outcomeOf(
      async (ctx) => {
        await world.do(ctx, 'a');
        throw no();
      },
      around(world.told, () => undefined),
    );
    expect(world.told).toEqual(['a', 'undo a', 'failed']);
  });

  it('that fails a run which was done has it undone', async () => {
    const world = new World();
    const fail = () => {
      throw no();
    };
    const outcome = await outcomeOf((ctx) => world.do(ctx, 'a'), around(world.told, fail));
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['a'] });
    expect(world.told).toEqual(['a', 'done', 'undo a']);
  });
});

describe('a run that is cancelled', () => {
  async function cancelled(run: (ctx: CommandContext) => Promise<unknown>): Promise<Outcome<unknown>> {
    const Command = commandOf<unknown>(run);
    await using runner = await open([Command]);
    const started = await runner.start(Command, {});
    await settle();
    await started.cancel('enough');
    return await started.outcome();
  }

  it('undoes what it did, and stays cancelled', async () => {
    const world = new World();
    const outcome = await cancelled(async (ctx) => {
      await world.do(ctx, 'a');
      await world.do(ctx, 'b');
      await ctx.sleep(1_000_000);
    });
    expect(outcome).toMatchObject({ status: 'cancelled', undone: ['b', 'a'], error: { code: 'RUN_CANCELLED' } });
    expect(world.told).toEqual(['a', 'b', 'undo b', 'undo a']);
  });

  it('finds out what became of a step that was cut off, with its key, and undoes that too', async () => {
    const world = new World();
    const outcome = await cancelled(async (ctx) => {
      await world.do(ctx, 'a');
      await ctx.step(
        'cut',
        async (call) => {
          world.tell('cut', call);
          return call.signal.aborted || world.told.includes('again') ? 'cut' : hang(call.signal).finally(() => world.told.push('again'));
        },
        { undo: async (output, call) => world.tell(`undo ${output}`, call) },
      );
    });
    expect(outcome).toMatchObject({ status: 'cancelled', undone: ['cut', 'a'], error: { code: 'RUN_CANCELLED' } });
    expect(world.told).toEqual(['a', 'cut', 'again', 'cut', 'undo cut', 'undo a']);
    expect(world.keys.get('cut')?.size).toBe(1);
  });

  it('does not undo what it had not begun', async () => {
    const world = new World();
    const outcome = await cancelled(async (ctx) => {
      await world.do(ctx, 'a');
      await ctx.sleep(1_000_000).catch(() => undefined);
      await world.do(ctx, 'late');
    });
    expect(outcome).toMatchObject({ status: 'cancelled', undone: ['a'] });
    expect(world.told).toEqual(['a', 'undo a']);
  });

  it('while it undoes what a failure left goes on undoing: that cannot be cancelled', async () => {
    const world = new World();
    let release = (): void => undefined;
    const Command = commandOf<unknown>(async (ctx) => {
      await world.do(ctx, 'a');
      await world.do(ctx, 'b', {
        undo: async (_output, call) => {
          await new Promise<void>((resolve) => {
            release = resolve;
          });
          expect(call.signal.aborted).toBe(false);
          world.tell('undo b', call);
        },
      });
      throw no();
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await settle();
    await run.cancel('enough');
    await settle();
    release();
    expect(await run.outcome()).toMatchObject({ status: 'compensated', undone: ['b', 'a'], error: { code: 'SYSTEM_REFUSED' } });
  });
});

describe('an undo', () => {
  it('that fails is tried again with the same key, and gets what the step gave', async () => {
    const world = new World();
    let tries = 0;
    const outcome = await outcomeOf(async (ctx) => {
      await ctx.step('a', async () => ({ id: 7 }), {
        ...AT_ONCE,
        undo: async ({ id }, call) => {
          tries += 1;
          world.tell(`undo ${id}`, call);
          if (tries < 3) throw new Error('not now');
        },
      });
      throw no();
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['a'] });
    expect([world.told, world.keys.get('undo 7')?.size]).toEqual([['undo 7', 'undo 7', 'undo 7'], 1]);
  });

  it('that fails for good leaves the run open; resumed, it goes on where it stood', async () => {
    const world = new World();
    const file = newFile();
    let mended = false;
    const Command = commandOf<unknown>(async (ctx) => {
      await world.do(ctx, 'a');
      await world.do(ctx, 'b', {
        undo: async (_output, call) => {
          if (!mended) throw new Error('out of order');
          world.tell('undo b', call);
        },
      });
      await world.do(ctx, 'c');
      throw no();
    });
    await using runner = await open([Command], { engine: { file } });
    const run = await runner.start(Command, {});
    await expect(run.outcome()).rejects.toMatchObject({ code: 'UNDO_FAILED', message: expect.stringContaining('out of order') });
    expect(world.told).toEqual(['a', 'b', 'c', 'undo c']);
    expect((await runner.runs())[0]).toMatchObject({ state: 'stopped', waits: [{ what: 'person' }] });
    mended = true;
    const resumed = await runner.resume(run.id);
    expect(await resumed.outcome()).toMatchObject({ status: 'compensated', undone: ['c', 'b', 'a'] });
    expect(world.told).toEqual(['a', 'b', 'c', 'undo c', 'undo b', 'undo a']);
  });

  it('of equal steps goes to each with its own output and key', async () => {
    const world = new World();
    let n = 0;
    const outcome = await outcomeOf(async (ctx) => {
      const take = () => ctx.step('take', async () => `place ${n++}`, { undo: async (output, call) => world.tell(`give ${output}`, call) });
      await take();
      await take();
      throw no();
    });
    expect(outcome.undone).toEqual(['take', 'take']);
    expect(world.told).toEqual(['give place 1', 'give place 0']);
    expect(new Set([...world.keys.values()].flatMap((keys) => [...keys])).size).toBe(2);
  });
});

describe('an outcome that is unknown', () => {
  /** Does it at the first attempt, and loses the answer to that one. */
  const losing = (world: World, name: string) => {
    let attempts = 0;
    return async (call: Call) => {
      attempts += 1;
      world.tell(name, call);
      return attempts === 1 ? hang(call.signal) : name;
    };
  };
  const LIMIT = { timeoutMs: 20 } as const;

  it('is settled by asking again with the same key, and undone if it happened', async () => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      await world.do(ctx, 'a');
      const undo = async (output: string, call: Call) => world.tell(`undo ${output}`, call);
      await ctx.step<string>('lost', losing(world, 'lost'), { ...LIMIT, undo });
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['lost', 'a'], error: { code: 'OUTCOME_UNKNOWN' } });
    expect(world.told).toEqual(['a', 'lost', 'lost', 'undo lost', 'undo a']);
    expect(world.keys.get('lost')?.size).toBe(1);
  });

  it('is not undone when asking again says that it did not happen', async () => {
    const world = new World();
    let attempts = 0;
    const outcome = await outcomeOf(async (ctx) => {
      await world.do(ctx, 'a');
      await ctx.step<string>('lost', async (call) => (attempts++ === 0 ? hang(call.signal) : Promise.reject(no())), {
        ...LIMIT,
        undo: async (output, call) => world.tell(`undo ${output}`, call),
      });
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['a'] });
    expect([attempts, world.told]).toEqual([2, ['a', 'undo a']]);
  });

  it('that the code settled itself is not asked for a third time, and undone once', async () => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      const body = losing(world, 'lost');
      const undo = async (output: string, call: Call) => world.tell(`undo ${output}`, call);
      const ask = () => ctx.step<string>('lost', body, { ...LIMIT, undo });
      await ask().catch(ask);
      await world.do(ctx, 'b');
      throw no();
    });
    expect(outcome.undone).toEqual(['b', 'lost']);
    expect(world.told).toEqual(['lost', 'lost', 'b', 'undo b', 'undo lost']);
  });

  it.each([true, false])('of what may happen once only: nothing is undone, and the run ends unknown (undoable: %s)', async (undoable) => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      await world.do(ctx, 'a');
      const undo = async (output: string, call: Call) => world.tell(`undo ${output}`, call);
      await ctx.step<string>('charge', losing(world, 'charge'), { ...LIMIT, effect: 'once', ...(undoable ? { undo } : {}) });
    });
    expect(outcome).toMatchObject({ status: 'unknown', undone: [], error: { code: 'OUTCOME_UNKNOWN' } });
    expect(world.told).toEqual(['a', 'charge']);
  });

  it('of what may happen once only is undone when its probe says that it happened', async () => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      await ctx.step<string>('charge', losing(world, 'charge'), {
        ...LIMIT,
        effect: 'once',
        probe: async () => 'charge',
        undo: async (output, call) => world.tell(`undo ${output}`, call),
      });
      throw no();
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['charge'] });
    expect(world.told).toEqual(['charge', 'undo charge']);
  });

  it('that stays unknown keeps everything else from being undone', async () => {
    const world = new World();
    const outcome = await outcomeOf(async (ctx) => {
      await world.do(ctx, 'a');
      const body = (call: Call) => {
        world.tell('gone', call);
        return hang(call.signal);
      };
      await ctx.step<string>('gone', body, {
        ...LIMIT,
        undo: async (output, call) => world.tell(`undo ${output}`, call),
        undoRetry: { attemptsMax: 2, backoffMs: 0 },
      });
    });
    expect(outcome).toMatchObject({ status: 'unknown', undone: [], error: { code: 'OUTCOME_UNKNOWN' } });
    expect(world.told).toEqual(['a', 'gone', 'gone', 'gone']);
  });
});

describe('a crash', () => {
  it('at any record leaves a run that, resumed, undoes the rest: each effect at least once, with one key', async () => {
    const file = newFile();
    const of = (world: World) =>
      commandOf<unknown>(async (ctx) => {
        await world.do(ctx, 'a');
        await Promise.all(['b', 'c'].map((name) => ctx.branch('part', () => world.do(ctx, name))));
        await ctx.step('refused', () => Promise.reject(no()));
      });
    const whole = new World();
    const Command = of(whole);
    const first = await open([Command], { engine: { file } });
    const run = await first.start(Command, {});
    const { undone } = await run.outcome();
    await first[Symbol.asyncDispose]();
    const records = recordsOf(file);
    expect(undone).toHaveLength(3);
    for (let kept = 1; kept < records; kept += 1) {
      const copy = newFile();
      cutJournal(file, copy, kept);
      const world = new World();
      await using runner = await open([of(world)], { engine: { file: copy }, start: { resume: false } });
      const outcome = await (await runner.resume(run.id)).outcome();
      expect([kept, outcome.status, outcome.undone]).toEqual([kept, 'compensated', undone]);
      for (const [what, keys] of world.keys) expect([what, ...keys]).toEqual([what, ...(whole.keys.get(what) ?? [])]);
    }
  });

  function recordsOf(file: string): number {
    const copy = newFile();
    copyFileSync(file, copy);
    const database = new DatabaseSync(copy);
    const row = database.prepare('SELECT max(seq) AS records FROM record').get() as { records: number };
    database.close();
    return row.records;
  }
});

/** What a run waits for besides its steps, what it tells while it waits, and the runs that it begins. */
import { join } from 'node:path';
import { Type } from 'class-transformer';
import { IsDate, IsInt, IsOptional, IsString, Min } from 'class-validator';
import { type CommandContext, CommandFailure, command, PlainCommand } from '../../../src/index.js';
import { commandOf, NoParams, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';
import { ManualClock } from '../../support/ManualClock.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const YEAR = 365 * 86_400_000;

class Approval {
  @IsString()
  by!: string;

  @IsInt()
  @Min(1)
  limit!: number;

  @IsOptional()
  @Type(() => Date)
  @IsDate()
  until?: Date;
}

describe('a sleep', () => {
  it('ends when its time has come, by the clock of the engine', async () => {
    const clock = new ManualClock();
    const Command = commandOf(async (ctx) => {
      const before = ctx.now().getTime();
      await ctx.sleep(2 * YEAR);
      return ctx.now().getTime() - before;
    });
    await using runner = await open([Command], { engine: { clock } });
    const run = await runner.start(Command, {});
    await settle();
    clock.advance(2 * YEAR - 1);
    await settle();
    expect((await runner.runs())[0]).toMatchObject({ endedAt: null, waits: [{ what: 'timer' }] });
    clock.advance(1);
    expect(await run.result()).toBe(2 * YEAR);
  });

  it('goes on while no process has the run', async () => {
    const clock = new ManualClock();
    const file = newFile();
    const Command = commandOf(async (ctx) => {
      await ctx.sleep(YEAR);
      return ctx.step('after', async () => 'awake');
    });
    const first = await open([Command], { engine: { file, clock } });
    const { id } = await first.start(Command, {});
    await settle();
    await first[Symbol.asyncDispose]();
    clock.advance(YEAR);
    await using second = await open([Command], { engine: { file, clock } });
    expect(await (await second.resume(id)).result()).toBe('awake');
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 101 * YEAR, '5' as never])('is refused for %s', async (durationMs) => {
    const Command = commandOf((ctx) => ctx.sleep(durationMs));
    await using runner = await open([Command]);
    await expect(runner.execute(Command, {})).rejects.toMatchObject({ code: 'DURATION_INVALID' });
  });

  it('that nobody awaits is named, and so is a wait, a part or a continuation', async () => {
    const Command = commandOf(async (ctx) => {
      void ctx.sleep(-1);
      void ctx.waitFor('word', { schema: Approval, timeoutMs: -1 });
      void ctx.branch('part', async () => 1);
      void ctx.notify('word', 5 as never);
      void ctx.continueAs(7 as never);
      await ctx.step('last', async () => 1);
    });
    await using runner = await open([Command]);
    const { status, findings } = await (await runner.start(Command, {})).outcome();
    expect([status, findings.map(({ subject }) => subject)]).toEqual([
      'completed',
      ['sleep -1', 'signal word', 'branch part', 'notify word', 'continueAs'],
    ]);
  });
});

describe('a signal', () => {
  const Waiting = commandOf<unknown>(async (ctx) => {
    const approval = await ctx.waitFor('approval', { schema: Approval });
    return [approval instanceof Approval, approval.by, approval.limit, approval.until];
  });

  it('comes to the code as an instance of its class', async () => {
    await using runner = await open([Waiting], { engine: { unloadAfterMs: 0 } });
    const run = await runner.start(Waiting, {});
    while ((await runner.runs())[0]?.state !== 'waiting') await settle();
    expect((await runner.runs())[0]?.waits).toMatchObject([{ what: 'signal', name: 'approval' }]);
    const until = new Date(0);
    await run.notify('approval', { by: 'ada', limit: 7, until });
    expect(await run.result()).toEqual([true, 'ada', 7, until]);
  });

  it('may come before it is waited for; they are taken in order, each once', async () => {
    const Command = commandOf(async (ctx) => {
      await ctx.waitFor('begin', { schema: NoParams });
      const taken: string[] = [];
      for (let n = 0; n < 3; n += 1) taken.push((await ctx.waitFor('approval', { schema: Approval })).by);
      return taken;
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    for (const by of ['ada', 'grace']) await runner.notify(run.id, 'approval', { by, limit: 1 });
    await runner.notify(run.id, 'begin', {});
    await runner.notify(run.id, 'approval', { by: 'edsger', limit: 1 });
    expect(await run.result()).toEqual(['ada', 'grace', 'edsger']);
  });

  it('of one token counts once', async () => {
    const Command = commandOf(async (ctx) => {
      const first = await ctx.waitFor('approval', { schema: Approval });
      const second = await ctx.waitFor('approval', { schema: Approval });
      return [first.by, second.by];
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    for (const by of ['ada', 'ada again']) await run.notify('approval', { by, limit: 1 }, { token: 'order 7' });
    await run.notify('approval', { by: 'grace', limit: 1 }, { token: 'order 8' });
    expect(await run.result()).toEqual(['ada', 'grace']);
  });

  it('that does not come in time is a timeout, with its name', async () => {
    const clock = new ManualClock();
    const Command = commandOf((ctx) => ctx.waitFor('approval', { schema: Approval, timeoutMs: 1000 }));
    await using runner = await open([Command], { engine: { clock } });
    const run = await runner.start(Command, {});
    await settle();
    clock.advance(1000);
    expect(await run.outcome()).toMatchObject({
      status: 'failed',
      error: { code: 'SIGNAL_TIMED_OUT', message: expect.stringContaining('"approval" did not come within 1000 ms') },
    });
  });

  it('that breaks the rules of the class is an error of the wait, with all violations; the code may wait for another', async () => {
    const Command = commandOf<unknown>(async (ctx) => {
      const refused = await ctx.waitFor('approval', { schema: Approval }).catch((error: unknown) => error);
      const { by } = await ctx.waitFor('approval', { schema: Approval });
      return [(refused as { code: string }).code, (refused as { details: unknown }).details, by];
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await run.notify('approval', { limit: 0, colour: 'red' });
    await run.notify('approval', { by: 'ada', limit: 1 });
    const [code, details, by] = (await run.result()) as [string, { violations: { path: string }[] }, string];
    expect([code, details.violations.map(({ path }) => path).toSorted(), by]).toEqual([
      'SIGNAL_INVALID',
      ['by', 'by', 'colour', 'limit'].filter((path, at, all) => all.indexOf(path) === at),
      'ada',
    ]);
  });

  it('is an object of plain data, and for a run that is open', async () => {
    await using runner = await open([Waiting]);
    const run = await runner.start(Waiting, {});
    await expect(run.notify('approval', 5 as never)).rejects.toMatchObject({ code: 'SIGNAL_INVALID' });
    await expect(run.notify('approval', { by: () => 1 })).rejects.toMatchObject({ code: 'VALUE_NOT_CARRIED' });
    await expect(runner.notify('nobody', 'approval', {})).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await run.notify('approval', { by: 'ada', limit: 1 });
    await run.result();
    await expect(run.notify('approval', { by: 'ada', limit: 1 })).rejects.toMatchObject({ code: 'RUN_ENDED' });
  });

  it('of a class without rules is taken as it is', async () => {
    class Loose {
      colour = 'red';
      size?: number;
    }
    const Command = commandOf<unknown>(async (ctx) => {
      const loose = await ctx.waitFor('loose', { schema: Loose });
      return [loose instanceof Loose, loose.colour, loose.size];
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await run.notify('loose', { size: 7 });
    expect(await run.result()).toEqual([true, 'red', 7]);
  });

  it('goes from one part of the code to another, once, also when the code is replayed', async () => {
    const file = newFile();
    const Command = commandOf(async (ctx) => {
      const listening = async () => {
        const heard = [(await ctx.waitFor('word', { schema: Approval })).by, (await ctx.waitFor('word', { schema: Approval })).by];
        return heard;
      };
      const telling = async () => {
        await ctx.notify('word', { by: 'inside', limit: 1 });
        await ctx.step('told', async () => 1);
      };
      const [heard] = await Promise.all([listening(), telling()]);
      return heard;
    });
    const first = await open([Command], { engine: { file } });
    const { id } = await first.start(Command, {});
    await settle();
    await first[Symbol.asyncDispose]();
    await using second = await open([Command], { engine: { file } });
    await second.notify(id, 'word', { by: 'outside', limit: 1 });
    expect(await (await second.resume(id)).result()).toEqual(['inside', 'outside']);
  });
});

describe('what a run publishes', () => {
  it('is what a query gives, also when the run has ended', async () => {
    const Command = commandOf(async (ctx) => {
      ctx.publish({ at: 'the gate', since: new Date(0) });
      await ctx.waitFor('go', { schema: NoParams });
      ctx.publish({ at: 'the end' });
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await settle();
    expect(await runner.query(run.id)).toEqual({ at: 'the gate', since: new Date(0) });
    await run.notify('go', {});
    await run.result();
    expect(await runner.query(run.id)).toEqual({ at: 'the end' });
  });

  it('is undefined for a run that published nothing', async () => {
    const Command = commandOf(async () => 1);
    await using runner = await open([Command]);
    const run = await runner.start(Command, {}, { key: 'kept' });
    await run.result();
    expect(await runner.query(run.id)).toBeUndefined();
    await expect(runner.query('nobody')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

describe('a branch', () => {
  it('is recorded as one: a resumed run has its outcome without running it again', async () => {
    const file = newFile();
    let bodies = 0;
    const Command = commandOf<unknown>(async (ctx) => {
      const drawn = await ctx.branch('draw', async () => {
        bodies += 1;
        const picked = await ctx.step('pick', async () => 7);
        return [picked, ctx.uuid(), await ctx.branch('inner', () => ctx.step('pick', async () => 8))];
      });
      await ctx.waitFor('go', { schema: NoParams });
      return [drawn, ctx.uuid()];
    });
    const first = await open([Command], { engine: { file } });
    const { id } = await first.start(Command, {});
    await settle();
    expect((await first.history(id)).records.filter(({ kind }) => kind === 'step-ended')).toEqual([]);
    await first[Symbol.asyncDispose]();
    await using second = await open([Command], { engine: { file } });
    const run = await second.resume(id);
    await run.notify('go', {});
    const [[picked, uuid, inner], after] = (await run.result()) as [[number, string, number], string];
    expect([picked, inner, bodies]).toEqual([7, 8, 1]);
    expect(uuid).not.toBe(after);
  });

  it('keeps equal steps in different parts apart', async () => {
    const keys: string[] = [];
    const Command = commandOf(async (ctx) => {
      const part = () => ctx.branch('part', () => ctx.step('same', async ({ key }) => keys.push(key)));
      await Promise.all([part(), part(), ctx.step('same', async ({ key }) => keys.push(key))]);
    });
    await using runner = await open([Command]);
    await runner.execute(Command, {});
    expect(new Set(keys).size).toBe(3);
    expect(keys.filter((key) => key.includes('part'))).toHaveLength(2);
  });

  it('rejects with what its body throws', async () => {
    const Command = commandOf(async (ctx) =>
      ctx.branch('part', () => Promise.reject(new CommandFailure('SYSTEM_REFUSED', 'no'))).catch((error: CommandFailure) => error.code),
    );
    await using runner = await open([Command]);
    expect(await runner.execute(Command, {})).toBe('SYSTEM_REFUSED');
  });
});

class Count {
  @IsInt()
  n!: number;
}

@command({ name: 'count-down', params: Count })
class CountDown extends PlainCommand<Count, string> {
  async run({ n }: Count, ctx: CommandContext): Promise<string> {
    await ctx.step('count', async () => n);
    if (n === 0) return ctx.runId;
    return ctx.continueAs({ n: n === 13 ? 'thirteen' : n - 1 });
  }
}

describe('a run that continues as another', () => {
  it('has the outcome of its last successor', async () => {
    await using runner = await open([CountDown]);
    const run = await runner.start(CountDown, { n: 3 });
    const last = await run.result();
    expect(last).not.toBe(run.id);
    const runs = await runner.runs();
    expect(runs.map(({ state }) => state).toSorted()).toEqual(['completed', 'continued', 'continued', 'continued']);
    expect((await runner.history(run.id)).successor).not.toBeNull();
  });

  it('fails when the params of its successor are not valid', async () => {
    await using runner = await open([CountDown]);
    expect(await (await runner.start(CountDown, { n: 13 })).outcome()).toMatchObject({
      status: 'failed',
      error: { code: 'PARAMS_INVALID', message: expect.stringContaining('n: must be an integer number') },
    });
  });
});

describe('a run that is started from another', () => {
  it('is not waited for, goes on when the other has failed, and has its principal and not its deadline', async () => {
    const seen: unknown[] = [];
    const Inner = commandOf(
      async (ctx) => {
        seen.push(ctx.principal, ctx.deadline);
        await ctx.waitFor('go', { schema: NoParams });
        return 'on its own';
      },
      { name: 'inner' },
    );
    const Outer = commandOf<unknown>(async (ctx) => {
      const id = await ctx.start(Inner, {});
      throw new CommandFailure('SYSTEM_REFUSED', id);
    });
    await using runner = await open([Inner, Outer]);
    const outer = await runner.start(Outer, {}, { principal: 'ada', deadline: new Date(Date.now() + 60_000) });
    const outcome = await outer.outcome();
    expect(outcome.status).toBe('failed');
    const id = outcome.status === 'failed' ? outcome.error.message : '';
    await runner.notify(id, 'go', {});
    expect(await (await runner.resume(id)).result()).toBe('on its own');
    expect(seen).toEqual(['ada', undefined]);
    expect((await runner.document(id)).parent).toBe(outer.id);
  });

  it('is the same run after a crash of the other', async () => {
    const file = newFile();
    const Inner = commandOf(async (ctx) => ctx.runId, { name: 'inner' });
    const Outer = commandOf(async (ctx) => {
      const id = await ctx.start(Inner, {}, { key: 'only' });
      await ctx.waitFor('go', { schema: NoParams });
      return id;
    });
    const first = await open([Inner, Outer], { engine: { file } });
    const { id } = await first.start(Outer, {});
    await settle();
    await first[Symbol.asyncDispose]();
    await using second = await open([Inner, Outer], { engine: { file } });
    await second.notify(id, 'go', {});
    const inner = await (await second.resume(id)).result();
    const runs = await second.runs();
    expect(runs.filter(({ command: name }) => name === 'inner').map((run) => run.id)).toEqual([inner]);
  });

  it('is refused with what is wrong with its params', async () => {
    const Outer = commandOf((ctx) => ctx.start(CountDown, { n: 0.5 }));
    await using runner = await open([CountDown, Outer]);
    await expect(runner.execute(Outer, {})).rejects.toMatchObject({ code: 'PARAMS_INVALID' });
    expect(await runner.runs()).toHaveLength(1);
  });
});

/** What a runner does with runs that are there: tell them, stop them, go on with them, look after the journal, keep them in a queue. */
import { join } from 'node:path';
import { IsString } from 'class-validator';
import { type CommandContext, CommandFailure, command, PlainCommand, type RunCheck } from '../../../src/index.js';
import { commandOf, NoParams, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const Waiting = commandOf(async (ctx) => {
  await ctx.waitFor('go', { schema: NoParams });
  return 'gone';
});

describe('a run', () => {
  it('is cancelled by its id, also when no process has it', async () => {
    await using runner = await open([Waiting], { engine: { unloadAfterMs: 0 } });
    const loaded = await runner.start(Waiting, {});
    await runner.cancel(loaded.id, 'enough');
    expect(await loaded.outcome()).toMatchObject({ status: 'cancelled', error: { code: 'RUN_CANCELLED' } });
    const unloaded = await runner.start(Waiting, {});
    while ((await runner.runs())[0]?.state !== 'waiting') await settle();
    await runner.cancel(unloaded.id, 'enough');
    expect(await unloaded.outcome()).toMatchObject({ status: 'cancelled' });
    await expect(runner.cancel('nobody', 'enough')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('that failed is gone on with when its code was mended: what it had done stands', async () => {
    const done: string[] = [];
    let mended = false;
    const Command = commandOf(async (ctx) => {
      await ctx.step('first', async () => done.push('first'));
      await ctx.step('second', async () => {
        if (!mended) throw new CommandFailure('SYSTEM_REFUSED', 'a defect');
        return done.push('second');
      });
      return done.length;
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {}, { key: 'kept' });
    expect((await run.outcome()).status).toBe('failed');
    mended = true;
    const reopened = await runner.reopen(run.id);
    expect([reopened.id, await reopened.result()]).toEqual([run.id, 2]);
    expect(done).toEqual(['first', 'second']);
    await expect(runner.reopen(run.id)).rejects.toMatchObject({ code: 'RUN_NOT_REOPENED' });
  });

  it('that failed and was undone is not gone on with', async () => {
    const Command = commandOf<unknown>(async (ctx) => {
      await ctx.step('first', async () => 1, { undo: async () => undefined });
      throw new CommandFailure('SYSTEM_REFUSED', 'no');
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {}, { key: 'kept' });
    expect((await run.outcome()).status).toBe('compensated');
    await expect(runner.reopen(run.id)).rejects.toMatchObject({ code: 'RUN_NOT_REOPENED' });
  });

  it('is forked: another run with the past that the first one had at a step', async () => {
    const done: string[] = [];
    const Command = commandOf(async (ctx) => {
      const first = await ctx.step('first', async () => done.push('first'));
      const second = await ctx.step('second', async () => done.push('second'));
      return [first, second];
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {}, { key: 'kept' });
    expect(await run.result()).toEqual([1, 2]);
    const { records } = await runner.history(run.id);
    const second = records.find(({ kind, label }) => kind === 'step-ended' && label === 'second');
    const fork = await runner.fork(run.id, { seq: second?.seq ?? 0 });
    expect(fork.id).not.toBe(run.id);
    expect(await fork.result()).toEqual([1, 3]);
    expect(done).toEqual(['first', 'second', 'second']);
    await expect(runner.fork(run.id, { step: 'nowhere' })).rejects.toMatchObject({ code: 'FORK_REFUSED' });
  });
});

describe('the journal', () => {
  it('is checked against the present code, without doing anything', async () => {
    const file = newFile();
    const done: string[] = [];
    const of = (steps: readonly string[]) =>
      commandOf(async (ctx) => {
        for (const step of steps) await ctx.step(step, async () => done.push(step));
        await ctx.waitFor('go', { schema: NoParams });
      });
    const Command = of(['first']);
    const first = await open([Command], { engine: { file } });
    const { id } = await first.start(Command, {});
    await settle();
    await first[Symbol.asyncDispose]();
    const verdictOf = async (steps: readonly string[]) => {
      await using runner = await open([of(steps)], { engine: { file }, start: { resume: false } });
      const found: RunCheck[] = [];
      for await (const check of runner.check()) found.push(check);
      return found;
    };
    expect(await verdictOf(['first'])).toMatchObject([{ id, verdict: 'continues' }]);
    expect(await verdictOf(['another'])).toMatchObject([{ id, verdict: 'refused' }]);
    expect(done).toEqual(['first']);
  });

  it('is pruned of runs that ended before', async () => {
    const Command = commandOf(async () => 'kept');
    await using runner = await open([Command], { engine: { file: newFile() } });
    await runner.execute(Command, {}, { key: 'one' });
    expect(await runner.prune({ endedBefore: new Date(0), what: 'runs' })).toBe(0);
    expect(await runner.prune({ endedBefore: new Date(Date.now() + 1000), what: 'runs' })).toBe(1);
    expect(await runner.runs()).toEqual([]);
    for (const options of [
      { endedBefore: new Date('soon'), what: 'runs' },
      { endedBefore: 7, what: 'runs' },
      { endedBefore: new Date(), what: 'all' },
    ]) {
      await expect(runner.prune(options as never)).rejects.toMatchObject({ code: 'RETENTION_INVALID' });
    }
  });
});

class Job {
  @IsString()
  owner!: string;

  @IsString()
  name!: string;
}

describe('a queue', () => {
  const started: string[] = [];
  @command({ name: 'job', params: Job, queue: { concurrency: 1, key: ({ owner }) => owner } })
  class Jobs extends PlainCommand<Job, string> {
    async run({ name }: Job, ctx: CommandContext): Promise<string> {
      started.push(name);
      await ctx.waitFor('go', { schema: NoParams });
      return name;
    }
  }

  it('lets so many runs begin, serves keys by turns, and in one key the higher priority first', async () => {
    await using runner = await open([Jobs]);
    const first = await runner.start(Jobs, { owner: 'ada', name: 'ada 1' });
    await settle();
    const rest = [
      await runner.start(Jobs, { owner: 'ada', name: 'ada 2' }),
      await runner.start(Jobs, { owner: 'grace', name: 'grace 1' }),
      await runner.start(Jobs, { owner: 'grace', name: 'grace urgent' }, { priority: 5 }),
    ];
    await settle();
    expect(started).toEqual(['ada 1']);
    expect((await runner.runs()).filter(({ state }) => state === 'queued')).toHaveLength(3);
    for (const run of [first, ...rest]) await run.notify('go', {});
    await Promise.all(rest.map((run) => run.result()));
    expect(started).toEqual(['ada 1', 'grace urgent', 'ada 2', 'grace 1']);
    await expect(runner.start(Jobs, { owner: 'ada', name: '' }, { priority: 0.5 })).rejects.toMatchObject({ code: 'QUEUE_INVALID' });
  });

  it.each([
    [{}, 'neither concurrency nor rate'],
    [{ concurrency: 0 }, 'concurrency 0'],
    [{ rate: { count: 1, perMs: Number.NaN } }, 'rate 1 per NaN ms'],
    [{ concurrency: 1, name: ' ' }, 'a name'],
    [{ concurrency: 1, key: 'owner' as never }, 'no function'],
  ])('is refused at registration for %j', async (queue, why) => {
    await expect(open([commandOf(async () => 1, { queue })])).rejects.toMatchObject({
      code: 'QUEUE_INVALID',
      message: expect.stringContaining(why),
    });
  });

  it('has the same limits for all commands that share it', async () => {
    const of = (name: string, concurrency: number) => commandOf(async () => 1, { name, queue: { name: 'shared', concurrency } });
    await expect(open([of('one', 1), of('two', 2)])).rejects.toMatchObject({ code: 'QUEUE_INVALID' });
    await using runner = await open([of('one', 1), of('two', 1)]);
    expect(runner.commands).toHaveLength(2);
  });

  it.each([
    ['gives no text', () => 7 as never],
    [
      'throws',
      () => {
        throw new Error('no owner');
      },
    ],
  ])('refuses a run for which its key %s', async (_what, key) => {
    const Command = commandOf(async () => 1, { queue: { concurrency: 1, key } });
    await using runner = await open([Command]);
    await expect(runner.execute(Command, {})).rejects.toMatchObject({ code: 'QUEUE_INVALID' });
    expect(await runner.runs()).toEqual([]);
  });
});

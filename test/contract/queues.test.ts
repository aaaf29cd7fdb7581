/** Queues of runs: concurrency, priority, keys by turns, rate; on every engine. */
import { IsString } from 'class-validator';
import { type CommandContext, command, PlainCommand } from '../../src/index.js';
import { journalFolder } from '../support/engineHarness.js';
import { stateOf, until, Word } from '../support/longRuns.js';
import { environments } from './environments.js';

const folder = journalFolder();

class Job {
  @IsString()
  tenant = '';
  @IsString()
  name = '';
}

describe.each(environments(folder))('a queue, %s', (_name, environment) => {
  it('begins no more than its concurrency, by priority, and keys by turns', async () => {
    await using world = environment.world();
    const begun: string[] = [];
    const release = new Map<string, () => void>();
    class Work extends PlainCommand<Job, void> {
      async run({ name }: Job, ctx: CommandContext): Promise<void> {
        await ctx.step('work', async () => {
          begun.push(name);
          await new Promise<void>((resolve) => release.set(name, resolve));
        });
      }
    }
    command({ name: world.named('work'), params: Job, queue: { concurrency: 2, key: ({ tenant }) => tenant } })(Work);
    const runner = await world.open([Work]);
    const runs = [];
    for (const name of ['a1', 'a2', 'a3', 'a4', 'b1', 'b2']) {
      runs.push(await runner.start(Work, { tenant: name.charAt(0), name }));
      await world.settle(); // It is in the queue.
    }
    runs.push(await runner.start(Work, { tenant: 'a', name: 'urgent' }, { priority: 5 }));
    await until(() => release.size === 2);
    await world.settle();
    for (let left = runs.length; left > 0; left -= 1) {
      await until(() => release.size >= Math.min(2, left));
      const open = begun.filter((name) => release.has(name));
      expect(open.length).toBe(Math.min(2, left));
      const [first = ''] = open;
      const finish = release.get(first);
      release.delete(first);
      finish?.();
    }
    await Promise.all(runs.map((run) => run.result()));
    expect(begun.indexOf('urgent')).toBeLessThan(4);
    expect(begun.indexOf('b1')).toBeLessThan(begun.indexOf('a3'));
    expect(begun.filter((name) => name.startsWith('a'))).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('keeps to its rate', async () => {
    await using world = environment.world();
    const begun: number[] = [];
    const perMs = world.isReal ? 600 : 1000;
    const Command = world.commandOf((ctx) => ctx.step('go', async () => begun.push(world.clock.now())), {
      queue: { rate: { count: 2, perMs } },
    });
    const runner = await world.open([Command]);
    const start = world.clock.now();
    for (let n = 0; n < 5; n += 1) await runner.start(Command, {});
    for (let n = 0; n < 30 && begun.length < 5; n += 1) {
      await world.settle();
      await world.passTo(world.clock.now() + perMs / 10);
    }
    expect(begun).toHaveLength(5);
    const lateMs = world.isReal ? perMs / 2 : 0; // Where a run begins later than its turn, the next may follow it closely.
    for (const [index, at] of begun.entries()) {
      expect(begun.filter((other) => other > at - perMs + lateMs && other <= at).length).toBeLessThanOrEqual(3); // Burst and refill within one period.
      expect(at - start).toBeGreaterThanOrEqual(Math.max(0, (index - 1) * (perMs / 2)));
    }
  });

  it('of concurrency 1 does not keep a child of the same queue from its parent', async () => {
    await using world = environment.world();
    const queue = { name: world.named('shared'), concurrency: 1 };
    const Child = world.commandOf(async () => 'inner', { name: 'inner', queue });
    const Parent = world.commandOf((ctx) => ctx.execute(Child, {}), { name: 'outer', queue });
    const runner = await world.open([Child, Parent]);
    expect(await Promise.all([1, 2, 3].map(() => runner.execute(Parent, {})))).toEqual(['inner', 'inner', 'inner']);
  });

  it('lets a queued run be cancelled without its turn, and gives its place to the next', async () => {
    await using world = environment.world();
    const Command = world.commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { queue: { concurrency: 1 } });
    const runner = await world.open([Command]);
    const first = await runner.start(Command, {});
    await world.settle();
    const second = await runner.start(Command, {});
    const third = await runner.start(Command, {});
    await world.settle();
    expect(await stateOf(runner, second.id)).toBe('queued');
    await second.cancel('changed my mind');
    expect(await second.outcome()).toMatchObject({ status: 'cancelled' });
    await third.notify('word', { text: 'early' });
    expect(await stateOf(runner, third.id)).toBe('queued');
    await first.notify('word', { text: 'on' });
    expect(await Promise.all([first.result(), third.result()])).toEqual(['on', 'early']);
  });

  it('keeps its place for the run that goes on with one', async () => {
    await using world = environment.world();
    const begun: string[] = [];
    class Work extends PlainCommand<Job, void> {
      async run({ tenant, name }: Job, ctx: CommandContext): Promise<void> {
        await ctx.step('work', async () => begun.push(name));
        if (tenant === 'again') return ctx.continueAs({ tenant: '', name: `${name} again` });
      }
    }
    command({ name: world.named('work'), params: Job, queue: { concurrency: 1 } })(Work);
    const runner = await world.open([Work]);
    const runs = [];
    for (const name of ['a', 'b', 'c']) {
      runs.push(await runner.start(Work, { tenant: 'again', name }));
      await world.settle();
    }
    await Promise.all(runs.map((run) => run.result()));
    expect(begun).toEqual(['a', 'a again', 'b', 'b again', 'c', 'c again']);
  });
});

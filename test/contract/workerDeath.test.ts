/** Processes that end in the middle of a run, and what the next one makes of it; on every engine whose runs outlive their process. */
import { CommandFailure } from '../../src/index.js';
import { journalFolder } from '../support/engineHarness.js';
import { until, Word } from '../support/longRuns.js';
import { environments } from './environments.js';

const kept = environments(journalFolder()).filter(([, { isKept }]) => isKept);

describe.each(kept)('a process that ends, %s', (_name, environment) => {
  it('leaves a step under way to the next, with the same key; what was recorded is not done again', async () => {
    await using world = environment.world({ isReal: true });
    const keys: string[] = [];
    let before = 0;
    const Command = world.commandOf(async (ctx) => {
      await ctx.step('before', async () => (before += 1));
      return ctx.step('during', (call) => {
        keys.push(call.key);
        return keys.length === 1 ? new Promise<string>(() => undefined) : Promise.resolve('done');
      });
    });
    const first = await world.open([Command]);
    const run = await first.start(Command, {}, { key: 'k' });
    await until(() => keys.length === 1);
    await world.end(first);
    const second = await world.open([Command]);
    expect(await (await second.resume(run.id)).result()).toBe('done');
    expect(before).toBe(1);
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
  });

  it('leaves an effect that happens once in doubt: it is not repeated, and the run ends unknown', async () => {
    await using world = environment.world({ isReal: true });
    let charged = 0;
    const Command = world.commandOf((ctx) =>
      ctx.step(
        'charge',
        () => {
          charged += 1;
          return new Promise<string>(() => undefined);
        },
        { effect: 'once' },
      ),
    );
    const first = await world.open([Command]);
    const run = await first.start(Command, {}, { key: 'k' });
    await until(() => charged === 1);
    await world.end(first);
    const second = await world.open([Command]);
    expect(await (await second.resume(run.id)).outcome()).toMatchObject({ status: 'unknown' });
    expect(charged).toBe(1);
  });

  it('leaves it to the probe of such an effect to say what became of it', async () => {
    await using world = environment.world({ isReal: true });
    let charged = 0;
    const Command = world.commandOf((ctx) =>
      ctx.step(
        'charge',
        () => {
          charged += 1;
          return new Promise<string>(() => undefined);
        },
        { effect: 'once', timeoutMs: 300, probe: async () => `charged ${charged} time` },
      ),
    );
    const first = await world.open([Command]);
    const run = await first.start(Command, {}, { key: 'k' });
    await until(() => charged === 1);
    await world.end(first);
    const second = await world.open([Command]);
    expect(await (await second.resume(run.id)).result()).toBe('charged 1 time');
    expect(charged).toBe(1);
  });

  it('leaves what it was undoing to the next: everything is undone, newest first', async () => {
    await using world = environment.world({ isReal: true });
    const undone: string[] = [];
    let hangs = true;
    const Command = world.commandOf(async (ctx): Promise<void> => {
      for (const name of ['a', 'b', 'c']) {
        await ctx.step(name, async () => name, {
          undo: async (output) => {
            if (output === 'b' && hangs) {
              hangs = false;
              undone.push('b is begun');
              await new Promise(() => undefined);
            }
            undone.push(output);
          },
        });
      }
      throw new CommandFailure('PLAN_INFEASIBLE', 'no');
    });
    const first = await world.open([Command]);
    const run = await first.start(Command, {}, { key: 'k' });
    await until(() => undone.includes('b is begun'));
    await run.cancel('while it is undone');
    await world.end(first);
    const second = await world.open([Command]);
    expect(await (await second.resume(run.id)).outcome()).toMatchObject({ status: 'compensated' });
    expect(undone).toEqual(['c', 'b is begun', 'b', 'a']);
  });

  it('in the very end of the code loses nothing of it', async () => {
    await using world = environment.world({ isReal: true });
    let ends = 0;
    let done = 0;
    const Command = world.commandOf(async (ctx) => {
      const last = await ctx.step('last', async () => (done += 1));
      ends += 1;
      if (ends === 1) void world.end(first);
      return last > 0;
    });
    const first = await world.open([Command]);
    const run = await first.start(Command, {}, { key: 'k' });
    await until(() => ends === 1);
    await world.settle();
    const second = await world.open([Command]);
    expect(await (await second.resume(run.id)).result()).toBe(true);
    expect(done).toBeLessThanOrEqual(2); // Where its outcome was not recorded, it is done again.
    expect((await second.history(run.id)).records.filter(({ kind }) => kind === 'step-ended')).toHaveLength(1);
  });

  it('leaves a parent and its child to the next, and what was sent meanwhile is there', async () => {
    await using world = environment.world({ isReal: true });
    const Child = world.commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'child' });
    const Parent = world.commandOf(async (ctx) => `${await ctx.execute(Child, {})} ${(await ctx.waitFor('word', { schema: Word })).text}`, {
      name: 'parent',
    });
    const first = await world.open([Child, Parent]);
    const run = await first.start(Parent, {}, { key: 'k' });
    await until(async () => (await first.runs()).length === 2);
    const child = (await first.runs()).find((one) => one.command === world.named('child'))?.id ?? '';
    await first.notify(run.id, 'word', { text: 'early' });
    await world.end(first);
    const second = await world.open([Child, Parent]);
    await second.notify(child, 'word', { text: 'child' });
    expect(await (await second.resume(run.id)).result()).toBe('child early');
  });
});

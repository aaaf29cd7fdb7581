/** Runs that wait: put aside, told something, and gone on with; on every engine. */
import { type CommandContext, command, PlainCommand } from '../../src/index.js';
import { NoParams } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';
import { all, stateOf, until, Word } from '../support/longRuns.js';
import { environments } from './environments.js';

const folder = journalFolder();

describe.each(environments(folder))('a run that only waits, %s', (_name, environment) => {
  it('is put aside with what it waits for, closes what it opened, and is loaded again when it is due', async () => {
    await using world = environment.world();
    const loads: string[] = [];
    const Command = world.commandOf(async (ctx) => {
      loads.push('loaded');
      ctx.defer(() => void loads.push('left'));
      const first = await ctx.step('first', async () => 'first');
      await ctx.sleep(world.pauseMs);
      return `${first}, then ${await ctx.step('second', async () => 'second')}`;
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    await world.untilAside(runner, run.id);
    expect(loads).toEqual(['loaded', 'left']);
    const { waits, records } = await runner.history(run.id);
    const due = (records.find(({ kind }) => kind === 'step-ended')?.at ?? 0) + world.pauseMs;
    expect(waits).toEqual([{ what: 'timer', name: `${world.pauseMs}`, until: due }]);
    await world.passTo(due - world.shortMs);
    expect(loads).toEqual(['loaded', 'left']);
    await world.passTo(due);
    expect(await run.result()).toBe('first, then second');
    expect(loads).toEqual(['loaded', 'left', 'loaded', 'left']);
  });

  it('gets a signal, a cancellation and an override while it is put aside', async () => {
    await using world = environment.world();
    const Waiting = world.commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'waiting' });
    const Gated = world.commandOf((ctx) => ctx.gate('price', () => false, { overrideWithinMs: 60_000 }), { name: 'gated' });
    const runner = await world.open([Waiting, Gated]);
    const [told, stopped, gated] = [await runner.start(Waiting, {}), await runner.start(Waiting, {}), await runner.start(Gated, {})];
    await world.untilAside(runner, told.id, stopped.id, gated.id);
    await runner.notify(told.id, 'word', { text: 'hello' });
    await runner.cancel(stopped.id, 'not needed');
    await runner.override(gated.id, 'price', { by: 'ann', reason: 'agreed' });
    expect(await told.result()).toBe('hello');
    expect(await stopped.outcome()).toMatchObject({ status: 'cancelled', error: { message: expect.stringContaining('not needed') } });
    expect(await gated.result()).toBe(true);
  });

  it('is told once by signals of one token, and keeps those that came before it asked', async () => {
    await using world = environment.world();
    const Command = world.commandOf(async (ctx) => {
      await ctx.sleep(world.pauseMs);
      const words: string[] = [];
      for (let n = 0; n < 2; n += 1) words.push((await ctx.waitFor('word', { schema: Word })).text);
      return words;
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    for (const text of ['a', 'a', 'b']) await runner.notify(run.id, 'word', { text }, { token: text });
    await world.untilAside(runner, run.id);
    await runner.notify(run.id, 'word', { text: 'a' }, { token: 'a' });
    await world.passTo(world.clock.now() + world.pauseMs);
    expect(await run.result()).toEqual(['a', 'b']);
  });

  it('says what it published last, loaded or not, and after its end', async () => {
    await using world = environment.world();
    const Command = world.commandOf(async (ctx) => {
      ctx.publish({ at: 'begin' });
      await ctx.step('a', async () => 1);
      ctx.publish({ at: 'middle' });
      await ctx.waitFor('word', { schema: Word });
      ctx.publish({ at: 'end' });
    });
    const runner = await world.open([Command], { unloadAfterMs: 200 });
    const run = await runner.start(Command, {});
    await until(async () => ((await runner.query(run.id)) as { at: string } | undefined)?.at === 'middle');
    await world.untilAside(runner, run.id);
    expect(await runner.query(run.id)).toEqual({ at: 'middle' });
    await runner.notify(run.id, 'word', { text: 'on' });
    await run.result();
    expect(await runner.query(run.id)).toEqual({ at: 'end' });
  });

  it('is shown to an observer over all its loads', async () => {
    await using world = environment.world();
    const Command = world.commandOf(async (ctx) => {
      await ctx.step('before', async () => 1);
      await ctx.sleep(world.pauseMs);
      await ctx.step('after', async () => 1);
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    const seen = all(run.progress());
    await world.untilAside(runner, run.id);
    await world.passTo(world.clock.now() + world.pauseMs);
    const steps = (await seen).flatMap((event) =>
      'step' in event ? [`${event.type} ${event.step}`] : event.type === 'ended' ? ['ended'] : [],
    );
    expect(steps).toEqual([
      'step-started before',
      'step-ended before',
      'step-replayed before',
      'step-started after',
      'step-ended after',
      'ended',
    ]);
  });

  it('loses nothing that comes while it is being put aside', async () => {
    await using world = environment.world({ isReal: true });
    const Command = world.commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text);
    const runner = await world.open([Command], { unloadAfterMs: 1 });
    const told = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => {
        const run = await runner.start(Command, {});
        await new Promise((resolve) => setTimeout(resolve, n));
        await run.notify('word', { text: `${n}` });
        return run.result();
      }),
    );
    expect(told).toEqual(Array.from({ length: 60 }, (_, n) => `${n}`));
  });

  it('gets all that several send at once, each once', async () => {
    await using world = environment.world({ isReal: true });
    const Command = world.commandOf(async (ctx) => {
      const words: string[] = [];
      for (let n = 0; n < 30; n += 1) words.push((await ctx.waitFor('word', { schema: Word })).text);
      return words.sort();
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    const sent = Array.from({ length: 30 }, (_, n) => `word ${String(n).padStart(2, '0')}`);
    await Promise.all(sent.map((text) => runner.notify(run.id, 'word', { text })));
    expect(await run.result()).toEqual(sent);
  });

  it('is woken once by a timer and a signal that come together', async () => {
    await using world = environment.world({ isReal: true });
    const Command = world.commandOf(async (ctx) => {
      const heard = ctx.waitFor('word', { schema: Word });
      const first = await Promise.race([ctx.sleep(150).then(() => 'time'), heard.then(() => 'word')]);
      return [first, (await heard).text];
    });
    const runner = await world.open([Command]);
    const begun = world.clock.now();
    const runs = await Promise.all(Array.from({ length: 8 }, () => runner.start(Command, {})));
    await Promise.all(
      runs.map(async (run, n) => {
        await world.passTo(begun + 140 + 5 * n);
        await run.notify('word', { text: `${n}` });
      }),
    );
    const results = (await Promise.all(runs.map((run) => run.result()))) as [string, string][];
    expect(results.map(([, text]) => text)).toEqual(runs.map((_, n) => `${n}`));
    for (const [first] of results) expect(['time', 'word']).toContain(first);
  });

  it('fails with the name of the signal when that does not come in time', async () => {
    await using world = environment.world();
    const Command = world.commandOf((ctx) => ctx.waitFor('word', { schema: Word, timeoutMs: world.pauseMs }));
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    await world.untilAside(runner, run.id);
    await world.passTo(world.clock.now() + world.pauseMs);
    expect(await run.outcome()).toMatchObject({ status: 'failed', error: { code: 'SIGNAL_TIMED_OUT' } });
  });

  it('is stopped at its deadline', async () => {
    await using world = environment.world();
    const Command = world.commandOf((ctx) => ctx.waitFor('word', { schema: Word }));
    const runner = await world.open([Command]);
    const deadline = new Date(world.clock.now() + world.pauseMs);
    const run = await runner.start(Command, {}, { deadline });
    await world.untilAside(runner, run.id);
    await world.passTo(deadline.getTime());
    expect(await run.outcome()).toMatchObject({ status: 'failed', error: { code: 'DEADLINE_PASSED' } });
  });

  it('stands stopped when its code cannot be loaded, and goes on when that is mended and it is resumed', async () => {
    await using world = environment.world();
    let isBroken = false;
    class Fragile extends PlainCommand<NoParams, string> {
      constructor() {
        super();
        if (isBroken) throw new Error('the configuration is missing');
      }

      async run(_params: NoParams, ctx: CommandContext): Promise<string> {
        return (await ctx.waitFor('word', { schema: Word })).text;
      }
    }
    command({ name: world.named('fragile'), params: NoParams })(Fragile);
    const runner = await world.open([Fragile]);
    const run = await runner.start(Fragile, {});
    await world.untilAside(runner, run.id);
    isBroken = true;
    await runner.notify(run.id, 'word', { text: 'first' });
    await until(async () => (await stateOf(runner, run.id)) === 'stopped');
    const { waits } = await runner.history(run.id);
    expect(waits).toEqual([{ what: 'person', name: expect.stringContaining('the configuration is missing') }]);
    await runner.notify(run.id, 'word', { text: 'second' });
    isBroken = false;
    expect(await (await runner.resume(run.id)).result()).toBe('first');
  });

  it('tells nothing to a run that has ended, and knows which there is none of', async () => {
    await using world = environment.world();
    const Command = world.commandOf(async () => 1);
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {}, { key: 'k' });
    await run.result();
    await expect(runner.notify(run.id, 'word', { text: 'late' })).rejects.toMatchObject({ code: 'RUN_ENDED' });
    await expect(runner.override(run.id, 'price', { by: 'ann', reason: 'late' })).rejects.toMatchObject({ code: 'RUN_ENDED' });
    await runner.cancel(run.id, 'late');
    expect(await stateOf(runner, run.id)).toBe('completed');
    const unknown = `${run.id.slice(0, -4)}0000`;
    await expect(runner.notify(unknown, 'word', { text: 'none' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await expect(runner.resume(unknown)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });
});

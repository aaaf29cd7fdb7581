/** Runs after their end: forked, reopened, settled, pruned, asked for again by their key; on every engine. */
import { CommandFailure } from '../../src/index.js';
import { journalFolder } from '../support/engineHarness.js';
import { until, Word } from '../support/longRuns.js';
import { environments } from './environments.js';

const ENVIRONMENTS = environments(journalFolder());

describe.each(ENVIRONMENTS)('%s', (_name, environment) => {
  describe('a fork', () => {
    it('begins with the results before a step, and leaves the earlier run alone', async () => {
      await using world = environment.world();
      const done: string[] = [];
      const Command = world.commandOf(async (ctx) => {
        const id = ctx.uuid();
        const a = await ctx.step('a', async () => `a${done.push('a')}`);
        const b = await ctx.step('b', async () => `b${done.push('b')}`);
        return [id, a, b, ctx.now().getTime()];
      });
      const runner = await world.open([Command]);
      const first = await runner.start(Command, {}, { key: 'k' });
      const [id, a] = (await first.result()) as unknown[];
      const before = await runner.history(first.id);
      const forked = await runner.fork(first.id, { step: 'b' });
      expect((await forked.result()) as unknown[]).toMatchObject([id, a, 'b3', expect.any(Number)]);
      expect(done).toEqual(['a', 'b', 'b']);
      expect(forked.id).not.toBe(first.id);
      expect(await runner.history(first.id)).toEqual(before);
      await expect(runner.fork(first.id, { step: 'c' })).rejects.toMatchObject({
        code: 'FORK_REFUSED',
        message: expect.stringContaining('"c"'),
      });
      await expect(runner.fork(first.id, { seq: 99 })).rejects.toMatchObject({ code: 'FORK_REFUSED' });
    });

    it('is refused past a step that can be undone, which one run owns', async () => {
      await using world = environment.world();
      const Command = world.commandOf(async (ctx) => {
        await ctx.step('reserve', async () => 1, { undo: async () => undefined });
        await ctx.step('charge', async () => 1);
      });
      const runner = await world.open([Command]);
      const run = await runner.start(Command, {}, { key: 'k' });
      await run.result();
      await expect(runner.fork(run.id, { step: 'charge' })).rejects.toMatchObject({
        code: 'FORK_REFUSED',
        message: expect.stringContaining('reserve'),
      });
      expect(await (await runner.fork(run.id, { step: 'reserve' })).outcome()).toMatchObject({ status: 'completed' });
    });
  });

  describe('a failed run', () => {
    it('is gone on with where it failed, is listed once, and its key stands for all of it', async () => {
      await using world = environment.world();
      let refusals = 2;
      const done: string[] = [];
      const Command = world.commandOf(async (ctx) => {
        await ctx.step('reserve', async () => done.push('reserve'));
        await ctx.step('charge', async () => {
          done.push('charge');
          if (refusals-- > 0) throw new CommandFailure('PLAN_INFEASIBLE', 'no card');
        });
        return done.length;
      });
      const runner = await world.open([Command]);
      const run = await runner.start(Command, {}, { key: 'k' });
      expect(await run.outcome()).toMatchObject({ status: 'failed' });
      expect(await (await runner.reopen(run.id)).outcome()).toMatchObject({ status: 'failed' });
      expect(await (await runner.reopen(run.id)).outcome()).toMatchObject({ status: 'completed', result: 4 });
      expect(done).toEqual(['reserve', 'charge', 'charge', 'charge']);
      expect((await runner.runs()).map(({ id, state }) => [id, state])).toEqual([[run.id, 'completed']]);
      expect((await runner.history(run.id)).records.filter(({ kind }) => kind === 'reopened')).toHaveLength(2);
      expect(await runner.execute(Command, {}, { key: 'k' })).toBe(4);
      await expect(runner.reopen(run.id)).rejects.toMatchObject({ code: 'RUN_NOT_REOPENED' });
    });

    it('that is gone on with gets signals, and the ends of its children', async () => {
      await using world = environment.world();
      let isBroken = true;
      const Child = world.commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'child' });
      const Parent = world.commandOf(
        async (ctx) => {
          await ctx.step('charge', async () => {
            if (isBroken) throw new CommandFailure('PLAN_INFEASIBLE', 'no card');
          });
          const { text } = await ctx.waitFor('word', { schema: Word });
          return `${text} ${await ctx.execute(Child, {})}`;
        },
        { name: 'parent' },
      );
      const runner = await world.open([Child, Parent]);
      const run = await runner.start(Parent, {}, { key: 'k' });
      await run.outcome();
      isBroken = false;
      const reopened = await runner.reopen(run.id);
      await runner.notify(run.id, 'word', { text: 'one' });
      await until(async () => (await runner.runs()).length === 2);
      const child = (await runner.runs()).find((one) => one.command === world.named('child'));
      await world.untilAside(runner, run.id, child?.id ?? '');
      await runner.notify(child?.id ?? '', 'word', { text: 'two' });
      expect(await reopened.result()).toBe('one two');
    });
  });

  it('an unknown run goes on when a person says what happened', async () => {
    await using world = environment.world({ isReal: true });
    const Command = world.commandOf(async (ctx) => {
      const charged = await ctx.step('charge', () => new Promise<string>(() => undefined), { effect: 'once', timeoutMs: 5 });
      return `${charged}, ${await ctx.step('send', async () => 'sent')}`;
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {}, { key: 'k' });
    expect(await run.outcome()).toMatchObject({ status: 'unknown' });
    const settled = await runner.settle(run.id, 'charge', { as: 'done', output: 'charged', by: 'ann', reason: 'it is on the account' });
    expect(await settled.result()).toBe('charged, sent');
    await expect(runner.settle(run.id, 'charge', { as: 'done', output: 'charged', by: 'ann', reason: 'again' })).rejects.toMatchObject({
      code: 'SETTLE_REFUSED',
    });
  });

  it('prune removes ended runs by age, and no others', async () => {
    await using world = environment.world();
    const Command = world.commandOf(async (ctx) => ctx.step('a', async () => 'private'));
    const Waiting = world.commandOf((ctx) => ctx.waitFor('word', { schema: Word }), { name: 'waiting' });
    const runner = await world.open([Command, Waiting]);
    const old = await runner.start(Command, {}, { key: 'old' });
    await old.result();
    const waiting = await runner.start(Waiting, {});
    await world.passTo(world.clock.now() + world.shortMs);
    const before = new Date(world.clock.now());
    await world.passTo(before.getTime() + world.shortMs);
    const young = await runner.start(Command, {}, { key: 'young' });
    await young.result();
    expect(await runner.prune({ endedBefore: before, what: 'runs' })).toBe(1);
    expect((await runner.runs()).map(({ id }) => id).sort()).toEqual([young.id, waiting.id].sort());
    await expect(runner.history(old.id)).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    await waiting.cancel('enough');
  });
});

describe.each(ENVIRONMENTS.filter(([, { isKept }]) => isKept))('after a restart, %s', (_name, environment) => {
  it('the same key gives the same run, open or ended, and refuses other params', async () => {
    await using world = environment.world({ isReal: true });
    let executed = 0;
    const Command = world.commandOf(async (ctx) => {
      await ctx.step('count', async () => {
        executed += 1;
      });
      return (await ctx.waitFor('word', { schema: Word })).text;
    });
    const first = await world.open([Command]);
    const run = await first.start(Command, {}, { key: 'k', principal: 'ann' });
    await world.untilAside(first, run.id);
    await first[Symbol.asyncDispose]();
    const second = await world.open([Command]);
    const same = await second.start(Command, {}, { key: 'k', principal: 'ann' });
    expect(same.id).toBe(run.id);
    await expect(second.start(Command, {}, { key: 'k', principal: 'bob' })).rejects.toMatchObject({ code: 'KEY_REUSED' });
    await same.notify('word', { text: 'on' });
    expect(await same.result()).toBe('on');
    await second[Symbol.asyncDispose]();
    const third = await world.open([Command]);
    expect(await third.execute(Command, {}, { key: 'k', principal: 'ann' })).toBe('on');
    expect(executed).toBe(1);
  });

  it('a failed run goes on with mended code: the failed step is done again, the others are not', async () => {
    await using world = environment.world({ isReal: true });
    const done: string[] = [];
    const version = (isMended: boolean) =>
      world.commandOf(async (ctx) => {
        await ctx.step('reserve', async () => done.push('reserve'));
        const caught = await ctx
          .step('optional', async () => {
            throw new CommandFailure('PLAN_INFEASIBLE', 'never');
          })
          .catch(() => 'without');
        await ctx.step('charge', async () => {
          done.push('charge');
          if (!isMended) throw new CommandFailure('PLAN_INFEASIBLE', 'no card');
        });
        return caught;
      });
    const broken = version(false);
    const first = await world.open([broken]);
    const run = await first.start(broken, {}, { key: 'k' });
    expect(await run.outcome()).toMatchObject({ status: 'failed' });
    await first[Symbol.asyncDispose]();
    const second = await world.open([version(true)]);
    const reopened = await second.reopen(run.id);
    expect(await reopened.outcome()).toMatchObject({ status: 'completed', result: 'without' });
    expect(done).toEqual(['reserve', 'charge', 'charge']);
    expect((await second.history(run.id)).records.map(({ kind }) => kind)).toContain('reopened');
    await expect(second.reopen(run.id)).rejects.toMatchObject({ code: 'RUN_NOT_REOPENED' });
  });

  it('a run may leave out a step that is said to be retired, or that only read; any other is refused by name', async () => {
    const outcomeWith = async (effect: 'read' | 'idempotent', spec: { retiredSteps?: readonly string[] }) => {
      await using world = environment.world({ isReal: true });
      const old = world.commandOf(async (ctx) => {
        await ctx.step('notify partner', async () => 1, { effect });
        await ctx.waitFor('word', { schema: Word });
      });
      const first = await world.open([old]);
      const { id } = await first.start(old, {});
      await world.untilAside(first, id);
      await first[Symbol.asyncDispose]();
      const without = world.commandOf(async (ctx) => void (await ctx.waitFor('word', { schema: Word })), { version: '2', ...spec });
      const second = await world.open([without]);
      const run = await second.resume(id);
      await run.notify('word', { text: 'on' });
      return (await run.outcome()).status;
    };
    expect(await outcomeWith('read', {})).toBe('completed');
    expect(await outcomeWith('idempotent', { retiredSteps: ['notify partner'] })).toBe('completed');
    await expect(outcomeWith('idempotent', {})).rejects.toMatchObject({
      code: environment.divergedCode,
      message: expect.stringContaining('notify%20partner'),
    });
  });
});

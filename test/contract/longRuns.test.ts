/** Runs that wait, are put aside, queue, split into parts, go on as others, or are gone on with after their end; on every journal. */
import { join } from 'node:path';
import { type CommandContext, CommandFailure, type RunCheck } from '../../src/index.js';
import { commandOf, open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';
import { all, DAY, settle, stateOf, until, Word } from '../support/longRuns.js';
import { ManualClock } from '../support/ManualClock.js';

const folder = journalFolder();
let files = 0;

describe.each(['in memory', 'in a file'])('%s', (where) => {
  const newFile = () => (where === 'in memory' ? ':memory:' : join(folder, `${files++}.db`));

  describe('a run that only waits', () => {
    it('is put aside with what it waits for, closes what it opened, and is loaded again when it is due', async () => {
      const clock = new ManualClock();
      const loads: string[] = [];
      const Command = commandOf(async (ctx) => {
        loads.push('loaded');
        ctx.defer(() => void loads.push('left'));
        const first = await ctx.step('first', async () => 'first');
        await ctx.sleep(30 * DAY);
        return `${first}, then ${await ctx.step('second', async () => 'second')}`;
      });
      await using runner = await open([Command], { engine: { file: newFile(), clock, unloadAfterMs: 1000 } });
      const run = await runner.start(Command, {});
      await settle();
      clock.advance(1000);
      await settle();
      expect(loads).toEqual(['loaded', 'left']);
      expect(await runner.history(run.id)).toMatchObject({
        state: 'waiting',
        waits: [{ what: 'timer', until: clock.now() - 1000 + 30 * DAY }],
      });
      clock.advance(30 * DAY - 1001);
      await settle();
      expect(loads).toEqual(['loaded', 'left']);
      clock.advance(1);
      expect(await run.result()).toBe('first, then second');
      expect(loads).toEqual(['loaded', 'left', 'loaded', 'left']);
    });

    it('gets a signal, a cancellation and an override while it is put aside', async () => {
      const clock = new ManualClock();
      const Waiting = commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'waiting' });
      const Gated = commandOf((ctx) => ctx.gate('price', () => false, { overrideWithinMs: DAY }), { name: 'gated' });
      await using runner = await open([Waiting, Gated], { engine: { file: newFile(), clock, unloadAfterMs: 1 } });
      const [told, stopped, gated] = [await runner.start(Waiting, {}), await runner.start(Waiting, {}), await runner.start(Gated, {})];
      await settle();
      clock.advance(1);
      await settle();
      for (const { id } of [told, stopped, gated]) expect(await stateOf(runner, id)).toBe('waiting');
      await runner.notify(told.id, 'word', { text: 'hello' });
      await runner.cancel(stopped.id, 'not needed');
      await runner.override(gated.id, 'price', { by: 'ann', reason: 'agreed' });
      expect(await told.result()).toBe('hello');
      expect(await stopped.outcome()).toMatchObject({ status: 'cancelled', error: { message: expect.stringContaining('not needed') } });
      expect(await gated.result()).toBe(true);
    });

    it('is told once by signals of one token, and keeps those that came before it asked', async () => {
      const clock = new ManualClock();
      const Command = commandOf(async (ctx) => {
        await ctx.sleep(DAY);
        const words: string[] = [];
        for (let n = 0; n < 2; n += 1) words.push((await ctx.waitFor('word', { schema: Word })).text);
        return words;
      });
      await using runner = await open([Command], { engine: { file: newFile(), clock, unloadAfterMs: 1 } });
      const run = await runner.start(Command, {});
      for (const text of ['a', 'a', 'b']) await runner.notify(run.id, 'word', { text }, { token: text });
      await settle();
      clock.advance(1);
      await settle();
      await runner.notify(run.id, 'word', { text: 'a' }, { token: 'a' });
      clock.advance(DAY);
      expect(await run.result()).toEqual(['a', 'b']);
    });

    it('says what it published last, loaded or not', async () => {
      const clock = new ManualClock();
      const Command = commandOf(async (ctx) => {
        ctx.publish({ at: 'begin' });
        await ctx.step('a', async () => 1);
        ctx.publish({ at: 'middle' });
        await ctx.sleep(DAY);
        return 1;
      });
      await using runner = await open([Command], { engine: { file: newFile(), clock, unloadAfterMs: 1 } });
      const run = await runner.start(Command, {});
      await settle();
      expect(await runner.query(run.id)).toEqual({ at: 'middle' });
      clock.advance(1);
      await settle();
      expect(await runner.query(run.id)).toEqual({ at: 'middle' });
    });

    it('is shown to an observer over all its loads', async () => {
      const clock = new ManualClock();
      const Command = commandOf(async (ctx) => {
        await ctx.step('before', async () => 1);
        await ctx.sleep(DAY);
        await ctx.step('after', async () => 1);
      });
      await using runner = await open([Command], { engine: { file: newFile(), clock, unloadAfterMs: 1 } });
      const run = await runner.start(Command, {});
      const seen = all(run.progress());
      await settle();
      clock.advance(1);
      await settle();
      clock.advance(DAY);
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
  });

  describe('a parent', () => {
    it('is put aside while its child waits, and gets what became of it', async () => {
      const clock = new ManualClock();
      const Child = commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'child' });
      let loads = 0;
      const Parent = commandOf(
        async (ctx) => {
          loads += 1;
          return `child said ${await ctx.execute(Child, {})}`;
        },
        { name: 'parent' },
      );
      await using runner = await open([Child, Parent], { engine: { file: newFile(), clock, unloadAfterMs: 1 } });
      const run = await runner.start(Parent, {});
      await settle();
      clock.advance(1);
      await settle();
      const states = (await runner.runs()).map(({ command, state }) => `${command} ${state}`);
      expect(states.sort()).toEqual(['child waiting', 'parent waiting']);
      const [child] = (await runner.runs()).filter(({ command }) => command === 'child');
      await runner.notify(child?.id ?? '', 'word', { text: 'yes' });
      expect(await run.result()).toBe('child said yes');
      expect(loads).toBe(2);
    });

    it('that is put aside passes its cancellation on', async () => {
      const clock = new ManualClock();
      const Child = commandOf((ctx) => ctx.sleep(DAY), { name: 'child' });
      const Parent = commandOf((ctx) => ctx.execute(Child, {}), { name: 'parent' });
      await using runner = await open([Child, Parent], { engine: { file: newFile(), clock, unloadAfterMs: 1 } });
      const run = await runner.start(Parent, {});
      await settle();
      clock.advance(1);
      await settle();
      await runner.cancel(run.id, 'enough');
      expect(await run.outcome()).toMatchObject({ status: 'cancelled' });
      expect((await runner.runs()).map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
    });
  });

  describe('a named part', () => {
    it('is replayed as one outcome: what happened inside is dropped, also over a crash', async () => {
      const clock = new ManualClock();
      const ran: string[] = [];
      const Command = commandOf(async (ctx) => {
        const sums: number[] = [];
        for (let batch = 0; batch < 3; batch += 1) {
          sums.push(
            await ctx.branch('batch', async () => {
              ran.push(`code ${batch}`);
              let sum = 0;
              for (let n = 0; n < 4; n += 1) {
                sum += await ctx.step('add', async () => {
                  ran.push(`step ${batch}.${n}`);
                  return n;
                });
              }
              return sum + (ctx.random() < 1 ? 0 : 1);
            }),
          );
          await ctx.sleep(DAY);
        }
        return [...sums, await ctx.step('last', async () => ctx.runId.length > 0)];
      });
      await using runner = await open([Command], { engine: { file: newFile(), clock, unloadAfterMs: 1 } });
      const run = await runner.start(Command, {});
      for (let day = 0; day < 3; day += 1) {
        await until(async () => (await runner.history(run.id)).records.filter(({ kind }) => kind === 'branch-ended').length === day + 1);
        await until(async () => {
          clock.advance(1);
          return (await stateOf(runner, run.id)) === 'waiting';
        });
        clock.advance(DAY);
      }
      expect(await run.result()).toEqual([6, 6, 6, true]);
      expect(ran.filter((one) => one.startsWith('code'))).toEqual(['code 0', 'code 1', 'code 2']);
      expect(ran.length).toBe(3 + 12);
      const { records } = await runner.history(run.id);
      expect(records.filter(({ kind }) => kind === 'branch-ended')).toHaveLength(3);
      expect(records.filter(({ label }) => label === 'add')).toHaveLength(0);
    });

    it('waits for what nobody awaited in it, and passes its failure on without a record', async () => {
      const Command = commandOf(async (ctx) => {
        const done: string[] = [];
        await ctx.branch('forgetful', async () => {
          void ctx.step('slow', async () => {
            await settle(3);
            done.push('slow');
          });
        });
        const failed = await ctx
          .branch('failing', async () => {
            await ctx.step('refused', async () => {
              throw new CommandFailure('PLAN_INFEASIBLE', 'no');
            });
          })
          .catch((error: Error) => error.message);
        return [done, failed];
      });
      await using runner = await open([Command], { engine: { file: newFile() } });
      const run = await runner.start(Command, {});
      expect(await run.result()).toEqual([['slow'], 'no']);
      expect((await runner.history(run.id)).records.map(({ kind, label }) => `${kind} ${label}`)).toContain('step-ended refused');
    });

    it('nested in another leaves the outer one alone', async () => {
      const clock = new ManualClock();
      const Command = commandOf(async (ctx) => {
        const outer = await ctx.branch('outer', async () => {
          const [one, two] = await Promise.all(['x', 'y'].map((name) => ctx.branch('inner', () => ctx.step('s', async () => name))));
          return `${one}${two}`;
        });
        await ctx.sleep(DAY);
        return outer;
      });
      await using runner = await open([Command], { engine: { file: newFile(), clock, unloadAfterMs: 1 } });
      const run = await runner.start(Command, {});
      await settle();
      clock.advance(1);
      await settle();
      const { records } = await runner.history(run.id);
      expect(records.map(({ kind, step }) => `${kind} ${step ?? ''}`.trim())).toEqual(['started', 'branch-ended execution.outer~0']);
      clock.advance(DAY);
      expect(await run.result()).toBe('xy');
    });
  });

  it('continueAs goes on as a successor, whose outcome is that of the run, by key too', async () => {
    class Count {
      left = 3;
    }
    const { command, PlainCommand } = await import('../../src/index.js');
    const { IsInt } = await import('class-validator');
    IsInt()(Count.prototype, 'left');
    class Countdown extends PlainCommand<Count, string> {
      async run({ left }: Count, ctx: CommandContext): Promise<string> {
        await ctx.step('count', async () => left);
        return left === 0 ? 'lift off' : ctx.continueAs({ left: left - 1 });
      }
    }
    command({ name: 'countdown', params: Count })(Countdown);
    await using runner = await open([Countdown], { engine: { file: newFile() } });
    expect(await runner.execute(Countdown, { left: 3 }, { key: 'apollo' })).toBe('lift off');
    expect(await runner.execute(Countdown, { left: 3 }, { key: 'apollo' })).toBe('lift off');
    expect((await runner.runs()).map(({ state }) => state)).toEqual(['completed', 'continued', 'continued', 'continued']);
  });

  describe('a queue', () => {
    const worlds = () => {
      const begun: string[] = [];
      const release = new Map<string, () => void>();
      return { begun, release };
    };

    it('begins no more than its concurrency, by priority, and keys by turns', async () => {
      const { IsString } = await import('class-validator');
      const { command, PlainCommand } = await import('../../src/index.js');
      const { begun, release } = worlds();
      class Job {
        tenant = '';
        name = '';
      }
      IsString()(Job.prototype, 'tenant');
      IsString()(Job.prototype, 'name');
      class Work extends PlainCommand<Job, void> {
        async run({ name }: Job, ctx: CommandContext): Promise<void> {
          await ctx.step('work', async () => {
            begun.push(name);
            await new Promise<void>((resolve) => release.set(name, resolve));
          });
        }
      }
      command({ name: 'work', params: Job, queue: { concurrency: 2, key: ({ tenant }) => tenant } })(Work);
      await using runner = await open([Work], { engine: { file: newFile() } });
      const jobs = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2'];
      const runs = [];
      for (const name of jobs) runs.push(await runner.start(Work, { tenant: name.charAt(0), name }));
      runs.push(await runner.start(Work, { tenant: 'a', name: 'urgent' }, { priority: 5 }));
      for (let left = runs.length; left > 0; left -= 1) {
        await until(() => release.size >= Math.min(2, left));
        await settle(10);
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
      const clock = new ManualClock();
      const begun: number[] = [];
      const Command = commandOf((ctx) => ctx.step('go', async () => begun.push(clock.now())), {
        queue: { rate: { count: 2, perMs: 1000 } },
      });
      await using runner = await open([Command], { engine: { file: newFile(), clock } });
      const start = clock.now();
      for (let n = 0; n < 6; n += 1) await runner.start(Command, {});
      for (let n = 0; n < 30; n += 1) {
        await settle();
        clock.advance(100);
      }
      expect(begun).toHaveLength(6);
      for (const [index, at] of begun.entries()) {
        expect(begun.filter((other) => other > at - 1000 && other <= at).length).toBeLessThanOrEqual(3); // Burst and refill within one second.
        expect(at - start).toBeGreaterThanOrEqual(Math.max(0, (index - 1) * 500));
      }
    });

    it('of concurrency 1 does not keep a child of the same queue from its parent', async () => {
      const Child = commandOf(async () => 'inner', { name: 'inner', queue: { name: 'shared', concurrency: 1 } });
      const Parent = commandOf((ctx) => ctx.execute(Child, {}), { name: 'outer', queue: { name: 'shared', concurrency: 1 } });
      await using runner = await open([Child, Parent], { engine: { file: newFile() } });
      expect(await Promise.all([1, 2, 3].map(() => runner.execute(Parent, {})))).toEqual(['inner', 'inner', 'inner']);
    });

    it('lets a queued run be cancelled without its turn', async () => {
      const Command = commandOf((ctx) => ctx.waitFor('word', { schema: Word }), { queue: { concurrency: 1 } });
      await using runner = await open([Command], { engine: { file: newFile() } });
      await runner.start(Command, {});
      const second = await runner.start(Command, {});
      await settle();
      expect(await stateOf(runner, second.id)).toBe('queued');
      await second.cancel('changed my mind');
      expect(await second.outcome()).toMatchObject({ status: 'cancelled' });
    });
  });

  describe('a fork', () => {
    it('begins with the results before a step, and leaves the earlier run alone', async () => {
      const done: string[] = [];
      const Command = commandOf(async (ctx) => {
        const id = ctx.uuid();
        const a = await ctx.step('a', async () => `a${done.push('a')}`);
        const b = await ctx.step('b', async () => `b${done.push('b')}`);
        return [id, a, b, ctx.now().getTime()];
      });
      await using runner = await open([Command], { engine: { file: newFile() } });
      const first = await runner.start(Command, {}, { key: 'k' });
      const [id, a] = (await first.result()) as unknown[];
      const forked = await runner.fork(first.id, { step: 'b' });
      expect((await forked.result()) as unknown[]).toMatchObject([id, a, 'b3', expect.any(Number)]);
      expect(done).toEqual(['a', 'b', 'b']);
      expect(forked.id).not.toBe(first.id);
      await expect(runner.fork(first.id, { step: 'c' })).rejects.toMatchObject({
        code: 'FORK_REFUSED',
        message: expect.stringContaining('"c"'),
      });
      await expect(runner.fork(first.id, { seq: 99 })).rejects.toMatchObject({ code: 'FORK_REFUSED' });
    });

    it('is refused past a step that can be undone, which one run owns', async () => {
      const Command = commandOf(async (ctx) => {
        await ctx.step('reserve', async () => 1, { undo: async () => undefined });
        await ctx.step('charge', async () => 1);
      });
      await using runner = await open([Command], { engine: { file: newFile() } });
      const run = await runner.start(Command, {}, { key: 'k' });
      await run.result();
      await expect(runner.fork(run.id, { step: 'charge' })).rejects.toMatchObject({
        code: 'FORK_REFUSED',
        message: expect.stringContaining('reserve'),
      });
      expect(await (await runner.fork(run.id, { step: 'reserve' })).outcome()).toMatchObject({ status: 'completed' });
    });
  });

  it('prune removes ended runs by age, or their bodies only', async () => {
    const clock = new ManualClock();
    const Command = commandOf(async (ctx) => ctx.step('a', async () => 'private'));
    await using runner = await open([Command], { engine: { file: newFile(), clock } });
    const old = await runner.start(Command, {}, { key: 'old' });
    await old.result();
    clock.advance(DAY);
    const young = await runner.start(Command, {}, { key: 'young' });
    await young.result();
    expect(await runner.prune({ endedBefore: new Date(clock.now()), what: 'bodies' })).toBe(1);
    const history = await runner.history(old.id);
    expect(history.records.map(({ kind }) => kind)).toEqual(['started', 'step-ended', 'ended']);
    expect(JSON.stringify(history)).not.toContain('private');
    expect(await runner.prune({ endedBefore: new Date(clock.now()), what: 'runs' })).toBe(1);
    expect((await runner.runs()).map(({ id }) => id)).toEqual([young.id]);
  });
});

describe('code that changed', () => {
  it('goes on with a failed run: the failed step is done again, the others are not', async () => {
    const file = join(folder, `${files++}.db`);
    const done: string[] = [];
    const version = (fixed: boolean) =>
      commandOf(async (ctx) => {
        await ctx.step('reserve', async () => done.push('reserve'));
        const caught = await ctx
          .step('optional', async () => {
            throw new CommandFailure('PLAN_INFEASIBLE', 'never');
          })
          .catch(() => 'without');
        await ctx.step('charge', async () => {
          done.push('charge');
          if (!fixed) throw new CommandFailure('PLAN_INFEASIBLE', 'no card');
        });
        return caught;
      });
    const broken = version(false);
    const first = await open([broken], { engine: { file } });
    const run = await first.start(broken, {}, { key: 'k' });
    expect(await run.outcome()).toMatchObject({ status: 'failed' });
    await first[Symbol.asyncDispose]();
    const fixed = version(true);
    await using second = await open([fixed], { engine: { file } });
    const reopened = await second.reopen(run.id);
    expect(await reopened.outcome()).toMatchObject({ status: 'completed', result: 'without' });
    expect(done).toEqual(['reserve', 'charge', 'charge']);
    expect((await second.history(run.id)).records.map(({ kind }) => kind)).toContain('reopened');
    await expect(second.reopen(run.id)).rejects.toMatchObject({ code: 'RUN_NOT_REOPENED' });
  });

  it('may leave out a step that it says to be retired, or that only read; any other is refused by name', async () => {
    const outcomeWith = async (effect: 'read' | 'idempotent', spec: { retiredSteps?: readonly string[] }) => {
      const file = join(folder, `${files++}.db`);
      const old = commandOf(async (ctx) => {
        await ctx.step('notify partner', async () => 1, { effect });
        await ctx.sleep(DAY);
      });
      const clock = new ManualClock();
      const first = await open([old], { engine: { file, clock } });
      const { id } = await first.start(old, {});
      await settle();
      await first[Symbol.asyncDispose]();
      const without = commandOf((ctx) => ctx.sleep(DAY), { version: '2', ...spec });
      await using second = await open([without], { engine: { file, clock }, start: { resume: false } });
      const run = await second.resume(id);
      const outcome = run.outcome();
      clock.advance(DAY);
      return outcome.then(({ status }) => status);
    };
    expect(await outcomeWith('read', {})).toBe('completed');
    expect(await outcomeWith('idempotent', { retiredSteps: ['notify partner'] })).toBe('completed');
    await expect(outcomeWith('idempotent', {})).rejects.toMatchObject({
      code: 'RUN_DIVERGED',
      message: expect.stringContaining('notify%20partner'),
    });
  });

  it('is checked against every open run without effects', async () => {
    const file = join(folder, `${files++}.db`);
    const done: string[] = [];
    const named = (name: string, label: string) =>
      commandOf(
        async (ctx) => {
          await ctx.step(label, async () => done.push(label));
          await ctx.waitFor('word', { schema: Word });
        },
        { name },
      );
    const [same, renamed, gone] = [named('same', 'a'), named('renamed', 'a'), named('gone', 'a')];
    const first = await open([same, renamed, gone], { engine: { file } });
    for (const command of [same, renamed, gone]) await first.start(command, {});
    await settle();
    await first[Symbol.asyncDispose]();
    await using second = await open([same, named('renamed', 'b')], { engine: { file }, start: { resume: false } });
    const before = await Promise.all((await second.runs()).map(({ id }) => second.history(id)));
    const verdicts = new Map((await all<RunCheck>(second.check())).map((check) => [check.command, check]));
    expect(verdicts.get('same')).toMatchObject({ verdict: 'continues' });
    expect(verdicts.get('renamed')).toMatchObject({ verdict: 'refused', reason: expect.stringContaining('execution/a') });
    expect(verdicts.get('gone')).toMatchObject({ verdict: 'unknown-command' });
    expect(await Promise.all((await second.runs()).map(({ id }) => second.history(id)))).toEqual(before);
    expect(done).toEqual(['a', 'a', 'a']);
  });
});

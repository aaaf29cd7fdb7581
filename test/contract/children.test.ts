/** Runs and their children, named parts of runs, and runs that go on as others; on every engine. */
import { IsInt } from 'class-validator';
import { type CommandContext, CommandFailure, command, PlainCommand } from '../../src/index.js';
import { journalFolder } from '../support/engineHarness.js';
import { settle, stateOf, until, Word } from '../support/longRuns.js';
import { environments } from './environments.js';

const folder = journalFolder();

class Count {
  @IsInt()
  left = 3;
}

describe.each(environments(folder))('%s', (_name, environment) => {
  describe('a parent', () => {
    it('is put aside while its child waits, and gets what became of it', async () => {
      await using world = environment.world();
      const Child = world.commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'child' });
      let loads = 0;
      const Parent = world.commandOf(
        async (ctx) => {
          loads += 1;
          return `child said ${await ctx.execute(Child, {})}`;
        },
        { name: 'parent' },
      );
      const runner = await world.open([Child, Parent]);
      const run = await runner.start(Parent, {});
      await world.untilAside(runner, run.id);
      const [child] = (await runner.runs()).filter((one) => one.command === world.named('child'));
      await world.untilAside(runner, child?.id ?? '');
      expect((await runner.runs()).map((one) => one.state)).toEqual(['waiting', 'waiting']);
      await runner.notify(child?.id ?? '', 'word', { text: 'yes' });
      expect(await run.result()).toBe('child said yes');
      expect(loads).toBe(2);
    });

    it('that is put aside passes its cancellation on', async () => {
      await using world = environment.world();
      const Child = world.commandOf((ctx) => ctx.sleep(60_000), { name: 'child' });
      const Parent = world.commandOf((ctx) => ctx.execute(Child, {}), { name: 'parent' });
      const runner = await world.open([Child, Parent]);
      const run = await runner.start(Parent, {});
      await world.untilAside(runner, run.id);
      await runner.cancel(run.id, 'enough');
      expect(await run.outcome()).toMatchObject({ status: 'cancelled' });
      expect((await runner.runs()).map(({ state }) => state)).toEqual(['cancelled', 'cancelled']);
    });

    it('gets the ends of children that are faster than it, in parallel and one after the other', async () => {
      await using world = environment.world({ isReal: true });
      const Child = world.commandOf(async () => 1, { name: 'child' });
      const Parent = world.commandOf(
        async (ctx) => {
          const together = await Promise.all(['a', 'b', 'c'].map((key) => ctx.execute(Child, {}, { key })));
          return together.length + (await ctx.execute(Child, {})) + (await ctx.execute(Child, {}));
        },
        { name: 'parent' },
      );
      const runner = await world.open([Child, Parent], { unloadAfterMs: 1 });
      const runs = await Promise.all([1, 2, 3, 4].map(() => runner.start(Parent, {})));
      expect(await Promise.all(runs.map((run) => run.result()))).toEqual([5, 5, 5, 5]);
      expect(await runner.runs(100)).toHaveLength(4 * 6);
    });

    it('gets the error of its child, and may go on without it', async () => {
      await using world = environment.world();
      const Child = world.commandOf((): Promise<string> => Promise.reject(new CommandFailure('PLAN_INFEASIBLE', 'no')), { name: 'child' });
      const Parent = world.commandOf((ctx) => ctx.execute(Child, {}).catch((error: Error) => `without: ${error.message}`), {
        name: 'parent',
      });
      const runner = await world.open([Child, Parent]);
      expect(await runner.execute(Parent, {})).toBe('without: no');
    });

    it('undoes what a child did by another child', async () => {
      await using world = environment.world();
      const undone: string[] = [];
      const Child = world.commandOf(async () => 'done', { name: 'child' });
      const Undo = world.commandOf((ctx) => ctx.step('undo', async () => void undone.push('undo')), { name: 'undo' });
      const Parent = world.commandOf(
        async (ctx): Promise<string> => {
          await ctx.execute(Child, {}, { undo: { command: Undo, params: () => ({}) } });
          throw new CommandFailure('PLAN_INFEASIBLE', 'no');
        },
        { name: 'parent' },
      );
      const runner = await world.open([Child, Undo, Parent]);
      const run = await runner.start(Parent, {});
      expect(await run.outcome()).toMatchObject({ status: 'compensated' });
      expect(undone).toEqual(['undo']);
    });

    it('does not wait for a run that it only started, nor cancel it', async () => {
      await using world = environment.world();
      const Other = world.commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'other' });
      const Parent = world.commandOf(
        async (ctx) => {
          const id = await ctx.start(Other, {});
          ctx.publish({ id });
          await ctx.waitFor('word', { schema: Word });
        },
        { name: 'parent' },
      );
      const runner = await world.open([Other, Parent]);
      const run = await runner.start(Parent, {});
      await until(async () => (await runner.query(run.id)) !== undefined);
      const { id } = (await runner.query(run.id)) as { id: string };
      await run.cancel('enough');
      expect(await run.outcome()).toMatchObject({ status: 'cancelled' });
      await runner.notify(id, 'word', { text: 'alone' });
      expect(await (await runner.resume(id)).result()).toBe('alone');
    });
  });

  describe('a named part', () => {
    it('is replayed as one outcome: what happened inside is dropped, also over a load', async () => {
      await using world = environment.world();
      const ran: string[] = [];
      const Command = world.commandOf(async (ctx) => {
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
          await ctx.waitFor('word', { schema: Word });
        }
        return [...sums, await ctx.step('last', async () => ctx.runId.length > 0)];
      });
      const runner = await world.open([Command]);
      const run = await runner.start(Command, {});
      for (let part = 0; part < 3; part += 1) {
        await until(async () => (await runner.history(run.id)).records.filter(({ kind }) => kind === 'branch-ended').length === part + 1);
        await world.untilAside(runner, run.id);
        await runner.notify(run.id, 'word', { text: 'on' });
      }
      expect(await run.result()).toEqual([6, 6, 6, true]);
      expect(ran.filter((one) => one.startsWith('code'))).toEqual(['code 0', 'code 1', 'code 2']);
      expect(ran.length).toBe(3 + 12);
      const { records } = await runner.history(run.id);
      expect(records.filter(({ kind }) => kind === 'branch-ended')).toHaveLength(3);
      expect(records.filter(({ label }) => label === 'add')).toHaveLength(0);
    });

    it('waits for what nobody awaited in it, and passes its failure on without a record', async () => {
      await using world = environment.world();
      const Command = world.commandOf(async (ctx) => {
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
      const runner = await world.open([Command]);
      const run = await runner.start(Command, {}, { key: 'k' });
      expect(await run.result()).toEqual([['slow'], 'no']);
      expect((await runner.history(run.id)).records.map(({ kind, label }) => `${kind} ${label}`)).toContain('step-ended refused');
    });

    it('nested in another leaves the outer one alone', async () => {
      await using world = environment.world();
      const Command = world.commandOf(async (ctx) => {
        const outer = await ctx.branch('outer', async () => {
          const [one, two] = await Promise.all(['x', 'y'].map((name) => ctx.branch('inner', () => ctx.step('s', async () => name))));
          return `${one}${two}`;
        });
        await ctx.waitFor('word', { schema: Word });
        return outer;
      });
      const runner = await world.open([Command]);
      const run = await runner.start(Command, {});
      await world.untilAside(runner, run.id);
      const { records } = await runner.history(run.id);
      expect(records.map(({ kind, step }) => `${kind} ${step ?? ''}`.trim())).toEqual(['started', 'branch-ended execution.outer~0']);
      await runner.notify(run.id, 'word', { text: 'on' });
      expect(await run.result()).toBe('xy');
    });

    it('with a child in it is one outcome too', async () => {
      await using world = environment.world();
      const Child = world.commandOf(async (ctx) => (await ctx.waitFor('word', { schema: Word })).text, { name: 'child' });
      const Parent = world.commandOf(
        async (ctx) => {
          const said = await ctx.branch('part', () => ctx.execute(Child, {}));
          await ctx.waitFor('word', { schema: Word });
          return said;
        },
        { name: 'parent' },
      );
      const runner = await world.open([Child, Parent]);
      const run = await runner.start(Parent, {});
      await world.untilAside(runner, run.id);
      const child = (await runner.runs()).find((one) => one.command === world.named('child'));
      await runner.notify(child?.id ?? '', 'word', { text: 'inside' });
      await until(async () => (await runner.history(run.id)).records.some(({ kind }) => kind === 'branch-ended'));
      await world.untilAside(runner, run.id);
      await runner.notify(run.id, 'word', { text: 'on' });
      expect(await run.result()).toBe('inside');
    });
  });

  describe('continueAs', () => {
    it('goes on as a successor, whose outcome is that of the run, by key too', async () => {
      await using world = environment.world();
      class Countdown extends PlainCommand<Count, string> {
        async run({ left }: Count, ctx: CommandContext): Promise<string> {
          await ctx.step('count', async () => left);
          return left === 0 ? 'lift off' : ctx.continueAs({ left: left - 1 });
        }
      }
      command({ name: world.named('countdown'), params: Count })(Countdown);
      const runner = await world.open([Countdown]);
      expect(await runner.execute(Countdown, { left: 3 }, { key: 'apollo' })).toBe('lift off');
      expect(await runner.execute(Countdown, { left: 3 }, { key: 'apollo' })).toBe('lift off');
      expect((await runner.runs()).map(({ state }) => state)).toEqual(['completed', 'continued', 'continued', 'continued']);
    });

    it('of a child is its last outcome for the parent; signals and cancellations reach the last one', async () => {
      await using world = environment.world();
      class Twice extends PlainCommand<Count, string> {
        async run({ left }: Count, ctx: CommandContext): Promise<string> {
          const { text } = await ctx.waitFor('word', { schema: Word });
          return left === 0 ? text : ctx.continueAs({ left: left - 1 });
        }
      }
      command({ name: world.named('twice'), params: Count })(Twice);
      const Parent = world.commandOf((ctx) => ctx.execute(Twice, { left: 1 }), { name: 'parent' });
      const runner = await world.open([Twice, Parent]);
      const run = await runner.start(Parent, {});
      await world.untilAside(runner, run.id);
      const first = (await runner.runs()).find((one) => one.command === world.named('twice'))?.id ?? '';
      for (const text of ['first', 'second']) await runner.notify(first, 'word', { text });
      expect(await run.result()).toBe('second');
      const alone = await runner.start(Twice, { left: 1 });
      await runner.notify(alone.id, 'word', { text: 'first' });
      await until(async () => (await stateOf(runner, alone.id)) === 'continued');
      await alone.cancel('enough');
      expect(await alone.outcome()).toMatchObject({ status: 'cancelled' });
    });
  });
});

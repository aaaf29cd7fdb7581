/** Steps of runs: order, parallel ones, retries, time limits, undo; on every engine. */
import { CommandFailure, TransientError } from '../../src/index.js';
import { journalFolder } from '../support/engineHarness.js';
import { until, Word } from '../support/longRuns.js';
import { environments } from './environments.js';

const folder = journalFolder();

function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe.each(environments(folder))('%s', (_name, environment) => {
  it('500 steps side by side are done once each, and their outcomes come in the order they were recorded', async () => {
    await using world = environment.world({ isReal: true });
    let done = 0;
    const Command = world.commandOf(async (ctx) => {
      const order: number[] = [];
      const results = await Promise.all(
        Array.from({ length: 500 }, async (_, n) => {
          const result = await ctx.step(`step ${n}`, async () => {
            done += 1;
            return n;
          });
          order.push(result);
          return result;
        }),
      );
      await ctx.waitFor('word', { schema: Word });
      return { sum: results.reduce((sum, n) => sum + n, 0), order };
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    await world.untilAside(runner, run.id);
    const recorded = (await runner.history(run.id)).records.filter(({ kind }) => kind === 'step-ended').map(({ body }) => Number(body));
    await run.notify('word', { text: 'on' });
    expect(await run.result()).toEqual({ sum: 124_750, order: recorded });
    expect(done).toBe(500);
  });

  it('sequences beside one another, races and the first that succeeds go on the same way when they are replayed', async () => {
    await using world = environment.world({ isReal: true });
    const Command = world.commandOf(async (ctx) => {
      const said: string[] = [];
      const sequence = async (name: string, waits: readonly number[]): Promise<string> => {
        for (const [n, ms] of waits.entries()) {
          said.push(await ctx.step(`${name} ${n}`, () => elapse(ms).then(() => `${name} ${n}`)));
        }
        return name;
      };
      const slow = sequence('slow', [400, 5]);
      const first = await Promise.race([slow, sequence('fast', [1, 1, 1])]);
      const any = await Promise.any([
        ctx.step('refused', async (): Promise<string> => {
          throw new CommandFailure('PLAN_INFEASIBLE', 'no');
        }),
        ctx.step('accepted', () => elapse(5).then(() => 'accepted')),
      ]);
      const all = await Promise.allSettled([
        sequence('x', [3, 1]),
        sequence('y', [1, 3]),
        ctx.step('z', () => Promise.reject(new Error('z'))),
      ]);
      await slow;
      const before = [...said];
      await ctx.waitFor('word', { schema: Word });
      return { first, any, all: all.map(({ status }) => status), said: before };
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    await world.untilAside(runner, run.id);
    const { records } = await runner.history(run.id);
    const recorded = records.filter(({ kind, status, label }) => kind === 'step-ended' && status === 'succeeded' && label !== 'accepted');
    await run.notify('word', { text: 'on' });
    const result = (await run.result()) as { said: string[] };
    expect(result).toMatchObject({ first: 'fast', any: 'accepted', all: ['fulfilled', 'fulfilled', 'rejected'] });
    expect(result.said).toEqual(recorded.map(({ label }) => label));
  });

  it('are tried again by the policy of the step, no sooner than the failing side asked for, and not after a definite no', async () => {
    await using world = environment.world({ isReal: true });
    const tries: number[] = [];
    let refusals = 0;
    const Command = world.commandOf(async (ctx) => {
      const tried = await ctx.step(
        'busy',
        async () => {
          tries.push(Date.now());
          if (tries.length === 1) throw new TransientError('SYSTEM_UNAVAILABLE', 'busy', { details: { retryAfterMs: 200 } });
          if (tries.length === 2) throw new TransientError('SYSTEM_UNAVAILABLE', 'busy');
          return tries.length;
        },
        { retry: { attemptsMax: 3, backoffMs: 50, jitter: 0 } },
      );
      await ctx
        .step(
          'refused',
          async () => {
            refusals += 1;
            throw new CommandFailure('PLAN_INFEASIBLE', 'no');
          },
          { retry: { attemptsMax: 3, backoffMs: 1 } },
        )
        .catch(() => undefined);
      return tried;
    });
    const runner = await world.open([Command], { unloadAfterMs: 20 });
    expect(await runner.execute(Command, {})).toBe(3);
    const [first = 0, second = 0, third = 0] = tries;
    expect(second - first).toBeGreaterThanOrEqual(199); // Timers may be a millisecond early.
    expect(third - second).toBeGreaterThanOrEqual(99);
    expect(third - second).toBeLessThan(1500);
    expect(refusals).toBe(1);
  });

  it('count their attempts over the times that the run is put aside', async () => {
    await using world = environment.world({ isReal: true });
    let tries = 0;
    const Command = world.commandOf((ctx) =>
      ctx.step(
        'down',
        async (): Promise<string> => {
          tries += 1;
          throw new TransientError('SYSTEM_UNAVAILABLE', 'down');
        },
        { retry: { attemptsMax: 3, backoffMs: 120, jitter: 0, backoffFactor: 1 } },
      ),
    );
    const runner = await world.open([Command], { unloadAfterMs: 10 });
    const run = await runner.start(Command, {}, { key: 'k' });
    expect(await run.outcome()).toMatchObject({ status: 'failed', error: { code: 'SYSTEM_UNAVAILABLE' } });
    expect(tries).toBe(3);
    expect((await runner.history(run.id)).records.filter(({ kind }) => kind === 'resumed')).not.toHaveLength(0);
  });

  it('are given up after their time limit, and the run after its deadline', async () => {
    await using world = environment.world({ isReal: true });
    const Slow = world.commandOf((ctx) => ctx.step('slow', () => new Promise(() => undefined), { effect: 'read', timeoutMs: 20 }), {
      name: 'slow',
    });
    const Late = world.commandOf((ctx) => ctx.step('late', () => new Promise(() => undefined), { effect: 'read' }), { name: 'late' });
    const runner = await world.open([Slow, Late]);
    const late = await runner.start(Late, {}, { deadline: new Date(Date.now() + 100) });
    const slow = await runner.start(Slow, {});
    expect(await slow.outcome()).toMatchObject({ status: 'failed', error: { code: 'STEP_TIMED_OUT' } });
    expect(await late.outcome()).toMatchObject({ status: 'failed', error: { code: 'DEADLINE_PASSED' } });
  });

  it('are undone newest first, each once, also when the run is cancelled again while that goes on', async () => {
    await using world = environment.world({ isReal: true });
    const undone: string[] = [];
    const Command = world.commandOf(async (ctx) => {
      for (const name of ['a', 'b', 'c']) {
        await ctx.step(name, async () => name, {
          undo: async (output) => {
            await elapse(30);
            undone.push(output);
          },
        });
      }
      await ctx.waitFor('word', { schema: Word });
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    await world.untilAside(runner, run.id);
    await run.cancel('once');
    await until(() => undone.length > 0);
    await run.cancel('and again');
    expect(await run.outcome()).toMatchObject({ status: 'cancelled', error: { code: 'RUN_CANCELLED' } });
    expect(undone).toEqual(['c', 'b', 'a']);
  });

  it('that cannot be undone leave the run stopped, and it goes on when it is resumed', async () => {
    await using world = environment.world({ isReal: true });
    let isBroken = true;
    const undone: string[] = [];
    const Command = world.commandOf(async (ctx): Promise<void> => {
      await ctx.step('reserve', async () => 'r', {
        undo: async () => {
          if (isBroken) throw new Error('the warehouse is closed');
          undone.push('reserve');
        },
        undoRetry: { attemptsMax: 2, backoffMs: 1 },
      });
      throw new CommandFailure('PLAN_INFEASIBLE', 'no');
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {}, { key: 'k' });
    await expect(run.outcome()).rejects.toMatchObject({ message: expect.stringContaining('the warehouse is closed') });
    expect((await runner.history(run.id)).state).toBe('stopped');
    isBroken = false;
    expect(await (await runner.resume(run.id)).outcome()).toMatchObject({ status: 'compensated' });
    expect(undone).toEqual(['reserve']);
  });
});

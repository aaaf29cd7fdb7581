/** Edges of runs that wait, continue, stop, or have parts: each once went wrong. */
import { join } from 'node:path';
import { CommandFailure } from '../../src/index.js';
import { commandOf, open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';
import { DAY, settle, until, untilAside, Word } from '../support/longRuns.js';
import { ManualClock } from '../support/ManualClock.js';

const folder = journalFolder();
let files = 0;
const refuse = () => new CommandFailure('SYSTEM_REFUSED', 'no');

const W = { schema: Word };

describe.each(['in memory', 'in a file'])('%s', (where) => {
  const newFile = () => (where === 'in memory' ? ':memory:' : join(folder, `${files++}.db`));
  const world = () => {
    const clock = new ManualClock();
    return { clock, engine: { file: newFile(), clock, unloadAfterMs: 10 } };
  };

  it('the limit of a phase that ended in time does not count at the next load', async () => {
    const { clock, engine } = world();
    const Command = commandOf(
      async (ctx) => {
        await ctx.step('a', async () => 1);
        await ctx.sleep(DAY);
        return 'through';
      },
      { phaseTimeoutsMs: { validation: 1000, setup: 1000 } },
    );
    await using runner = await open([Command], { engine });
    const run = await runner.start(Command, {});
    await untilAside(runner, clock, run.id);
    clock.advance(DAY);
    expect(await run.result()).toBe('through');
  });

  it('a limit that is still set counts at the next load, however long ago it passed', async () => {
    const { clock, engine } = world();
    const Command = commandOf((ctx) => ctx.waitFor('word', W), { phaseTimeoutsMs: { execution: 60_000 } });
    await using runner = await open([Command], { engine });
    const run = await runner.start(Command, {});
    await untilAside(runner, clock, run.id);
    clock.advance(DAY);
    expect(await run.outcome()).toMatchObject({ status: 'failed', error: { code: 'PHASE_TIMED_OUT' } });
  });

  describe('a run that another goes on with', () => {
    const generations = (last: number) => {
      const seen = { generation: 0 };
      const Command = commandOf(async (ctx) => {
        const generation = await ctx.step('gen', async () => {
          seen.generation += 1;
          return seen.generation;
        });
        ctx.publish({ generation });
        const { text } = await ctx.waitFor('word', W);
        return generation === last ? text : ctx.continueAs({});
      });
      return { seen, Command };
    };

    it('passes on signals that it did not take, and is cancelled, told and asked by its first id', async () => {
      const { clock, engine } = world();
      const { seen, Command } = generations(3);
      await using runner = await open([Command], { engine });
      const run = await runner.start(Command, {});
      await untilAside(runner, clock, run.id);
      await Promise.all(['one', 'two', 'three'].map((text) => runner.notify(run.id, 'word', { text })));
      expect(await run.result()).toBe('three');
      expect(await runner.query(run.id)).toEqual({ generation: 3 });
      const again = await runner.start(Command, {});
      await runner.notify(again.id, 'word', { text: 'on' });
      await until(() => seen.generation === 5);
      await again.cancel('enough');
      expect(await again.outcome()).toMatchObject({ status: 'cancelled' });
    });

    it('is cancelled with its parent', async () => {
      const { engine } = world();
      const { seen, Command: Child } = generations(9);
      const Named = commandOf((ctx) => ctx.execute(Child, {}), { name: 'parent' });
      await using runner = await open([Child, Named], { engine });
      const run = await runner.start(Named, {});
      await until(() => seen.generation === 1);
      const [child] = (await runner.runs()).filter(({ command }) => command === 'written');
      await runner.notify(child?.id ?? '', 'word', { text: 'on' });
      await until(() => seen.generation === 2);
      await run.cancel('enough');
      expect(await run.outcome()).toMatchObject({ status: 'cancelled' });
      expect((await runner.runs()).filter(({ endedAt }) => endedAt === null)).toEqual([]);
    });

    it('tells whoever waited for it that its successor stopped', async () => {
      const { clock, engine } = world();
      let generation = 0;
      const Command = commandOf<unknown>(async (ctx) => {
        const nth = await ctx.step('gen', async () => {
          generation += 1;
          return generation;
        });
        if (nth === 1) {
          await ctx.sleep(DAY);
          return ctx.continueAs({});
        }
        await ctx.step('hold', async () => 1, { undo: () => Promise.reject(refuse()), undoRetry: { attemptsMax: 1 } });
        throw refuse();
      });
      await using runner = await open([Command], { engine });
      const run = await runner.start(Command, {});
      const outcome = run.outcome();
      outcome.catch(() => undefined);
      await untilAside(runner, clock, run.id);
      clock.advance(DAY);
      await expect(outcome).rejects.toMatchObject({ code: expect.stringMatching(/UNDO_FAILED|RUN_HANDED_BACK/) });
    });
  });

  it('a part that has ended takes no signal any more, so that a replay takes the same course', async () => {
    const { clock, engine } = world();
    const Command = commandOf(async (ctx) => {
      await ctx.branch('b', async () => {
        await Promise.race([ctx.waitFor('word', W), ctx.sleep(5)]);
      });
      const { text } = await ctx.waitFor('word', W);
      await ctx.step('use', async () => 1, { key: text });
      await ctx.sleep(DAY);
      return text;
    });
    await using runner = await open([Command], { engine });
    const run = await runner.start(Command, {});
    await settle();
    clock.advance(5);
    await settle();
    for (const text of ['one', 'two']) await runner.notify(run.id, 'word', { text });
    await untilAside(runner, clock, run.id);
    clock.advance(DAY);
    expect(await run.result()).toBe('one');
  });

  it('a part with an outcome that is unknown is kept whole, so that it is not forgotten', async () => {
    const { clock, engine } = world();
    const Command = commandOf(async (ctx) => {
      await ctx.branch('b', async () => {
        await ctx
          .step('pay', (call) => new Promise((_resolve, reject) => call.signal.addEventListener('abort', reject)), {
            effect: 'once',
            timeoutMs: 5,
          })
          .catch(() => 0);
      });
      await ctx.sleep(DAY);
    });
    await using runner = await open([Command], { engine });
    const run = await runner.start(Command, {});
    await settle();
    clock.advance(5);
    await untilAside(runner, clock, run.id);
    clock.advance(DAY);
    expect(await run.outcome()).toMatchObject({ status: 'unknown' });
  });

  it('a parent whose child stands still says so to whoever waits, and ends when the child was mended', async () => {
    const { clock, engine } = world();
    let mended = false;
    const Child = commandOf<unknown>(
      async (ctx) => {
        await ctx.step('hold', async () => 1, {
          undo: () => (mended ? Promise.resolve() : Promise.reject(refuse())),
          undoRetry: { attemptsMax: 1 },
        });
        throw refuse();
      },
      { name: 'child' },
    );
    const Parent = commandOf((ctx) => ctx.execute(Child, {}), { name: 'parent' });
    await using runner = await open([Child, Parent], { engine });
    const run = await runner.start(Parent, {});
    await expect(run.outcome()).rejects.toMatchObject({ code: 'RUN_HANDED_BACK', message: expect.stringContaining('hold') });
    const states = (await runner.runs()).map(({ command, state }) => `${command} ${state}`);
    expect(states.sort()).toEqual(['child stopped', 'parent waiting']);
    mended = true;
    const [child] = (await runner.runs()).filter(({ command }) => command === 'child');
    expect(await (await runner.resume(child?.id ?? '')).outcome()).toMatchObject({ status: 'compensated' });
    await settle();
    clock.advance(10);
    expect(await (await runner.resume(run.id)).outcome()).toMatchObject({ status: 'failed', error: { message: 'no' } });
  });

  it('an observer of a queued run sees what happens in its second load', async () => {
    const { clock, engine } = world();
    const Command = commandOf(
      async (ctx) => {
        await ctx.step('a', async () => 1);
        await ctx.sleep(DAY);
        await ctx.step('b', async () => 1);
      },
      { queue: { concurrency: 1 } },
    );
    await using runner = await open([Command], { engine });
    const run = await runner.start(Command, {});
    const seen: string[] = [];
    const watching = (async () => {
      for await (const event of run.progress()) if (event.type === 'step-ended') seen.push(event.step);
    })();
    await settle();
    await untilAside(runner, clock, run.id);
    clock.advance(DAY);
    await run.result();
    await watching;
    expect(seen).toEqual(['a', 'b']);
  });
});

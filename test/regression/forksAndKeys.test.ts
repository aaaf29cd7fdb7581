/** Keys, forks, reopened and pruned runs: what reviews found, each as a run through the public door. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { IsInt, IsOptional, IsString } from 'class-validator';
import { MemoryJournal } from '../../src/engine/embedded/MemoryJournal.js';
import { RunLog } from '../../src/engine/run/RunLog.js';
import { type CommandContext, CommandFailure, type CommandRunner, command, PlainCommand, type RunCheck } from '../../src/index.js';
import { commandOf, open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';
import { addRun, addStep, aRun, type Begun, endRun, NO_EVENTS, ORIGIN } from '../support/journals.js';
import { all, DAY, settle, stateOf, until, untilAside, Word } from '../support/longRuns.js';
import { ManualClock } from '../support/ManualClock.js';

const folder = journalFolder();
let files = 0;
const HOUR = 3_600_000;

const W = { schema: Word };
const F = () => new CommandFailure('PLAN_INFEASIBLE', 'x');

const idOf = async (runner: CommandRunner, name: string, state: string) =>
  (await runner.runs(1000)).find((run) => run.command === name && (state === 'open' ? run.endedAt === null : run.state === state))?.id ??
  '';

describe.each(['in memory', 'in a file'])('%s', (where) => {
  const newFile = () => (where === 'in memory' ? ':memory:' : join(folder, `${files++}.db`));
  const setup = (file = newFile(), clock = new ManualClock()) => ({ clock, e: { engine: { file, clock, unloadAfterMs: 10 } } });

  /** Lets go what may go: by `prune`, and in memory by enough other endings. */
  async function prune(runner: CommandRunner, clock: ManualClock, Filler: ReturnType<typeof filler>): Promise<void> {
    if (where === 'in memory') for (let n = 0; n < 300; n += 1) await runner.execute(Filler, {});
    await runner.prune({ endedBefore: new Date(clock.now() - DAY), what: 'runs' });
  }
  const filler = () => commandOf(async () => 1, { name: 'filler' });

  /** Its first run does the work, and its second waits. */
  function generations() {
    let n = 0;
    const charged: number[] = [];
    const Chain = commandOf(
      async (ctx) => {
        const g = await ctx.step('gen', async () => ++n, { effect: 'once' });
        if (g === 1) {
          await ctx.step('charge', async () => charged.push(g));
          return ctx.continueAs({});
        }
        if (g > 2) {
          charged.push(g);
          return 'again';
        }
        return (await ctx.waitFor('go', W)).text;
      },
      { name: 'chain' },
    );
    return { Chain, charged };
  }

  describe('a run that goes on as another', () => {
    it('is kept as a child until the other has ended and its parent knows', async () => {
      const { Chain, charged } = generations();
      const [Parent, Filler] = [commandOf((ctx) => ctx.execute(Chain, {}), { name: 'parent' }), filler()];
      const { clock, e } = setup();
      await using runner = await open([Chain, Parent, Filler], e);
      const run = await runner.start(Parent, {});
      await untilAside(runner, clock, run.id);
      clock.advance(30 * DAY);
      await prune(runner, clock, Filler);
      const successor = await idOf(runner, 'chain', 'open');
      await runner.notify(successor, 'go', { text: 'done' });
      expect(await run.result()).toBe('done');
      expect(charged).toEqual([1]);
      clock.advance(30 * DAY);
      await prune(runner, clock, Filler);
      expect((await runner.runs(1000)).filter(({ command: name }) => name === 'chain')).toEqual([]);
    });

    it('is kept with its key until the other has ended, and may lose its values before', async () => {
      const { Chain, charged } = generations();
      const Filler = filler();
      const { clock, e } = setup();
      await using runner = await open([Chain, Filler], e);
      const first = await runner.start(Chain, {}, { key: 'k' });
      await until(async () => (await stateOf(runner, first.id)) === 'continued');
      clock.advance(30 * DAY);
      await runner.prune({ endedBefore: new Date(clock.now() - DAY), what: 'bodies' });
      await prune(runner, clock, Filler);
      const again = await runner.start(Chain, {}, { key: 'k' });
      expect(again.id).toBe(first.id);
      await runner.notify(await idOf(runner, 'chain', 'open'), 'go', { text: 'done' });
      expect(await again.result()).toBe('done');
      expect(charged).toEqual([1]);
      if (where === 'in memory') for (let n = 0; n < 600; n += 1) await runner.execute(Filler, {});
      expect(await (await runner.start(Chain, {}, { key: 'k' })).result()).toBe('done');
      clock.advance(30 * DAY);
      await prune(runner, clock, Filler);
      expect((await runner.start(Chain, {}, { key: 'k' })).id).not.toBe(first.id);
    });
  });

  it('a child that has ended is not kept once its parent has its outcome', async () => {
    let done = 0;
    const Child = commandOf((ctx) => ctx.step('charge', async () => ++done), { name: 'child' });
    const [Started, Filler] = [commandOf(async (ctx) => ctx.waitFor('go', W), { name: 'started' }), filler()];
    const Parent = commandOf(
      async (ctx) => {
        await ctx.execute(Child, {});
        await ctx.start(Started, {});
        await ctx.waitFor('go', W);
      },
      { name: 'parent' },
    );
    const { clock, e } = setup();
    await using runner = await open([Child, Parent, Started, Filler], e);
    const run = await runner.start(Parent, {});
    await untilAside(runner, clock, run.id);
    clock.advance(30 * DAY);
    await prune(runner, clock, Filler);
    expect(await idOf(runner, 'child', 'completed')).toBe('');
    await runner.notify(run.id, 'go', { text: '' });
    expect(await run.outcome()).toMatchObject({ status: 'completed' });
    expect(done).toBe(1);
  });

  describe('two that reopen one run', () => {
    const failing = () => {
      let broken = true;
      const done: string[] = [];
      const Command = commandOf(async (ctx) => {
        await ctx.step('a', async () => done.push('a'));
        await ctx.step('b', async () => {
          if (broken) throw F();
          done.push('b');
        });
        await ctx.waitFor('go', W);
        return 'fine';
      });
      return { Command, done, mend: () => (broken = false) };
    };

    it('in one process: one does, the other is refused, and the journal goes on', async () => {
      const { Command, done, mend } = failing();
      await using runner = await open([Command], setup().e);
      const run = await runner.start(Command, {});
      await run.outcome();
      mend();
      const settled = await Promise.allSettled([runner.reopen(run.id), runner.reopen(run.id), runner.reopen(run.id)]);
      expect(settled.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
      for (const one of settled) if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'RUN_NOT_REOPENED' });
      await runner.notify(run.id, 'go', { text: '' });
      expect(await (await runner.resume(run.id)).result()).toBe('fine');
      expect(done).toEqual(['a', 'b']);
    });

    it('and one that prunes: either the run goes on, or it is gone', async () => {
      for (const first of ['reopen', 'prune']) {
        const { Command, mend } = failing();
        const { clock, e } = setup();
        await using runner = await open([Command], e);
        const run = await runner.start(Command, {});
        await run.outcome();
        mend();
        clock.advance(2 * DAY);
        const reopen = () => runner.reopen(run.id);
        const pruning = () => runner.prune({ endedBefore: new Date(clock.now() - DAY), what: 'runs' });
        const [reopened] = await Promise.allSettled(first === 'reopen' ? [reopen(), pruning()] : [pruning(), reopen()].toReversed());
        const there = (await runner.runs()).map(({ id }) => id);
        expect(there).toEqual(reopened?.status === 'fulfilled' ? [run.id] : []);
        const other = await runner.start(Command, {});
        await runner.notify(other.id, 'go', { text: '' });
        expect(await other.result()).toBe('fine');
      }
    });
  });

  it('a check goes on behind a named part that has ended', async () => {
    const Command = commandOf(async (ctx) => {
      await ctx.branch('part', async () => {
        await ctx.step('a', async () => 1);
        await ctx.step('b', async () => 2);
      });
      await ctx.step('c', async () => 3);
      await ctx.waitFor('go', W);
    });
    await using runner = await open([Command], setup().e);
    await runner.start(Command, {});
    await settle();
    expect(await all<RunCheck>(runner.check())).toMatchObject([{ verdict: 'continues' }]);
  });

  it('a fork is refused past a step that is done once and can be undone, also when it failed later', async () => {
    const undone: string[] = [];
    const Command = commandOf(async (ctx) => {
      await ctx.step('plain', async () => 0, { effect: 'once' });
      await ctx.step('charge', async () => 1, { effect: 'once', undo: async () => void undone.push('charge') });
      await ctx.step('fail', async () => {
        throw F();
      });
    });
    await using runner = await open([Command], setup().e);
    const run = await runner.start(Command, {});
    expect(await run.outcome()).toMatchObject({ status: 'compensated' });
    expect(undone).toEqual(['charge']);
    await expect(runner.fork(run.id, { step: 'fail' })).rejects.toMatchObject({
      code: 'FORK_REFUSED',
      message: expect.stringContaining('charge'),
    });
    expect(undone).toEqual(['charge']);
    expect((await runner.fork(run.id, { step: 'charge' })).id).not.toBe(run.id);
  });

  describe('the time of a run that is gone on with days later', () => {
    let broken = true;
    const times: number[] = [];
    const timesSince: number[] = [];
    const steps = async (ctx: CommandContext): Promise<void> => {
      times.push(ctx.now().getTime());
      await ctx.step('a', async () => 1);
      if (!broken) timesSince.push(ctx.now().getTime());
      await ctx.step('b', async () => {
        if (broken) throw F();
      });
    };
    const Limited = commandOf(
      async (ctx) => {
        await steps(ctx);
        await ctx.sleep(10 * 60_000);
        return 'in time';
      },
      { name: 'limited', phaseTimeoutsMs: { execution: HOUR } },
    );
    const Sleeping = commandOf(
      async (ctx) => {
        const slept = ctx.sleep(2 * HOUR); // Nothing that is inherited answers it.
        await steps(ctx);
        await slept;
        return ctx.now().getTime();
      },
      { name: 'sleeping' },
    );
    const Waiting = commandOf(
      async (ctx) => {
        await steps(ctx);
        return (await ctx.waitFor('go', { ...W, timeoutMs: HOUR })).text;
      },
      { name: 'waiting' },
    );

    it.each(['fork', 'reopen'] as const)(
      'is that of the %s: limits, sleeps and waits are reckoned from there, over every load',
      async (how) => {
        times.length = 0;
        timesSince.length = 0;
        const { clock, e } = setup();
        await using runner = await open([Limited, Sleeping, Waiting], e);
        const begun = clock.now();
        const goneOnWith = [];
        for (const Command of [Limited, Sleeping, Waiting]) {
          broken = true;
          const run = await runner.start(Command as typeof Sleeping, {});
          expect(await run.outcome()).toMatchObject({ status: 'failed' });
          goneOnWith.push(run.id);
        }
        broken = false;
        clock.advance(3 * DAY);
        const since = clock.now();
        const runs = [];
        for (const id of goneOnWith) runs.push(how === 'fork' ? await runner.fork(id, { step: 'b' }) : await runner.reopen(id));
        const [limited, sleeping, waiting] = runs as [(typeof runs)[0], (typeof runs)[0], (typeof runs)[0]];
        for (const { id } of runs) await untilAside(runner, clock, id);
        clock.advance(10 * 60_000);
        expect(await limited.outcome()).toMatchObject({ status: 'completed', result: 'in time' });
        expect(await stateOf(runner, waiting.id)).toBe('waiting');
        await runner.notify(waiting.id, 'go', { text: 'heard' });
        expect(await waiting.outcome()).toMatchObject({ status: 'completed', result: 'heard' });
        clock.advance(HOUR);
        await settle();
        expect(await stateOf(runner, sleeping.id)).toBe('waiting');
        clock.advance(HOUR);
        expect(await sleeping.result()).toBeGreaterThanOrEqual(since + 2 * HOUR);
        expect(times.every((time) => time === begun)).toBe(true); // What was inherited has its time.
        expect(timesSince.every((time) => time === since)).toBe(true);
      },
    );
  });

  it('a fork of a reopened run has what the run has now, not what was superseded', async () => {
    let broken = true;
    const done: string[] = [];
    const Command = commandOf(async (ctx) => {
      const caught = await ctx
        .step('optional', async () => {
          throw F();
        })
        .catch(() => 'caught');
      const b = await ctx.step('b', async () => {
        done.push('b');
        if (broken) throw F();
        return 'mended';
      });
      const c = await ctx.step('c', async () => done.push('c'));
      return [caught, b, c];
    });
    await using runner = await open([Command], setup().e);
    const run = await runner.start(Command, {});
    expect(await run.outcome()).toMatchObject({ status: 'failed' });
    broken = false;
    expect(await (await runner.reopen(run.id)).result()).toEqual(['caught', 'mended', 3]);
    const forked = await runner.fork(run.id, { step: 'c' });
    expect(await forked.result()).toEqual(['caught', 'mended', 4]);
    expect(done).toEqual(['b', 'b', 'c', 'c']);
  });

  it('a key of a run whose values were erased is still that of the same params, and gives a clear error for its result', async () => {
    class Order {
      n = 1;
    }
    IsInt()(Order.prototype, 'n');
    class Place extends PlainCommand<Order, number> {
      async run({ n }: Order): Promise<number> {
        return n;
      }
    }
    command({ name: 'place', params: Order })(Place);
    const { clock, e } = setup();
    await using runner = await open([Place], e);
    const run = await runner.start(Place, { n: 5 }, { key: 'k', principal: 'ann' });
    expect(await run.result()).toBe(5);
    clock.advance(DAY);
    expect(await runner.prune({ endedBefore: new Date(clock.now()), what: 'bodies' })).toBe(1);
    const again = await runner.start(Place, { n: 5 }, { key: 'k', principal: 'ann' });
    expect(again.id).toBe(run.id);
    await expect(again.result()).rejects.toMatchObject({ code: 'RUN_ERASED' });
    await expect(again.outcome()).rejects.toMatchObject({ code: 'RUN_ERASED' });
    await expect(runner.start(Place, { n: 6 }, { key: 'k', principal: 'ann' })).rejects.toMatchObject({ code: 'KEY_REUSED' });
    await expect(runner.start(Place, { n: 5 }, { key: 'k', principal: 'bob' })).rejects.toMatchObject({ code: 'KEY_REUSED' });
    await expect(runner.fork(run.id, { seq: 2 })).rejects.toMatchObject({ code: 'RUN_ERASED' });
  });

  it('a fork of a command with a queue waits for its turn', async () => {
    const Command = commandOf(
      async (ctx) => {
        await ctx.step('a', async () => 1);
        return (await ctx.waitFor('go', W)).text;
      },
      { queue: { concurrency: 1 } },
    );
    await using runner = await open([Command], setup().e);
    const first = await runner.start(Command, {});
    await settle();
    const forked = await runner.fork(first.id, { seq: 3 });
    await settle();
    expect(await stateOf(runner, forked.id)).toBe('queued');
    await runner.notify(first.id, 'go', { text: 'one' });
    expect(await first.result()).toBe('one');
    await until(async () => (await stateOf(runner, forked.id)) !== 'queued');
    await runner.notify(forked.id, 'go', { text: 'two' });
    expect(await forked.result()).toBe('two');
  });

  describe('a run that failed with its child', () => {
    function family(undo = false) {
      const world = { broken: true, done: [] as string[] };
      const Grandchild = commandOf(
        async (ctx) => {
          const once = { effect: 'once', ...(undo ? { undo: async () => undefined } : {}) } as const;
          await ctx.step('first', async () => world.done.push('first'), once);
          await ctx.step('second', async () => {
            if (world.broken) throw F();
            world.done.push('second');
          });
          return 'well';
        },
        { name: 'grandchild' },
      );
      const Child = commandOf((ctx) => ctx.execute(Grandchild, {}), { name: 'child' });
      const Parent = commandOf(async (ctx) => `all ${await ctx.execute(Child, {})}`, { name: 'parent' });
      return { world, Parent, commands: [Grandchild, Child, Parent] };
    }

    it('goes on with it, and with those below', async () => {
      const { world, Parent, commands } = family();
      const { clock, e } = setup();
      await using runner = await open(commands, e);
      const run = await runner.start(Parent, {}, { key: 'k' });
      expect(await run.outcome()).toMatchObject({ status: 'failed' });
      clock.advance(DAY);
      world.broken = false;
      const reopened = await runner.reopen(run.id);
      expect(await reopened.outcome()).toMatchObject({ status: 'completed', result: 'all well' });
      expect(world.done).toEqual(['first', 'second']);
      expect((await runner.runs()).map(({ state }) => state)).toEqual(['completed', 'completed', 'completed']);
    });

    it('gives it the time that it had left, as the parent has it', async () => {
      let broken = true;
      const Child = commandOf(
        async (ctx) => {
          await ctx.step('work', async () => {
            if (broken) throw F();
          });
          await ctx.sleep(HOUR / 2);
          return 'well';
        },
        { name: 'child' },
      );
      const Parent = commandOf((ctx) => ctx.execute(Child, {}), { name: 'parent', phaseTimeoutsMs: { execution: HOUR } });
      const { clock, e } = setup();
      await using runner = await open([Child, Parent], e);
      const run = await runner.start(Parent, {});
      expect(await run.outcome()).toMatchObject({ status: 'failed' });
      clock.advance(DAY);
      broken = false;
      const reopened = await runner.reopen(run.id);
      await untilAside(runner, clock, run.id);
      clock.advance(HOUR / 2);
      expect(await reopened.outcome()).toMatchObject({ status: 'completed', result: 'well' });
    });

    it('is refused when the deadline that its caller gave has passed', async () => {
      const { Parent, commands } = family();
      const { clock, e } = setup();
      await using runner = await open(commands, e);
      const run = await runner.start(Parent, {}, { deadline: new Date(clock.now() + HOUR) });
      expect(await run.outcome()).toMatchObject({ status: 'failed' });
      clock.advance(DAY);
      await expect(runner.reopen(run.id)).rejects.toMatchObject({
        code: 'RUN_NOT_REOPENED',
        message: expect.stringContaining('its time (deadline) has passed'),
      });
    });

    it('takes the result of one that was gone on with by itself', async () => {
      const { world, Parent, commands } = family();
      await using runner = await open(commands, setup().e);
      const run = await runner.start(Parent, {});
      await run.outcome();
      world.broken = false;
      const child = await runner.reopen(await idOf(runner, 'child', 'failed'));
      expect(await child.result()).toBe('well');
      expect(await (await runner.reopen(run.id)).result()).toBe('all well');
      expect(world.done).toEqual(['first', 'second']);
    });

    it('is refused, with the reason, when the child cannot be gone on with', async () => {
      const { Parent, commands } = family(true);
      await using runner = await open(commands, setup().e);
      const run = await runner.start(Parent, {});
      expect(await run.outcome()).toMatchObject({ status: 'failed' });
      await expect(runner.reopen(run.id)).rejects.toMatchObject({
        code: 'RUN_NOT_REOPENED',
        message: expect.stringMatching(/child.*was undone/s),
      });
      expect(await stateOf(runner, run.id)).toBe('failed');
      expect(await stateOf(runner, await idOf(runner, 'child', 'failed'))).toBe('failed');
    });
  });

  describe('a run that failed at a gate', () => {
    const gated = () => {
      const world = { price: 9, checks: 0 };
      const Command = commandOf(async (ctx) => {
        await ctx.gate('sane', () => true);
        await ctx.gate('price', () => ({ passed: ++world.checks > 0 && world.price < 5, found: `${world.price}` }), {
          overrideWithinMs: HOUR,
        });
        return 'bought';
      });
      return { world, Command };
    };

    it('asks it again, and a person may override it again', async () => {
      const { world, Command } = gated();
      const { clock, e } = setup();
      await using runner = await open([Command], e);
      const run = await runner.start(Command, {});
      await settle();
      clock.advance(HOUR);
      expect(await run.outcome()).toMatchObject({ status: 'failed', error: { code: 'GATE_FAILED' } });
      clock.advance(DAY);
      const second = await runner.reopen(run.id);
      await settle();
      const { records } = await runner.history(run.id);
      const forkedThere = await runner.fork(run.id, { seq: records.findIndex(({ kind }) => kind === 'reopened') + 2 });
      await settle();
      await runner.override(forkedThere.id, 'price', { by: 'ann', reason: 'agreed' });
      expect(await forkedThere.result()).toBe('bought');
      expect(await stateOf(runner, run.id)).not.toBe('failed'); // It waits for a person, and not since the first time.
      clock.advance(HOUR);
      expect(await second.outcome()).toMatchObject({ status: 'failed', error: { code: 'GATE_FAILED' } });
      world.price = 4;
      expect(await (await runner.reopen(run.id)).result()).toBe('bought');
      expect(world.checks).toBe(4);
      const forked = await runner.fork(run.id, { seq: (await runner.history(run.id)).records.length });
      expect(await forked.result()).toBe('bought');
      expect(world.checks).toBe(4);
    });
  });
});

describe('a child that has ended', () => {
  it('is kept until its parent, which was not loaded since, has its outcome', async () => {
    const file = join(folder, `${files++}.db`);
    const clock = new ManualClock();
    const done: string[] = [];
    const Child = commandOf(
      async (ctx) => {
        await ctx.step('charge', async () => done.push('charge'));
        return (await ctx.waitFor('go', W)).text;
      },
      { name: 'child' },
    );
    const Parent = commandOf((ctx) => ctx.execute(Child, {}), { name: 'parent' });
    const e = { engine: { file, clock, unloadAfterMs: 10 } };
    const first = await open([Child, Parent], e);
    const { id } = await first.start(Parent, {});
    await untilAside(first, clock, id);
    await first[Symbol.asyncDispose]();
    const second = await open([Child], e);
    const child = await idOf(second, 'child', 'open');
    await second.notify(child, 'go', { text: 'well' });
    await until(async () => (await stateOf(second, child)) === 'completed');
    clock.advance(30 * DAY);
    for (const what of ['bodies', 'runs'] as const) {
      expect(await second.prune({ endedBefore: new Date(clock.now() - DAY), what })).toBe(0);
    }
    await second[Symbol.asyncDispose]();
    await using third = await open([Child, Parent], e);
    expect(await (await third.resume(id)).outcome()).toMatchObject({ status: 'completed', result: 'well' });
    expect(done).toEqual(['charge']);
    expect(await third.prune({ endedBefore: new Date(clock.now()), what: 'runs' })).toBe(1);
  });

  it('is kept in memory over any number of other endings until its parent has its outcome, or has ended', async () => {
    const journal = new MemoryJournal();
    journal.attach(NO_EVENTS, ['walk']);
    const others = () => {
      for (let n = 0; n < 300; n += 1) endRun(journal, addRun(journal));
    };
    const childOf = (parent: Begun, name: string) => {
      const run = journal.newRun(aRun({ key: `${parent.run.id}/execution/${name}/d#1` }), true);
      journal.addRun(run);
      endRun(journal, { run, log: RunLog.begin(journal, run, { ...ORIGIN, parent: parent.run.id }) });
      return run.key ?? '';
    };
    const parent = addRun(journal);
    const [one, two] = [childOf(parent, 'one'), childOf(parent, 'two')];
    others();
    expect([one, two].map((key) => journal.runByKey('walk', key)?.key)).toEqual([one, two]);
    expect(await journal.prune({ before: 9e9, limit: 999, what: 'runs' })).toBe(256);
    addStep(parent, 'one');
    others();
    expect([one, two].map((key) => journal.runByKey('walk', key)?.key)).toEqual([undefined, two]);
    endRun(journal, parent);
    others();
    expect(journal.runByKey('walk', two)).toBeUndefined();
  });
});

describe('several engines over one file', () => {
  it('that reopen one run, or prune it, leave the journal whole', async () => {
    const file = join(folder, `${files++}.db`);
    let broken = true;
    const Command = commandOf(async (ctx) => {
      await ctx.step('b', async () => {
        if (broken) throw F();
      });
      await ctx.waitFor('go', W);
      return 'fine';
    });
    const clock = new ManualClock();
    const e = { engine: { file, clock, unloadAfterMs: 10 } };
    await using one = await open([Command], e);
    await using other = await open([Command], e);
    for (let round = 0; round < 3; round += 1) {
      broken = true;
      const run = await one.start(Command, {});
      await run.outcome();
      broken = false;
      clock.advance(2 * DAY);
      const wishes = [one.reopen(run.id), other.reopen(run.id)];
      if (round > 0) wishes.push(other.prune({ endedBefore: new Date(clock.now() - DAY), what: 'runs' }) as never);
      const settled = await Promise.allSettled(round === 2 ? wishes.toReversed() : wishes);
      for (const { reason } of settled.filter((one) => one.status === 'rejected')) {
        expect(reason).toMatchObject({ code: expect.stringMatching(/RUN_NOT_REOPENED|RUN_NOT_FOUND/) });
      }
      const next = await one.start(Command, {});
      await one.notify(next.id, 'go', { text: '' });
      expect(await next.result()).toBe('fine');
      const later = await other.start(Command, {}, { key: `k${round}` });
      await other.notify(later.id, 'go', { text: '' });
      expect(await later.result()).toBe('fine');
    }
  });
});

describe('a record that does not fit to what the file has of a run', () => {
  it('stops that run, and the others of the process go on', async () => {
    const file = join(folder, `${files++}.db`);
    const Command = commandOf(async (ctx) => {
      const text = (await ctx.waitFor('go', W)).text;
      return ctx.step('say', async () => text);
    });
    await using runner = await open([Command], { engine: { file } });
    const [bad, good] = [await runner.start(Command, {}), await runner.start(Command, {})];
    await settle();
    const other = new DatabaseSync(file);
    other
      .prepare("INSERT INTO record (run, seq, kind, at, label, hash) SELECT id, 2, 'signal', 1, 'go', 'none' FROM run WHERE uid = ?")
      .run(bad.id);
    other.close();
    const ended = bad.outcome();
    ended.catch(() => undefined);
    await Promise.allSettled([runner.notify(bad.id, 'go', { text: 'bad' }), settle()]);
    await until(async () => (await runner.notify(good.id, 'go', { text: 'good' }, { token: 't' }).catch(() => 'not yet')) === undefined);
    expect(await good.result()).toBe('good');
    await expect(ended).rejects.toMatchObject({ code: 'JOURNAL_ALTERED' });
    expect((await runner.runs()).map(({ state }) => state).sort()).toEqual(['completed', 'stopped']);
  });
});

describe('a child whose params class changed while it runs', () => {
  it.each(['a field more that must be there', 'a field more that is filled in'])('is gone on with: %s', async (change) => {
    const file = join(folder, `${files++}.db`);
    const clock = new ManualClock();
    const versions = (changed: boolean) => {
      class Params {
        name = 'x';
      }
      IsString()(Params.prototype, 'name');
      class ChangedParams extends Params {
        size: number | undefined = change.includes('filled') ? 1 : undefined;
      }
      IsInt()(ChangedParams.prototype, 'size');
      if (change.includes('filled')) IsOptional()(ChangedParams.prototype, 'size');
      class Child extends PlainCommand<Params, string> {
        async run(_params: Params, ctx: CommandContext): Promise<string> {
          return (await ctx.waitFor('go', W)).text;
        }
      }
      command({ name: 'child', params: changed ? ChangedParams : Params })(Child);
      const Parent = commandOf((ctx) => ctx.execute(Child, { name: 'ada' }), { name: 'parent' });
      return [Child, Parent] as const;
    };
    const e = { engine: { file, clock, unloadAfterMs: 10 } };
    const [Child, Parent] = versions(false);
    const first = await open([Child, Parent], e);
    const { id } = await first.start(Parent, {});
    await untilAside(first, clock, id);
    await first[Symbol.asyncDispose]();
    await using second = await open([...versions(true)], e);
    const run = await second.resume(id);
    await settle();
    await second.notify(await idOf(second, 'child', 'open'), 'go', { text: 'fine' });
    expect(await run.outcome()).toMatchObject({ status: 'completed', result: 'fine' });
  });
});

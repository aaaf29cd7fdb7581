/** Points where parts of a run meet: joins of all, any and n of m, and barriers, with time limits, and the same on replay. */
import { getEventListeners } from 'node:events';
import { join as pathOf } from 'node:path';
import { type CommandContext, type CommandRunner, type PlainCommand, SixfoldError } from '../../../../src/index.js';
import { barrier } from '../../../../src/orchestration/coordination/Barrier.js';
import { joinParts } from '../../../../src/orchestration/coordination/join.js';
import { commandOf, type NoParams, open } from '../../../support/application.js';
import { cutJournal, journalFolder } from '../../../support/engineHarness.js';
import { settle, until } from '../../../support/longRuns.js';
import { ManualClock } from '../../../support/ManualClock.js';

const HOUR = 3_600_000;

/** Answers of services that a test gives when it likes. */
class Answers {
  private readonly waiting = new Map<string, { resolve(value: string): void; reject(error: unknown): void }>();
  readonly asked: string[] = [];

  of(name: string, signal: AbortSignal): Promise<string> {
    this.asked.push(name);
    return new Promise((resolve, reject) => {
      this.waiting.set(name, { resolve, reject });
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }

  async give(name: string, error?: Error): Promise<void> {
    await until(() => this.waiting.has(name));
    if (error) this.waiting.get(name)?.reject(error);
    else this.waiting.get(name)?.resolve(`${name}!`);
    await settle(5);
  }
}

let answers: Answers;
let clock: ManualClock;
beforeEach(() => {
  answers = new Answers();
  clock = new ManualClock();
});

type Code = (ctx: CommandContext, ask: (name: string) => Promise<string>) => Promise<unknown>;

/** Begins a run of the code, and lets it go on as far as it can. */
async function begun(runner: CommandRunner, Command: new () => PlainCommand<NoParams, unknown>) {
  const run = await runner.start(Command, {});
  await settle();
  return run;
}

function written(code: Code) {
  return commandOf((ctx) => code(ctx, (name) => ctx.step(name, ({ signal }) => answers.of(name, signal))));
}

/** What an error says, as text that a run can give. */
function told(error: unknown): unknown {
  if (!(error instanceof SixfoldError)) throw error;
  const { code, message, details } = error;
  return { code, message, details };
}

async function running(code: Code) {
  const Command = written(code);
  const runner = await open([Command], { engine: { clock } });
  const run = await begun(runner, Command);
  return { run, clock, [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose]() };
}

describe('a join', () => {
  const three = (ask: (name: string) => Promise<string>) => ({ eu: ask('eu'), us: ask('us'), ap: ask('ap') });

  it('of all waits for each, and says in which order they came', async () => {
    await using test = await running(async (ctx, ask) => joinParts(three(ask), { ctx }));
    for (const name of ['ap', 'eu', 'us']) await answers.give(name);
    expect(await test.run.result()).toEqual({
      values: { eu: 'eu!', us: 'us!', ap: 'ap!' },
      came: ['ap', 'eu', 'us'],
      failed: new Map(),
      missing: [],
    });
  });

  it('of a number goes on with the first that come, whatever became of others by then', async () => {
    await using test = await running(async (ctx, ask) => {
      const { values, came, failed, missing } = await joinParts(three(ask), { ctx, need: 2 });
      return [values.us, values.ap, came, [...failed.keys()], missing, await ask('next')];
    });
    await answers.give('eu', new Error('down'));
    await answers.give('us');
    expect(answers.asked).not.toContain('next');
    await answers.give('ap');
    await answers.give('next');
    expect(await test.run.result()).toEqual(['us!', 'ap!', ['us', 'ap'], ['eu'], [], 'next!']);
  });

  it('of any takes the first of a list under its index, and the run ends only when the others have', async () => {
    await using test = await running(async (ctx, ask) => {
      const { values, came, missing, failed } = await joinParts([ask('a'), ask('b'), ask('c')], { ctx, need: 'any' });
      await ask('d');
      return { values: values.length, second: values[1], came, missing, failed };
    });
    let isOver = false;
    void test.run.outcome().then(() => (isOver = true));
    await answers.give('b');
    await answers.give('a', new Error('too late to matter'));
    await answers.give('d');
    expect(isOver).toBe(false);
    await answers.give('c');
    expect(await test.run.result()).toEqual({ values: 3, second: 'b!', came: ['1'], missing: ['0', '2'], failed: new Map() });
  });

  it('is not met as soon as too many have failed', async () => {
    await using test = await running(async (ctx, ask) => joinParts(three(ask), { ctx, need: 2 }).catch(told));
    await answers.give('eu', new Error('down'));
    await answers.give('ap', new Error('full'));
    await answers.give('us');
    expect(await test.run.result()).toEqual({
      code: 'JOIN_NOT_MET',
      message: '2 of 3 parts were needed, and cannot come any more; failed: eu (down), ap (full).',
      details: { need: 2, came: [], missing: ['us'], reasons: { eu: 'down', ap: 'full' } },
    });
  });

  it('that needs more parts than there are is not met, and one of none that needs all is', async () => {
    await using test = await running(async (ctx, ask) => {
      const [any, all] = await Promise.allSettled([joinParts([], { ctx, need: 'any' }), joinParts({}, { ctx, timeoutMs: HOUR })]);
      await ask('on');
      return [any.status === 'rejected' && (any.reason as Error).message, all.status];
    });
    expect(test.clock.pending).toBe(0);
    await answers.give('on');
    expect(await test.run.result()).toEqual(['1 of 0 parts were needed, and cannot come any more; there are no more.', 'fulfilled']);
  });

  it('waits no longer than it may, in time of the run', async () => {
    await using test = await running(async (ctx, ask) => joinParts(three(ask), { ctx, timeoutMs: HOUR }).catch(told));
    await answers.give('us');
    test.clock.advance(HOUR - 1);
    await settle();
    test.clock.advance(1);
    await settle();
    for (const name of ['eu', 'ap']) await answers.give(name);
    expect(await test.run.result()).toEqual({
      code: 'JOIN_TIMED_OUT',
      message: '3 parts were needed within 3600000 ms, and 1 came; missing: eu, ap.',
      details: { need: 3, timeoutMs: HOUR, came: ['us'], missing: ['eu', 'ap'], reasons: {} },
    });
  });

  it('that was met in time keeps neither the run nor a timer of it', async () => {
    await using test = await running(async (ctx, ask) => (await joinParts(three(ask), { ctx, timeoutMs: HOUR })).came);
    for (const name of ['eu', 'us', 'ap']) await answers.give(name);
    expect(await test.run.result()).toEqual(['eu', 'us', 'ap']);
    await settle();
    expect(test.clock.pending).toBe(0);
  });

  it('gives back the cancellation of the run, and a mistake of the code, as they are', async () => {
    await using cancelled = await running(async (ctx, ask) => joinParts([ask('a'), ask('b')], { ctx, need: 'any' }));
    await cancelled.run.cancel('enough');
    expect(await cancelled.run.outcome()).toMatchObject({ status: 'cancelled', error: { code: 'RUN_CANCELLED' } });
    await using mistaken = await running(async (ctx, ask) => joinParts([ctx.sleep(-1), ask('a')], { ctx, need: 'any' }));
    await answers.give('a');
    expect(await mistaken.run.outcome()).toMatchObject({ error: { code: 'DURATION_INVALID' } });
  });

  it.each([0, -1, 1.5, Number.NaN])('that needs %d is refused', async (need) => {
    await using test = await running(async (ctx) => joinParts([], { ctx, need }));
    expect(await test.run.outcome()).toMatchObject({ error: { code: 'STRATEGY_INVALID' } });
  });

  it('that nobody awaits does not end the process', async () => {
    await using test = await running(async (ctx, ask) => {
      void joinParts([ask('a')], { ctx });
      return ask('b');
    });
    await answers.give('a', new Error('unread'));
    await answers.give('b');
    expect(await test.run.result()).toBe('b!');
  });
});

describe('a barrier', () => {
  const parties = ['pick', 'pack', 'ship'];

  it('lets nobody on before all have come, again and again', async () => {
    const log: string[] = [];
    await using test = await running(async (ctx, ask) => {
      const meet = barrier({ ctx, parties });
      const part = async (name: string) => {
        for (const round of [1, 2]) {
          await ask(`${name} ${round}`);
          const { number, came } = await meet.arrive(name);
          log.push(`${name} ${number} with ${came.join(' ')}`);
        }
      };
      await Promise.all(parties.map(part));
    });
    for (const name of ['ship 1', 'pick 1']) await answers.give(name);
    expect(log).toEqual([]);
    await answers.give('pack 1');
    expect(log).toEqual(['ship', 'pick', 'pack'].map((name) => `${name} 1 with ship pick pack`));
    for (const name of ['pack 2', 'pick 2', 'ship 2']) await answers.give(name);
    await test.run.result();
    expect(log.slice(3)).toEqual(['pack', 'pick', 'ship'].map((name) => `${name} 2 with pack pick ship`));
  });

  it('of n of m lets the late ones on at once, and never counts an arrival for another meeting', async () => {
    const log: string[] = [];
    await using test = await running(async (ctx, ask) => {
      const meet = barrier({ ctx, parties, need: 2 });
      const part = async (name: string) => {
        for (const round of [1, 2]) {
          await ask(`${name} ${round}`);
          await meet.arrive(name);
          log.push(`${name} ${round}`);
        }
      };
      await Promise.all(parties.map(part));
    });
    for (const name of ['pick 1', 'pack 1']) await answers.give(name);
    expect(log).toEqual(['pick 1', 'pack 1']);
    await answers.give('pick 2');
    await answers.give('ship 1');
    expect(log).toEqual(['pick 1', 'pack 1', 'ship 1']); // It is late for the first, and not the second of the second.
    await answers.give('ship 2');
    expect(log.slice(3)).toEqual(['pick 2', 'ship 2']);
    await answers.give('pack 2');
    await test.run.result();
  });

  it('is broken for all of a meeting when its time is over, also for who comes later, and not for the next', async () => {
    await using test = await running(async (ctx, ask) => {
      const meet = barrier({ ctx, parties: ['a', 'b'], timeoutMs: HOUR });
      const part = async (name: string) => {
        await ask(name);
        const first = await meet.arrive(name).catch((error: Error) => error.message);
        return [first, (await meet.arrive(name)).came.length];
      };
      return Promise.all([part('a'), part('b')]);
    });
    await answers.give('a');
    test.clock.advance(HOUR);
    await settle();
    await answers.give('b');
    const broken = 'The parties did not meet within 3600000 ms; came: a; missing: b.';
    expect(await test.run.result()).toEqual([
      [broken, 2],
      [broken, 2],
    ]);
    expect(test.clock.pending).toBe(0);
  });

  it('tells who waits when too many have left', async () => {
    await using test = await running(async (ctx, ask) => {
      const meet = barrier({ ctx, parties, need: 2 });
      const part = async (name: string) => {
        try {
          await ask(name);
          await meet.arrive(name);
        } catch (error) {
          meet.leave(name);
          throw error;
        }
      };
      const ended = await Promise.allSettled(parties.map(part));
      return ended.map((end) => (end.status === 'rejected' ? (end.reason as Error).message : 'met'));
    });
    await answers.give('pick');
    await answers.give('pack', new Error('no boxes'));
    await answers.give('ship', new Error('no truck'));
    expect(await test.run.result()).toEqual([
      '2 parties have to meet, and so many have left that they cannot; came: pick.',
      'no boxes',
      'no truck',
    ]);
  });

  it('counts who arrived and then left', async () => {
    await using test = await running(async (ctx, ask) => {
      const meet = barrier({ ctx, parties });
      const pick = meet.arrive('pick');
      meet.leave('pick');
      const pack = meet.arrive('pack');
      await ask('ship');
      const [{ came }] = await Promise.all([pick, pack, meet.arrive('ship')]);
      return [came, getEventListeners(ctx.signal, 'abort').length];
    });
    await answers.give('ship');
    expect(await test.run.result()).toEqual([parties, 0]);
  });

  it('that nobody awaits does not end the process', async () => {
    await using test = await running(async (ctx, ask) => {
      const meet = barrier({ ctx, parties });
      void meet.arrive('pick');
      meet.leave('pack');
      return ask('on');
    });
    await answers.give('on');
    expect(await test.run.result()).toBe('on!');
  });

  it('lets go who waits when the run is cancelled', async () => {
    await using test = await running(async (ctx, ask) => {
      const meet = barrier({ ctx, parties: ['a', 'b'] });
      void ask('b').catch(() => undefined);
      await meet.arrive('a');
    });
    await test.run.cancel('enough');
    expect(await test.run.outcome()).toMatchObject({ status: 'cancelled', error: { code: 'RUN_CANCELLED' } });
  });

  it.each([
    [
      'no party',
      (ctx: CommandContext) => barrier({ ctx, parties }).arrive('nobody'),
      '"nobody" is no party of the barrier, or has left; there are pick, pack, ship.',
    ],
    [
      'a party that has left',
      (ctx: CommandContext) => {
        const meet = barrier({ ctx, parties });
        meet.leave('pick');
        return meet.arrive('pick');
      },
      '"pick" is no party of the barrier, or has left; there are pack, ship.',
    ],
    [
      'a party in another branch',
      (ctx: CommandContext) => {
        const meet = barrier({ ctx, parties });
        return ctx.branch('other', () => meet.arrive('pick'));
      },
      '"pick" is in another branch of the run than its barrier.',
    ],
    ['equal names', async (ctx: CommandContext) => barrier({ ctx, parties: ['a', 'a'] }), 'barrier({ parties: [a, a], need: 2 })'],
    ['too great a need', async (ctx: CommandContext) => barrier({ ctx, parties, need: 4 }), 'need: 4'],
  ])('refuses %s', async (_what, code, message) => {
    await using test = await running(async (ctx) => code(ctx));
    expect(await test.run.outcome()).toMatchObject({
      error: { code: 'STRATEGY_INVALID', message: expect.stringContaining(message) },
    });
  });
});

const folder = journalFolder();

it('a resumed run joins and meets as it did before, wherever it was cut off', async () => {
  const code: Code = async (ctx, ask) => {
    const { came } = await joinParts({ a: ask('a'), b: ask('b'), c: ask('c') }, { ctx, need: 2, timeoutMs: HOUR });
    const late = await joinParts([ask('d')], { ctx, timeoutMs: HOUR }).catch((error: Error) => error.name);
    const meet = barrier({ ctx, parties: ['x', 'y'], timeoutMs: HOUR });
    const part = async (name: string) => {
      await ask(name);
      return (await meet.arrive(name)).came;
    };
    const met = await Promise.all(['x', 'y'].map(part));
    return [came, late, met, await ask(`${came.join('')} ${met[0]?.join('')}`)];
  };
  const Command = written(code);
  const file = pathOf(folder, 'whole.db');
  const whole = await open([Command], { engine: { file, clock } });
  const run = await whole.start(Command, {}, { key: 'one' });
  for (const name of ['c', 'a']) await answers.give(name);
  await until(() => answers.asked.includes('d'));
  clock.advance(HOUR);
  await settle();
  for (const name of ['d', 'y', 'b', 'x', 'ca yx']) await answers.give(name);
  const result = await run.result();
  expect(result).toEqual([
    ['c', 'a'],
    'TimeoutError',
    [
      ['y', 'x'],
      ['y', 'x'],
    ],
    'ca yx!',
  ]);
  const { records } = await whole.history(run.id);
  await whole[Symbol.asyncDispose]();
  const joined = records.findIndex(({ label }) => label === 'd');
  for (let cut = joined; cut < records.length; cut += 1) {
    const copy = pathOf(folder, `${cut}.db`);
    cutJournal(file, copy, cut);
    answers = new Answers();
    await using runner = await open([Command], { engine: { file: copy, clock } });
    const resumed = await runner.start(Command, {}, { key: 'one' });
    const left = ['d', 'y', 'b', 'x', 'ca yx'].filter(
      (name) => !records.slice(0, cut).some(({ kind, label }) => kind === 'step-ended' && label === name),
    );
    for (const name of left) await answers.give(name);
    expect(await resumed.result()).toEqual(result);
    expect(answers.asked.toSorted()).toEqual(left.toSorted());
  }
});

/** The life of a run, through the public door: phases, time limits, what is opened and closed, children, middleware, permission. */
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IsInt, IsString, Min } from 'class-validator';
import { inject, injectable } from 'inversify';
import {
  type AccessRequest,
  CancelledError,
  type Class,
  type CommandContext,
  CommandFailure,
  CommandMiddleware,
  command,
  type Ending,
  type Invocation,
  PHASES,
  PlainCommand,
  TimeoutError,
} from '../../../src/index.js';
import { commandOf, NoParams, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';
import { ManualClock } from '../../support/ManualClock.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

/** Resolves when the event loop has gone round, so that a run has come to where it waits. */
const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
const hang = (signal: AbortSignal) =>
  new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

describe('the six phases', () => {
  it('come in order, and cleanup comes after success, failure and cancellation', async () => {
    for (const [how, run] of Object.entries({
      completed: async () => 1,
      failed: async () => Promise.reject(new CommandFailure('GATE_FAILED', 'no')),
      cancelled: async (ctx: CommandContext) => ctx.step('long', (call) => hang(call.signal), { effect: 'read' }),
    })) {
      const Command = commandOf<unknown>(run);
      await using runner = await open([Command]);
      const started = await runner.start(Command, {});
      await settled();
      if (how === 'cancelled') await started.cancel('enough');
      const outcome = await started.outcome();
      const entered = how === 'completed' ? PHASES : PHASES.filter((phase) => phase !== 'completion');
      expect([outcome.status, outcome.timeline.map(({ phase }) => phase)]).toEqual([how, entered]);
    }
  });

  it('have their activities and durations in the timeline of the outcome, by the time of the journal', async () => {
    const clock = new ManualClock();
    const Command = commandOf(async (ctx) => {
      await ctx.activity('gathering', () => ctx.step('slow', async () => clock.advance(2000)));
      await ctx.activity('giving up', () => Promise.reject(new Error('no'))).catch(() => undefined);
    });
    await using runner = await open([Command], { engine: { clock } });
    const { timeline, steps } = await (await runner.start(Command, {})).outcome();
    const execution = timeline.find(({ phase }) => phase === 'execution');
    expect(execution).toMatchObject({
      durationMs: 2000,
      activities: [
        { name: 'gathering', durationMs: 2000, status: 'done' },
        { name: 'giving up', durationMs: 0, status: 'failed' },
      ],
    });
    expect(steps).toEqual([{ name: 'slow', phase: 'execution', count: 1, failed: 0, totalMs: 2000, longestMs: 2000 }]);
  });

  it('give a plain command its checks before and after', async () => {
    const seen: string[] = [];
    @command({ name: 'checked', params: NoParams })
    class Checked extends PlainCommand<NoParams, number> {
      override async check(_params: NoParams, ctx: CommandContext) {
        await ctx.gate('may begin', () => seen.push('check') > 0);
      }
      async run() {
        seen.push('run');
        return 7;
      }
      override async verify(result: number, _params: NoParams, ctx: CommandContext) {
        await ctx.gate('is seven', () => result === 7 && seen.push('verify') > 0);
      }
    }
    await using runner = await open([Checked]);
    const { timeline } = await (await runner.start(Checked, {})).outcome();
    expect(seen).toEqual(['check', 'run', 'verify']);
    expect(timeline.flatMap(({ phase, gates }) => gates.map(({ name, verdict }) => [phase, name, verdict]))).toEqual([
      ['validation', 'may begin', 'passed'],
      ['completion', 'is seven', 'passed'],
    ]);
  });

  it('sums up failed steps with their last error', async () => {
    const Command = commandOf(async (ctx) => {
      for (const n of [1, 2, 3])
        await ctx.step('try', () => (n < 3 ? Promise.reject(new Error(`no ${n}`)) : Promise.resolve())).catch(() => undefined);
    });
    await using runner = await open([Command]);
    const { steps } = await (await runner.start(Command, {})).outcome();
    expect(steps).toMatchObject([{ name: 'try', count: 3, failed: 2, lastError: 'no 2' }]);
  });
});

describe('time limits', () => {
  it('stop a phase that takes too long, abort its step, and fail the run', async () => {
    const clock = new ManualClock();
    const Command = commandOf(async (ctx) => ctx.step('long', (call) => hang(call.signal), { effect: 'read' }), {
      phaseTimeoutsMs: { execution: 1000 },
    });
    await using runner = await open([Command], { engine: { clock } });
    const run = await runner.start(Command, {});
    await settled();
    clock.advance(999);
    await settled();
    expect((await runner.runs())[0]?.state).toBe('running');
    clock.advance(1);
    expect(await run.outcome()).toMatchObject({
      status: 'failed',
      error: {
        code: 'PHASE_TIMED_OUT',
        message: expect.stringMatching(/^The execution phase of written did not end within 1000 ms\. Allow more/),
      },
    });
    expect(clock.pending).toBe(0);
  });

  it('leave the next phase alone when a phase ended in time', async () => {
    const clock = new ManualClock();
    @command({ name: 'quick', params: NoParams, phaseTimeoutsMs: { execution: 1000 } })
    class Quick extends PlainCommand<NoParams, string> {
      async run(_params: NoParams, ctx: CommandContext) {
        return ctx.step('work', async () => 'done');
      }
      override async verify(_result: string, _params: NoParams, ctx: CommandContext) {
        await ctx.step('slow check', async () => clock.advance(5000));
      }
    }
    await using runner = await open([Quick], { engine: { clock } });
    expect(await runner.execute(Quick, {})).toBe('done');
  });

  it('let a deadline flow into steps and children, and stop them all', async () => {
    const clock = new ManualClock();
    const deadlines: (Date | undefined)[] = [];
    const Inner = commandOf(
      async (ctx) => {
        deadlines.push(ctx.deadline);
        return ctx.step('long', (call) => {
          deadlines.push(call.deadline);
          return hang(call.signal);
        });
      },
      { name: 'inner' },
    );
    const Outer = commandOf(async (ctx) => {
      deadlines.push(ctx.deadline);
      return ctx.execute(Inner, {});
    });
    await using runner = await open([Inner, Outer], { engine: { clock } });
    const deadline = new Date(clock.now() + 60_000);
    const run = await runner.start(Outer, {}, { deadline });
    for (let turn = 0; turn < 5; turn += 1) await settled();
    expect(deadlines).toEqual([deadline, deadline, deadline]);
    clock.advance(60_000);
    await expect(run.result()).rejects.toBeInstanceOf(TimeoutError);
    expect((await run.outcome()) as object).toMatchObject({ status: 'failed', error: { code: 'DEADLINE_PASSED' } });
    expect((await runner.runs()).map(({ command: name, state }) => [name, state])).toEqual([
      ['inner', 'failed'],
      ['written', 'failed'],
    ]);
  });

  it('give a step the earlier of its own limit and the deadline', async () => {
    const clock = new ManualClock();
    const seen: (number | undefined)[] = [];
    const Command = commandOf(async (ctx) => {
      await ctx.step('short', async (call) => seen.push(call.deadline?.getTime()), { timeoutMs: 10 });
      await ctx.step('long', async (call) => seen.push(call.deadline?.getTime()), { timeoutMs: 10_000 });
    });
    await using runner = await open([Command], { engine: { clock } });
    await runner.execute(Command, {}, { deadline: new Date(clock.now() + 100) });
    expect(seen).toEqual([clock.now() + 10, clock.now() + 100]);
  });

  it('hold over a restart: a run that was interrupted past its deadline is stopped where it stood', async () => {
    const clock = new ManualClock();
    const file = newFile();
    let executed = 0;
    const Command = commandOf(async (ctx) => {
      await ctx.step('first', async () => {
        executed += 1;
      });
      await ctx.step('second', (call) => hang(call.signal), { effect: 'read' });
    });
    const first = await open([Command], { engine: { file, clock } });
    const run = await first.start(Command, {}, { deadline: new Date(clock.now() + 1000) });
    for (let turn = 0; turn < 5; turn += 1) await settled();
    const closing = first[Symbol.asyncDispose]();
    clock.advance(20);
    await closing;
    clock.advance(5000);
    await using second = await open([Command], { engine: { file, clock }, start: { resume: false } });
    const resumed = await second.resume(run.id);
    clock.advance(0);
    for (let turn = 0; turn < 5; turn += 1) await settled();
    clock.advance(1);
    expect(await resumed.outcome()).toMatchObject({ status: 'failed', error: { code: 'DEADLINE_PASSED' } });
    expect(executed).toBe(1);
  });

  it('refuse a deadline that is no date', async () => {
    const Command = commandOf(async () => 1);
    await using runner = await open([Command]);
    await expect(runner.execute(Command, {}, { deadline: new Date('tomorrow') })).rejects.toMatchObject({ code: 'DEADLINE_INVALID' });
  });
});

describe('what a run opens', () => {
  it('is closed in reverse order, each once, also when a closer throws; every error is in the outcome', async () => {
    const closed: string[] = [];
    const Command = commandOf(async (ctx) => {
      ctx.defer(() => void closed.push('first'));
      ctx.defer(() => {
        closed.push('second');
        throw new Error('will not close');
      });
      ctx.use({ [Symbol.dispose]: () => void closed.push('third') });
      ctx.use({
        [Symbol.asyncDispose]: async () => {
          closed.push('fourth');
          throw new Error('nor this');
        },
      });
      return 'result';
    });
    await using runner = await open([Command]);
    const outcome = await (await runner.start(Command, {})).outcome();
    expect(closed).toEqual(['fourth', 'third', 'second', 'first']);
    expect(outcome).toMatchObject({ status: 'completed', result: 'result' });
    expect(outcome.findings.map(({ found }) => found)).toEqual(['nor this', 'will not close']);
    expect(outcome.timeline.at(-1)).toMatchObject({ phase: 'cleanup', activities: [{ name: 'resource_deallocation', status: 'done' }] });
  });
});

describe('the workspace of a run', () => {
  it('is a folder of its own that nobody else may enter, and is gone when the run has ended', async () => {
    const seen: { path: string; mode: number; names: string[] }[] = [];
    const Command = commandOf(async (ctx) =>
      ctx.step('write', async (call) => {
        const path = await call.workspace();
        writeFileSync(join(path, 'draft'), ctx.runId);
        seen.push({ path, mode: statSync(path).mode & 0o777, names: readdirSync(path) });
        return (await call.workspace()) === path;
      }),
    );
    await using runner = await open([Command]);
    expect(await Promise.all([runner.execute(Command, {}), runner.execute(Command, {})])).toEqual([true, true]);
    expect(seen.map(({ mode, names }) => [mode, names])).toEqual([
      [0o700, ['draft']],
      [0o700, ['draft']],
    ]);
    expect(new Set(seen.map(({ path }) => path)).size).toBe(2);
    for (const { path } of seen) expect(existsSync(path)).toBe(false);
  });
});

class Quantity {
  @IsInt()
  @Min(1)
  n!: number;
}
class Doubled {
  @IsInt()
  @Min(1)
  n!: number;

  @IsString()
  word!: string;
}

describe('results', () => {
  it('are checked against their class: all violations at once, and the run fails', async () => {
    const Command = commandOf(async () => ({ n: 0, extra: true }) as never, { result: Doubled });
    await using runner = await open([Command]);
    await expect(runner.execute(Command, {})).rejects.toMatchObject({ code: 'RESULT_INVALID' });
    const [run] = await runner.runs();
    const error = (await runner.history(run?.id ?? '')).records.at(-1);
    expect(error?.body).toContain('extra');
    expect(error?.body).toContain('word');
  });

  it('come to the caller as instances of their class', async () => {
    const Command = commandOf(async () => ({ n: 2, word: 'two' }), { result: Doubled });
    await using runner = await open([Command]);
    expect(await runner.execute(Command, {})).toBeInstanceOf(Doubled);
  });

  it('may not be missing when a class is declared: the error names class, hook and remedy', async () => {
    const Command = commandOf(async () => undefined as never, { result: Doubled });
    await using runner = await open([Command]);
    await expect(runner.execute(Command, {})).rejects.toMatchObject({
      code: 'HOOK_RESULT_INVALID',
      message: 'Written.run returned nothing, and @command declares that it gives a Doubled. Return one.',
    });
  });
});

describe('what the base refuses at registration', () => {
  it('a class without the hook that its base calls', async () => {
    const base: unknown = PlainCommand; // As plain JavaScript sees it.
    class Bare extends (base as Class<object>) {}
    command({ name: 'bare', params: NoParams })(Bare as never);
    await expect(open([Bare as never])).rejects.toMatchObject({
      code: 'HOOK_MISSING',
      message: expect.stringContaining('Bare does not have run'),
    });
  });

  it.each([
    { phaseTimeoutsMs: { execution: 0 } },
    { phaseTimeoutsMs: { execution: Number.NaN } },
    { phaseWeights: { planning: -1 } },
    { phaseTimeoutsMs: { lunch: 1000 } as never },
  ])('a time limit or weight that is no usable number: %j', async (spec) => {
    await expect(open([commandOf(async () => 1, spec)])).rejects.toMatchObject({ code: 'COMMAND_OPTION_INVALID' });
  });
});

describe('children', () => {
  @command({ name: 'double', params: Quantity, result: Doubled })
  class Double extends PlainCommand<Quantity, Doubled> {
    async run({ n }: Quantity, ctx: CommandContext): Promise<Doubled> {
      const doubled = await ctx.step('double', async () => 2 * n);
      return Object.assign(new Doubled(), { n: doubled, word: `by ${String(ctx.principal)}` });
    }
  }

  it('are runs of their own, with the principal of the parent, and give their result', async () => {
    const Parent = commandOf(
      async (ctx) => Promise.all([1, 2].map((n) => ctx.execute(Double, { n }).then(({ n: doubled, word }) => ({ n: doubled, word })))),
      { name: 'parent' },
    );
    await using runner = await open([Double, Parent]);
    const results = await runner.execute(Parent, {}, { principal: 'ada' });
    expect(results).toEqual([
      { n: 2, word: 'by ada' },
      { n: 4, word: 'by ada' },
    ]);
    expect((await runner.runs()).map(({ command: name, principal }) => [name, principal])).toEqual([
      ['double', 'ada'],
      ['double', 'ada'],
      ['parent', 'ada'],
    ]);
  });

  it('fail their parent with their own error, and are cancelled with it', async () => {
    const Failing = commandOf<void>(async () => Promise.reject(new CommandFailure('GATE_FAILED', 'the child says no')), {
      name: 'failing',
    });
    const Hanging = commandOf(async (ctx) => ctx.step('long', (call) => hang(call.signal), { effect: 'read' }), { name: 'hanging' });
    const Parent = commandOf(async (ctx) => ctx.execute(Failing, {}), { name: 'parent' });
    const Waiting = commandOf(async (ctx) => ctx.execute(Hanging, {}), { name: 'waiting' });
    await using runner = await open([Failing, Hanging, Parent, Waiting]);
    await expect(runner.execute(Parent, {})).rejects.toMatchObject({ code: 'GATE_FAILED', message: 'the child says no' });
    const run = await runner.start(Waiting, {});
    for (let turn = 0; turn < 5; turn += 1) await settled();
    await run.cancel('enough');
    expect((await run.outcome()).status).toBe('cancelled');
    expect((await runner.runs(2)).map(({ command: name, state }) => [name, state])).toEqual([
      ['hanging', 'cancelled'],
      ['waiting', 'cancelled'],
    ]);
  });

  it('that an interruption cut off are gone on with by the resumed parent, not begun again', async () => {
    const file = newFile();
    let executed = 0;
    let stuck = true;
    const Inner = commandOf(
      async (ctx) => {
        await ctx.step('counted', async () => {
          executed += 1;
        });
        return ctx.step('stuck', (call) => (stuck ? hang(call.signal).then(() => '') : Promise.resolve('through')));
      },
      { name: 'inner' },
    );
    const Outer = commandOf(async (ctx) => ctx.execute(Inner, {}), { name: 'outer' });
    const first = await open([Inner, Outer], { engine: { file } });
    const run = await first.start(Outer, {});
    for (let turn = 0; turn < 10; turn += 1) await settled();
    await first[Symbol.asyncDispose]();
    stuck = false;
    await using second = await open([Inner, Outer], { engine: { file } });
    expect(await (await second.resume(run.id)).result()).toBe('through');
    expect(executed).toBe(1);
    expect(await second.runs()).toHaveLength(2);
  });

  it('must be registered', async () => {
    const Stranger = commandOf(async () => 1, { name: 'stranger' });
    const Parent = commandOf(async (ctx) => ctx.execute(Stranger, {}), { name: 'parent' });
    await using runner = await open([Parent]);
    await expect(runner.execute(Parent, {})).rejects.toMatchObject({ code: 'COMMAND_UNKNOWN' });
  });
});

describe('permission', () => {
  const asked: AccessRequest[] = [];
  const authorizer = {
    authorize: async (request: AccessRequest) => {
      asked.push(request);
      return request.principal === 'ada' && request.command !== 'forbidden' ? ('allowed' as const) : { refused: 'only ada may' };
    },
  };
  beforeEach(() => asked.splice(0));

  it('is asked for with principal, command and params, and a refusal comes before any effect and is recorded', async () => {
    let effects = 0;
    const Command = commandOf(async (ctx) => {
      await ctx.step('effect', async () => {
        effects += 1;
      });
    });
    class Noisy extends CommandMiddleware {
      override before() {
        effects += 1;
      }
    }
    await using runner = await open([Command], { authorizer, bind: (container) => container.bind(CommandMiddleware).to(Noisy) });
    await expect(runner.execute(Command, {}, { principal: 'eve' })).rejects.toMatchObject({
      code: 'NOT_AUTHORIZED',
      message: 'written was refused: only ada may. Run it as somebody who may.',
    });
    expect(effects).toBe(0);
    const [refused] = await runner.runs();
    expect(refused).toMatchObject({ state: 'failed', principal: 'eve' });
    expect(asked).toMatchObject([{ principal: 'eve', command: 'written', params: {}, parent: undefined }]);
    await runner.execute(Command, {}, { principal: 'ada' });
    expect(effects).toBe(2);
  });

  it('is asked for children too', async () => {
    const Forbidden = commandOf(async () => 1, { name: 'forbidden' });
    const Parent = commandOf(async (ctx) => ctx.execute(Forbidden, {}), { name: 'parent' });
    await using runner = await open([Forbidden, Parent], { authorizer });
    const run = await runner.start(Parent, {}, { principal: 'ada' });
    await expect(run.result()).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
    expect(asked.map(({ command: name, parent }) => [name, parent])).toEqual([
      ['parent', undefined],
      ['forbidden', run.id],
    ]);
  });

  it('is refused when the authorizer gives neither verdict', async () => {
    const Command = commandOf(async () => 1);
    await using runner = await open([Command], { authorizer: { authorize: async () => undefined as never } });
    await expect(runner.execute(Command, {})).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
  });

  it('belongs to the key: the same key from somebody else is refused', async () => {
    const Command = commandOf(async () => 1);
    await using runner = await open([Command]);
    await runner.execute(Command, {}, { key: 'k', principal: 'ada' });
    await expect(runner.execute(Command, {}, { key: 'k', principal: 'eve' })).rejects.toMatchObject({
      code: 'KEY_REUSED',
      message: expect.stringContaining('another principal'),
    });
  });
});

describe('middleware', () => {
  const heard: string[] = [];
  beforeEach(() => heard.splice(0));

  @injectable()
  class Name {
    readonly name: string = 'outer';
  }
  @injectable()
  class Outer extends CommandMiddleware {
    constructor(@inject(Name) private readonly named: Name) {
      super();
    }
    override async before({ ctx }: Invocation) {
      heard.push(`${this.named.name} before ${await ctx.step('noted', async () => 'durably')}`);
    }
    override after({ command: name }: Invocation, ending: Ending) {
      heard.push(`outer after ${name} ${'result' in ending ? String(ending.result) : (ending.error as Error).message}`);
    }
  }
  class Inner extends CommandMiddleware {
    static trouble: 'before' | 'after' | undefined;
    override before() {
      if (Inner.trouble === 'before') throw new Error('inner will not begin');
      heard.push('inner before');
    }
    override after() {
      heard.push('inner after');
      if (Inner.trouble === 'after') throw new Error('inner will not end');
    }
  }
  const bind = (container: import('inversify').Container) => {
    container.bind(Name).toSelf();
    container.bind(CommandMiddleware).to(Outer);
    container.bind(CommandMiddleware).to(Inner);
  };
  const Command = commandOf(async () => {
    heard.push('command');
    return 5;
  });
  const Failing = commandOf<void>(async () => Promise.reject(new Error('failed')), { name: 'failing' });

  it('stands around a command in the order of binding, with injected parts and durable steps', async () => {
    Inner.trouble = undefined;
    await using runner = await open([Command, Failing], { bind });
    await runner.execute(Command, {});
    expect(heard).toEqual(['outer before durably', 'inner before', 'command', 'inner after', 'outer after written 5']);
    heard.splice(0);
    await expect(runner.execute(Failing, {})).rejects.toThrow('failed');
    expect(heard).toEqual(['outer before durably', 'inner before', 'inner after', 'outer after failing failed']);
  });

  it('that fails before fails the run, which is not begun, and those outside it hear of it', async () => {
    Inner.trouble = 'before';
    await using runner = await open([Command], { bind });
    await expect(runner.execute(Command, {})).rejects.toThrow('inner will not begin');
    expect(heard).toEqual(['outer before durably', 'outer after written inner will not begin']);
  });

  it('that fails after fails a run that had completed, and hides no error of one that had not', async () => {
    Inner.trouble = 'after';
    await using runner = await open([Command, Failing], { bind });
    await expect(runner.execute(Command, {})).rejects.toThrow('inner will not end');
    await expect(runner.execute(Failing, {})).rejects.toThrow('failed');
    expect(heard.filter((line) => line.startsWith('outer after'))).toHaveLength(2);
  });
});

it('a run that is cancelled while it waits for nothing of its own ends cancelled with the reason', async () => {
  const Command = commandOf(async (ctx) => ctx.step('long', (call) => hang(call.signal), { effect: 'read' }));
  await using runner = await open([Command]);
  const run = await runner.start(Command, {});
  await settled();
  await run.cancel('changed my mind');
  await expect(run.result()).rejects.toBeInstanceOf(CancelledError);
});

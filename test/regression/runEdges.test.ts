/** Defects of runs that were found and mended: late code, closing and stopping at awkward moments, equal gates, secrets in odd places. */
import { join } from 'node:path';
import { IsString } from 'class-validator';
import { type Container, inject } from 'inversify';
import { ProgressMeter } from '../../src/abstract/ProgressMeter.js';
import { RunWatch } from '../../src/engine/RunWatch.js';
import {
  type CommandContext,
  CommandFailure,
  type CommandRunner,
  command,
  environmentSecrets,
  PlainCommand,
  type Run,
  type RunEvent,
} from '../../src/index.js';
import { commandOf, NoParams, open } from '../support/application.js';
import { cutJournal, journalFolder } from '../support/engineHarness.js';
import { ManualClock } from '../support/ManualClock.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const hour = 3_600_000;
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const turns = async (count: number) => {
  for (let n = 0; n < count; n += 1) await turn();
};
const hang = (signal: AbortSignal) =>
  new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

async function recordsOf(runner: CommandRunner, run: Run<unknown>): Promise<readonly string[]> {
  return (await runner.history(run.id)).records.map(({ kind, label, status }) => `${kind} ${label} ${status ?? ''}`.trim());
}

async function allOf(events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const seen: RunEvent[] = [];
  for await (const event of events) seen.push(event);
  return seen;
}

describe('code that goes on behind the end of its run', () => {
  it('neither changes the outcome nor ends the process with a limit of a later phase', async () => {
    const clock = new ManualClock();
    const outside = Promise.withResolvers<void>();
    const Late = commandOf(() => outside.promise, { phaseTimeoutsMs: { completion: 10 } });
    await using runner = await open([Late], { engine: { clock } });
    const run = await runner.start(Late, {});
    expect(await run.outcome()).toMatchObject({ status: 'failed', error: { code: 'WORK_NOT_JOURNALED' } });
    const before = await runner.history(run.id);
    outside.resolve();
    await turns(5);
    expect(clock.pending).toBe(0);
    clock.advance(60);
    expect(await runner.history(run.id)).toEqual(before);
    expect((await run.outcome()).timeline.at(-1)?.phase).toBe('cleanup');
  });
});

describe('an engine that closes', () => {
  it('while a child is being asked for leaves the parent to be resumed, not failed', async () => {
    const Child = commandOf(async (ctx) => ctx.step('work', async () => 'done'), { name: 'child' });
    const Parent = commandOf(async (ctx) => ctx.execute(Child, {}), { name: 'parent' });
    for (let moment = 0; moment < 8; moment += 1) {
      const file = newFile();
      const first = await open([Parent, Child], { engine: { file } });
      const starting = first.start(Parent, {});
      starting.catch(() => undefined);
      for (let n = 0; n < moment; n += 1) await (n % 2 ? turn() : Promise.resolve());
      await first[Symbol.asyncDispose]();
      await using second = await open([Parent, Child], { engine: { file } });
      const [latest] = (await second.runs()).filter(({ command: name }) => name === 'parent');
      if (latest) expect([moment, await (await second.resume(latest.id)).result()]).toEqual([moment, 'done']);
    }
  });
});

it('a step that nobody awaits and that was on its way to the disk when the engine closed is done by the next load', async () => {
  const done: string[] = [];
  const Forgetful = commandOf(async (ctx) => {
    void ctx.step('forgotten', async () => void done.push(ctx.runId));
    return 'ended';
  });
  for (let moment = 0; moment < 30; moment += 1) {
    const file = newFile();
    const first = await open([Forgetful], { engine: { file } });
    const starting = first.start(Forgetful, {});
    starting.catch(() => undefined);
    for (let n = 0; n < moment; n += 1) await (n % 2 ? new Promise<void>((resolve) => process.nextTick(resolve)) : Promise.resolve());
    await first[Symbol.asyncDispose]();
    await using second = await open([Forgetful], { engine: { file } });
    for (const { id } of await second.runs()) {
      expect(await (await second.resume(id)).result()).toBe('ended');
      expect([moment, done.filter((one) => one === id).length]).toEqual([moment, 1]);
    }
  }
});

describe('a run that is to stop', () => {
  it('is refused at the start when its deadline is over', async () => {
    const Command = commandOf(async () => 1);
    await using runner = await open([Command]);
    await expect(runner.start(Command, {}, { deadline: new Date(Date.now() - 60_000) })).rejects.toMatchObject({
      code: 'DEADLINE_INVALID',
      message: expect.stringContaining('is over'),
    });
    expect(await runner.runs()).toEqual([]);
  });

  it('does not begin an effect when it is resumed past its deadline', async () => {
    const file = newFile();
    const clock = new ManualClock();
    let charged = 0;
    const Command = commandOf(async (ctx) => {
      await ctx.step('look', (call) => (clock.now() < Date.UTC(2026, 0, 2) ? hang(call.signal) : Promise.resolve()), { effect: 'read' });
      await ctx.step(
        'charge',
        async () => {
          charged += 1;
        },
        { effect: 'once' },
      );
    });
    const first = await open([Command], { engine: { file, clock } });
    const run = await first.start(Command, {}, { deadline: new Date(clock.now() + hour) });
    await turns(3);
    const closing = first[Symbol.asyncDispose]();
    clock.advance(20);
    await closing;
    clock.advance(48 * hour);
    await using second = await open([Command], { engine: { file, clock } });
    expect(await (await second.resume(run.id)).outcome()).toMatchObject({ status: 'failed', error: { code: 'DEADLINE_PASSED' } });
    expect(charged).toBe(0);
  });

  it('does not begin what was on its way to the disk when it was cancelled, and never ends unknown', async () => {
    const withdrawn: number[] = [];
    for (let moment = 0; moment < 40; moment += 1) {
      let charged = 0;
      const cancelling = Promise.withResolvers<() => void>();
      const Command = commandOf(async (ctx) => {
        await ctx.step('before', async () => (await cancelling.promise)());
        const charge = async (): Promise<void> => {
          charged += 1;
        };
        await ctx.step('charge', charge, { effect: 'once' });
      });
      await using runner = await open([Command], { engine: { file: newFile() } });
      const run = await runner.start(Command, {});
      cancelling.resolve(() => {
        void (async () => {
          for (let n = 0; n < moment; n += 1) await (n % 2 ? new Promise<void>((resolve) => process.nextTick(resolve)) : Promise.resolve());
          await run.cancel('at some moment');
        })();
      });
      const { status } = await run.outcome();
      expect([moment, status]).toEqual([moment, charged === 1 ? 'completed' : 'cancelled']);
      const records = await recordsOf(runner, run);
      if (records.includes('step-intended charge') && records.includes('step-ended charge cancelled')) withdrawn.push(moment);
    }
    expect(withdrawn).not.toEqual([]);
  });

  it('has no override to wait for any more', async () => {
    const checked = Promise.withResolvers<boolean>();
    const Deaf = commandOf(async (ctx) => ctx.gate('deaf', () => checked.promise, { overrideWithinMs: hour }));
    await using runner = await open([Deaf]);
    const run = await runner.start(Deaf, {});
    await turns(3);
    await run.cancel('stop');
    checked.resolve(false);
    expect((await run.outcome()).status).toBe('cancelled');
  });

  it('does not wait for an override when its code has ended', async () => {
    const Failed = commandOf<unknown>(async (ctx) =>
      Promise.all([
        ctx.gate('slow', () => false, { overrideWithinMs: hour }),
        ctx.step('fails', async () => Promise.reject(new CommandFailure('GATE_FAILED', 'no'))),
      ]),
    );
    const Forgotten = commandOf(
      async (ctx) => {
        void ctx.gate('forgotten', () => false, { overrideWithinMs: hour });
        return 1;
      },
      { name: 'forgotten' },
    );
    await using runner = await open([Failed, Forgotten]);
    expect((await (await runner.start(Failed, {})).outcome()).status).toBe('failed');
    expect(await runner.execute(Forgotten, {})).toBe(1);
  });

  it('ends after its children, however long they take to close', async () => {
    const clock = new ManualClock();
    const [heeded, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const Child = commandOf(
      async (ctx) => {
        ctx.defer(() => closed.promise);
        await ctx.step('slow', async (call) => {
          await heeded.promise;
          call.signal.throwIfAborted();
        });
      },
      { name: 'child' },
    );
    const Parent = commandOf(async (ctx) => ctx.execute(Child, {}), { name: 'parent' });
    await using runner = await open([Child, Parent], { engine: { graceMs: 50, clock } });
    const run = await runner.start(Parent, {});
    await turns(10);
    const states = async () => (await runner.runs()).map(({ command: name, state }) => `${name} ${state}`);
    await run.cancel('stop');
    await turns(5);
    clock.advance(30);
    heeded.resolve();
    await turns(5);
    clock.advance(30); // The grace of an ordinary step of the parent is over, and that of the child's closing is not.
    await turns(5);
    expect(await states()).toEqual(['child running', 'parent running']);
    closed.resolve();
    expect((await run.outcome()).status).toBe('cancelled');
    expect(await states()).toEqual(['child cancelled', 'parent cancelled']);
  });
});

describe('gates', () => {
  it('of one name at a time stand each for itself', async () => {
    const clock = new ManualClock();
    const Twice = commandOf(async (ctx) =>
      Promise.all(
        [hour, 20].map((overrideWithinMs) =>
          ctx
            .gate('same', () => false, { overrideWithinMs })
            .then(
              () => 'passed',
              () => 'stands',
            ),
        ),
      ),
    );
    await using runner = await open([Twice], { engine: { clock } });
    const run = await runner.start(Twice, {});
    let waiting = 0;
    for await (const event of run.progress()) {
      if (event.type === 'gate' && event.verdict === 'waiting') waiting += 1;
      if (waiting === 2) break;
    }
    await turns(2);
    clock.advance(20);
    await turns(2);
    await run.override('same', { by: 'ada', reason: 'counted' });
    expect(await run.result()).toEqual(['passed', 'stands']);
  });

  it('that were overridden early do not turn time back, and do not silence the lines behind them', async () => {
    const clock = new ManualClock();
    const lines: string[] = [];
    const note = (message: string) => void lines.push(message);
    let checked = 0;
    const Command = commandOf(
      async (ctx) => {
        const before = ctx.now().getTime();
        await ctx.step('long', async () => {
          await turns(3);
          clock.advance(2 * hour);
        });
        await ctx.gate('early', () => {
          checked += 1;
          return false;
        });
        ctx.log.info('behind the gate');
        return ctx.now().getTime() - before;
      },
      { phaseTimeoutsMs: { completion: hour } },
    );
    const file = newFile();
    const logger = { debug: note, info: note, warn: note, error: note };
    const first = await open([Command], { engine: { file, clock }, logger });
    const run = await first.start(Command, {});
    await run.override('early', { by: 'ada', reason: 'known' });
    expect(await run.result()).toBe(2 * hour);
    const { records } = await first.history(run.id);
    await first[Symbol.asyncDispose]();
    const copy = newFile();
    cutJournal(
      file,
      copy,
      records.findIndex(({ label }) => label === 'gate early'),
    );
    await using second = await open([Command], { engine: { file: copy, clock }, logger });
    expect(await (await second.resume(run.id)).result()).toBe(2 * hour);
    expect([checked, lines]).toEqual([2, ['behind the gate', 'behind the gate']]);
  });
});

class Connection {
  @IsString()
  database!: string;
}

@command({ name: 'connected', params: Connection })
class Connected extends PlainCommand<Connection, string> {
  static stuck = true;
  async run({ database }: Connection, ctx: CommandContext): Promise<string> {
    await ctx.step('work', (call) => (Connected.stuck ? hang(call.signal) : Promise.resolve()));
    return database;
  }
}

describe('secrets', () => {
  const secretsOf = (value: string) => [environmentSecrets({ S: value })];

  it('that a param holds by chance leave the param, its key and a child of a restarted parent as they are', async () => {
    const file = newFile();
    const options = { engine: { file }, secrets: secretsOf('postgres') };
    const Parent = commandOf(
      async (ctx) => {
        await ctx.step('connect', async (call) => void (await call.secret('env:S')));
        return ctx.execute(Connected, { database: 'postgres' });
      },
      { name: 'parent' },
    );
    Connected.stuck = true;
    const first = await open([Parent, Connected], options);
    const run = await first.start(Parent, {});
    await turns(12);
    expect(await first.runs()).toHaveLength(2);
    await first[Symbol.asyncDispose]();
    Connected.stuck = false;
    await using second = await open([Parent, Connected], options);
    expect(await (await second.resume(run.id)).result()).toBe('postgres');
    expect(await second.runs()).toHaveLength(2);
  });

  it('that read like the name of a field do not take the field away', async () => {
    for (const value of ['admin', 'message']) {
      const Command = commandOf(async (ctx) => {
        const outcome = await ctx.step('ask', async (call) => {
          await call.secret('env:S');
          return { admin: true };
        });
        const error = await ctx
          .step('fail', async () => Promise.reject(new Error('disk full')))
          .catch((thrown: unknown) => thrown as Error);
        return [outcome, error instanceof Error && error.message];
      });
      await using runner = await open([Command], { engine: { file: newFile() }, secrets: secretsOf(value) });
      expect(await runner.execute(Command, {})).toEqual([{ admin: true }, 'disk full']);
    }
  });

  it('of several lines do not come out by way of what is thrown, or of a cause, that is no error', async () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(40)}\n${'B'.repeat(40)}\n-----END PRIVATE KEY-----`;
    for (const thrown of [
      (key: string): unknown => ({ config: { pem: key } }),
      (key: string) => new Error('x', { cause: { config: { pem: key } } }),
    ]) {
      const Command = commandOf<unknown>(async (ctx) =>
        ctx.step('sign', async (call) => {
          throw thrown(await call.secret('env:S'));
        }),
      );
      await using runner = await open([Command], { engine: { file: newFile() }, secrets: secretsOf(pem) });
      const run = await runner.start(Command, {});
      const told = JSON.stringify([await run.outcome(), await runner.history(run.id)]);
      expect(told).not.toMatch(/AAAAAAAA|BBBBBBBB/);
    }
  });
});

it('a child that diverged keeps its parent waiting: with the right code both complete, and nothing is done twice', async () => {
  const file = newFile();
  let charged = 0;
  let stuck = true;
  const childOf = (label: string) =>
    commandOf(
      async (ctx) => {
        await ctx.step(label, async () => {
          charged += 1;
        });
        return ctx.step('stuck', (call) => (stuck ? hang(call.signal).then(() => '') : Promise.resolve('through')));
      },
      { name: 'child' },
    );
  const parentOf = (child: ReturnType<typeof childOf>) => commandOf(async (ctx) => ctx.execute(child, {}), { name: 'parent' });
  const [good, bad] = [childOf('charge'), childOf('charge again')];
  const first = await open([good, parentOf(good)], { engine: { file } });
  const run = await first.start(parentOf(good), {}).catch(() => undefined);
  expect(run).toBeUndefined(); // Another class of the same name is not the registered one.
  const parent = parentOf(good);
  await first[Symbol.asyncDispose]();
  const begun = await open([good, parent], { engine: { file } });
  const { id } = await begun.start(parent, {});
  await turns(15);
  await begun[Symbol.asyncDispose]();
  expect(charged).toBe(1);
  const badly = await open([bad, parentOf(bad)], { engine: { file }, start: { resume: false } });
  await expect((await badly.resume(id)).outcome()).rejects.toMatchObject({
    code: 'RUN_HANDED_BACK',
    message: expect.stringContaining('no longer does what the journal recorded'),
  });
  expect((await badly.runs()).map(({ state }) => state)).toEqual(['stopped', 'waiting']);
  await badly[Symbol.asyncDispose]();
  stuck = false;
  await using well = await open([good, parent], { engine: { file } });
  expect(await (await well.resume(id)).result()).toBe('through');
  expect(charged).toBe(1);
}, 20_000);

it('children in memory are forgotten like any other run', async () => {
  const Child = commandOf(async () => 1, { name: 'child' });
  const Parent = commandOf(async (ctx) => ctx.execute(Child, {}), { name: 'parent' });
  await using runner = await open([Child, Parent]);
  for (let n = 0; n < 400; n += 1) await runner.execute(Parent, {});
  expect((await runner.runs(10_000)).length).toBeLessThanOrEqual(256);
});

describe('progress', () => {
  it('stays a share whatever a step or a command says', async () => {
    const Odd = commandOf(async (ctx) => {
      ctx.expectSteps(-1);
      ctx.expectSteps(Number.NaN);
      await ctx.step('empty', async (call) => {
        call.progress(0, 0);
        call.progress(1, Number.POSITIVE_INFINITY);
      });
    });
    await using runner = await open([Odd]);
    for (const { progress } of await allOf((await runner.start(Odd, {})).progress())) expect(progress.done).toBeGreaterThanOrEqual(0);
  });

  it('tells a slow observer how many events are no longer kept', async () => {
    const meter = new ProgressMeter();
    const watch = new RunWatch(0, (happening, at) => meter.take(happening, at));
    const observer = watch.observe();
    watch.publish({ type: 'phase', phase: 'execution' }, 0);
    expect((await observer.next()).value).toMatchObject({ offset: 1 });
    for (let n = 0; n < 30_000; n += 1) watch.publish({ type: 'phase', phase: 'execution' }, 0);
    const { value } = await observer.next();
    expect(value).toMatchObject({ type: 'skipped', count: expect.any(Number) });
    const next = (await observer.next()).value as RunEvent;
    expect(next.offset).toBe(2 + (value as { count: number }).count);
  });

  it('of an ended run says its end once to whoever comes back with its offset', async () => {
    const Command = commandOf(async () => 1);
    await using runner = await open([Command]);
    const { id } = await runner.start(Command, {}, { key: 'k' });
    await turns(5);
    const ended = await runner.resume(id);
    const [end] = await allOf(ended.progress());
    expect(end).toMatchObject({ type: 'ended' });
    expect(await allOf(ended.progress({ after: end?.offset ?? 0 }))).toEqual([]);
  });
});

describe('injections', () => {
  class Part {
    readonly text = 'a part';
  }
  abstract class Base extends PlainCommand<NoParams, string> {
    constructor(@inject(Part) protected readonly part: Part) {
      super();
    }
  }

  it('are inherited also by a class whose text speaks of constructors', async () => {
    @command({ name: 'speaking', params: NoParams })
    class Speaking extends Base {
      async run() {
        class Inner {
          readonly n: number;
          constructor() {
            this.n = 1;
          }
        }
        // A constructor( in a comment, and one in a text.
        return `${this.part.text}${new Inner().n} ${'constructor() {'.length}`;
      }
    }
    await using runner = await open([Speaking], { bind: (container: Container) => container.bind(Part).toSelf() });
    expect(await runner.execute(Speaking, {})).toBe('a part1 15');
  });
});

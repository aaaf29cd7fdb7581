/** Defects that were found and mended: undos without end, errors of other runs taken for one's own, parts behind foreign timers. */
import { join } from 'node:path';
import {
  type Call,
  CommandFailure,
  type CommandRunner,
  environmentSecrets,
  type Logger,
  type Run,
  TransientError,
  UsageError,
} from '../../src/index.js';
import { type ApplicationOptions, commandOf, open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';
import { ManualClock } from '../support/ManualClock.js';
import { StepsBench } from '../support/stepsBench.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const refused = () => new CommandFailure('SYSTEM_REFUSED', 'no');
const outage = () => new Error('out of order');
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** What became of something, once something did. */
function watched<T>(promise: Promise<T>): { value?: T; error?: unknown } {
  const seen: { value?: T; error?: unknown } = {};
  promise.then(
    (value) => Object.assign(seen, { value }),
    (error: unknown) => Object.assign(seen, { error }),
  );
  return seen;
}

/** Moves the clock on by seconds, until `over` says so. */
async function pass(clock: ManualClock, secondsMax: number, over: () => boolean = () => false): Promise<void> {
  for (let second = 0; second < secondsMax && !over(); second += 1) {
    clock.advance(1000);
    for (let n = 0; n < 12; n += 1) await turn();
  }
}

describe('an undo that cannot be done', () => {
  const world = () => {
    const state = { tries: 0, mended: false };
    const undo = async (): Promise<void> => {
      state.tries += 1;
      if (!state.mended) throw outage();
    };
    const Held = commandOf<unknown>(async (ctx) => {
      await ctx.step('hold', async () => 1, { undo });
      throw refused();
    });
    return { state, Held };
  };

  /** Until the run is left, at the latest after 400 seconds. */
  async function left(run: Run<unknown>, clock: ManualClock): Promise<unknown> {
    const seen = watched(run.outcome());
    await pass(clock, 400, () => 'error' in seen || 'value' in seen);
    return 'error' in seen ? seen.error : seen.value;
  }

  it('stops the run after ten attempts, also when the run was put aside between them, and has ten more when a person resumes it', async () => {
    const { state, Held } = world();
    const clock = new ManualClock();
    await using runner = await open([Held], { engine: { clock } });
    const run = await runner.start(Held, {});
    expect(await left(run, clock)).toMatchObject({ code: 'UNDO_FAILED', message: expect.stringContaining('out of order') });
    expect(state.tries).toBe(10);
    const { records } = await runner.history(run.id);
    expect(records.filter(({ kind }) => kind === 'resumed').length).toBeGreaterThan(2);
    expect((await runner.runs())[0]).toMatchObject({ state: 'stopped', waits: [{ what: 'person' }] });
    await pass(clock, 400);
    expect(state.tries).toBe(10);
    expect(await left(await runner.resume(run.id), clock)).toMatchObject({ code: 'UNDO_FAILED' });
    expect(state.tries).toBe(20);
    state.mended = true;
    expect(await left(await runner.resume(run.id), clock)).toMatchObject({ status: 'compensated', undone: ['hold'] });
    expect(state.tries).toBe(21);
  });

  it('has no more attempts because the process was started again meanwhile, and as many again when that was after UNDO_FAILED', async () => {
    const { state, Held } = world();
    const clock = new ManualClock();
    const file = newFile();
    let id = '';
    for (const until of [3, 6, 8]) {
      await using runner = await open([Held], { engine: { clock, file } });
      if (id === '') ({ id } = await runner.start(Held, {}));
      await pass(clock, 200, () => state.tries >= until);
      expect(state.tries).toBe(until);
    }
    {
      await using runner = await open([Held], { engine: { clock, file } });
      expect(await left(await runner.resume(id), clock)).toMatchObject({ code: 'UNDO_FAILED' });
      expect(state.tries).toBe(10);
    }
    await using runner = await open([Held], { engine: { clock, file } });
    expect(await left(await runner.resume(id), clock)).toMatchObject({ code: 'UNDO_FAILED' });
    expect(state.tries).toBe(20);
  });

  it('has all its attempts again when it was left before they were used up', async () => {
    const options = { shielded: true, retry: { attemptsMax: 3, backoffMs: 0, on: [TransientError] } } as const;
    const busy = new TransientError('SYSTEM_UNAVAILABLE', 'busy');
    const errors = [busy, outage(), busy, busy, busy];
    const body = () => {
      throw errors.shift() ?? new Error('tried too often');
    };
    const bench = new StepsBench();
    bench.ask('undo hold', body, options);
    await bench.drive();
    expect([bench.stuck.length, errors.length]).toEqual([1, 3]);
    const next = bench.reload();
    next.ask('undo hold', body, options);
    await next.drive();
    expect([next.stuck.length, errors.length]).toEqual([1, 0]);
    expect(
      next.bodies<{ attempt: number; stuck?: boolean }>('step-attempted').map(({ attempt, stuck = false }) => [attempt, stuck]),
    ).toEqual([1, 2, 3, 4, 5].map((attempt) => [attempt, attempt === 2 || attempt === 5]));
  });
});

it('an effect whose outcome stays unknown ends its run after ten more attempts, put aside between them', async () => {
  let attempts = 0;
  const clock = new ManualClock();
  const Lost = commandOf(async (ctx) => {
    const never = ({ signal }: Call) => {
      attempts += 1;
      return new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
    };
    await ctx.step('hold', never, { timeoutMs: 10, undo: async () => undefined });
  });
  await using runner = await open([Lost], { engine: { clock } });
  const run = await runner.start(Lost, {});
  const seen = watched(run.outcome());
  await pass(clock, 400, () => 'value' in seen);
  expect(seen.value).toMatchObject({ status: 'unknown', undone: [] });
  expect(attempts).toBe(11);
  expect((await runner.history(run.id)).records.some(({ kind }) => kind === 'resumed')).toBe(true);
});

it('an undo gets at every attempt what the step gave, whatever the code and earlier attempts did to theirs', async () => {
  const got: unknown[] = [];
  const Held = commandOf<unknown>(async (ctx) => {
    const held = await ctx.step('hold', async () => ({ places: [1, 2], since: new Date(0) }), {
      undo: async (output) => {
        got.push(structuredClone(output));
        output.places.pop();
        if (got.length < 2) throw outage();
      },
      undoRetry: { attemptsMax: 3, backoffMs: 0 },
    });
    held.places.length = 0;
    throw refused();
  });
  await using runner = await open([Held]);
  expect(await (await runner.start(Held, {})).outcome()).toMatchObject({ status: 'compensated' });
  expect(got).toEqual(Array.from({ length: 2 }, () => ({ places: [1, 2], since: new Date(0) })));
});

describe('the error of a step that says that a run was handed back', () => {
  const Slow = commandOf<unknown>(
    async (ctx) =>
      ctx.step(
        'wait',
        ({ signal }) => new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
      ),
    {
      name: 'slow',
    },
  );

  it.each(['idempotent', 'once'] as const)('is a failure as any other when it is another run, of another runner (%s)', async (effect) => {
    const other = await open([Slow]);
    const begun = Promise.withResolvers<void>();
    const Asking = commandOf(async (ctx) => {
      const ask = async () => {
        const run = await other.start(Slow, {});
        begun.resolve();
        return run.result();
      };
      return ctx.step('ask the other', ask, { effect }).then(
        () => 'answered',
        (error: { code: string }) => error.code,
      );
    });
    await using runner = await open([Asking]);
    const run = await runner.start(Asking, {});
    await begun.promise;
    await other[Symbol.asyncDispose]();
    expect(await run.outcome()).toMatchObject({ status: 'completed', result: 'RUN_HANDED_BACK' });
  });

  it('leaves the step to the next load when the engine of its own run closes', async () => {
    const file = newFile();
    const begun = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    const Quick = commandOf(
      async (ctx) => {
        await ctx.step('first', async () => {
          begun.resolve();
          await held.promise;
        });
        return ctx.step('second', async () => 'quick'); // Is not begun while the engine closes, so the run is handed back.
      },
      { name: 'quick' },
    );
    let opened: Promise<CommandRunner>;
    const Asking = commandOf(async (ctx) => ctx.step('ask', async ({ key }) => (await opened).execute(Quick, {}, { key })), {
      name: 'asking',
    });
    opened = open([Asking, Quick], { engine: { file, drainMs: 2000 } });
    const first = await opened;
    const { id } = await first.start(Asking, {});
    await begun.promise;
    const closing = first[Symbol.asyncDispose]();
    held.resolve();
    await closing;
    opened = open([Asking, Quick], { engine: { file } });
    await using second = await opened;
    expect(await (await second.resume(id)).result()).toBe('quick');
  });
});

describe('ctx.branch', () => {
  it('is refused behind a wait that the journal does not know, also while a step is under way', async () => {
    const held = Promise.withResolvers<void>();
    let entered = false;
    const Late = commandOf(async (ctx) => {
      const step = ctx.step('slow', () => held.promise);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const part = ctx.branch('part', async () => {
        entered = true;
      });
      held.resolve();
      await Promise.all([step, part]);
    });
    await using runner = await open([Late]);
    const run = await runner.start(Late, {});
    expect(await run.outcome()).toMatchObject({
      status: 'failed',
      error: { code: 'WORK_NOT_JOURNALED', message: expect.stringContaining('branch part') },
    });
    expect(entered).toBe(false);
  });

  it('is entered by a run that was stopped, and what is asked for in it is refused', async () => {
    const begun = Promise.withResolvers<void>();
    const Stopped = commandOf(async (ctx) => {
      const waiting = ({ signal }: Call) =>
        new Promise<never>((_resolve, reject) => {
          begun.resolve();
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        });
      await ctx.step('wait', waiting, { effect: 'read' }).catch(() => undefined);
      const told = await ctx.branch('part', async () => {
        const asked = await ctx.step('more', async () => 'done').catch((error: { code: string }) => error.code);
        return `entered: ${asked}`;
      });
      return told;
    });
    const file = newFile();
    await using runner = await open([Stopped], { engine: { file } });
    const run = await runner.start(Stopped, {});
    await begun.promise;
    await run.cancel('enough');
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ result: 'entered: RUN_CANCELLED' });
    const { records } = await runner.history(run.id);
    expect(records.map(({ kind, label }) => `${kind} ${label}`)).toContain('branch-ended part');
  });
});

describe('the log of a run', () => {
  interface Line {
    readonly level: string;
    readonly message: string;
    readonly fields: object | undefined;
  }

  function listening(lines: Line[]): Logger {
    const at = (level: string) => (message: string, fields?: object) => void lines.push({ level, message, fields });
    return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  }

  it('has a warning for each attempt that another follows, without secrets, and none of it on replay', async () => {
    const lines: Line[] = [];
    const file = newFile();
    let attempts = 0;
    const end = Promise.withResolvers<void>();
    const Retried = commandOf(async (ctx) => {
      const body = async (call: Call) => {
        const secret = await call.secret('env:KEY');
        attempts += 1;
        if (attempts < 3) throw new TransientError('SYSTEM_UNAVAILABLE', `busy with ${secret}`);
      };
      await ctx.step('send', body, { retry: { attemptsMax: 3, backoffMs: 4, jitter: 0 } });
      await ctx.step('wait', () => end.promise);
    });
    const options: ApplicationOptions = { logger: listening(lines), secrets: [environmentSecrets({ KEY: 'swordfish' })], engine: { file } };
    const first = await open([Retried], options);
    const { id } = await first.start(Retried, {});
    for await (const event of (await first.resume(id)).progress()) if (event.type === 'step-started' && event.step === 'wait') break;
    const expected = [1, 2].map((attempt) => ({
      level: 'warn',
      message: `Attempt ${attempt} of send did not succeed, and the next one begins in ${attempt * 4} ms: busy with [secret env:KEY]`,
      fields: { attempt, waitMs: attempt * 4, step: 'send', run: id, command: 'written', phase: 'execution', trace: expect.any(String) },
    }));
    expect(lines).toEqual(expected);
    await first[Symbol.asyncDispose]();
    end.resolve();
    await using second = await open([Retried], options);
    await (await second.resume(id)).result();
    expect(lines).toEqual(expected);
  });

  it('says when a probe is asked what became of an attempt', async () => {
    const lines: Line[] = [];
    const clock = new ManualClock();
    const Lost = commandOf(async (ctx) =>
      ctx.step(
        'pay',
        ({ signal }) => new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
        {
          effect: 'once',
          timeoutMs: 500,
          probe: async () => 'paid',
        },
      ),
    );
    await using runner = await open([Lost], { logger: listening(lines), engine: { clock } });
    const seen = watched((await runner.start(Lost, {})).result());
    await pass(clock, 5, () => 'value' in seen);
    expect(seen.value).toBe('paid');
    expect(lines.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^What became of attempt 1 of pay is not known, and its probe is asked at once: pay may or may not/),
    ]);
  });

  it('has no line of a step that is not tried again', async () => {
    const lines: Line[] = [];
    const Refused = commandOf<unknown>(async (ctx) =>
      ctx.step('send', async () => Promise.reject(new UsageError('PARAMS_INVALID', 'no')), { retry: { attemptsMax: 3 } }),
    );
    await using runner = await open([Refused], { logger: listening(lines) });
    await (await runner.start(Refused, {})).outcome();
    expect(lines).toEqual([]);
  });
});

/** What every engine promises. A new engine is added to ENGINES and passes the same suite. */
import { join } from 'node:path';
import type { DurableRun } from '../../src/abstract/DurableRun.js';
import type { Engine } from '../../src/engine/Engine.js';
import { CancelledError, CommandFailure, OutcomeUnknownError } from '../../src/kernel/errors.js';
import { ask, begin, type Code, codec, journalFolder, type OpenOptions, openEngine, resultOf, setupOf } from '../support/engineHarness.js';
import { hasRestate, type RestateServers, restateServers } from '../support/restate/engines.js';

const folder = journalFolder();
let files = 0;
const restate = restateServers(folder);
const replayed = restateServers(folder, { forceReplay: true });
const openRestate = (servers: RestateServers) => async (code: Code, options?: OpenOptions) => {
  const opened = await servers.engine();
  await opened.open(setupOf(code, options));
  await opened.adopt();
  return opened;
};
const ENGINES: Readonly<Record<string, (code: Code, options?: OpenOptions) => Promise<Engine>>> = {
  'embedded, in a file': (code, options) => openEngine(join(folder, `${files++}.db`), code, options),
  'embedded, in memory': (code, options) => openEngine(':memory:', code, options),
  ...(hasRestate() && { restate: openRestate(restate), 'restate, replayed at every await': openRestate(replayed) }),
};

describe.each(Object.entries(ENGINES))('%s', (_name, open) => {
  let engine: Engine | undefined;
  afterEach(() => engine?.close());

  const run = async (code: Code, options?: OpenOptions) => {
    engine = await open(code, options);
    return begin(engine);
  };

  it('gives the result of the code, through the codec', async () => {
    const handle = await run(async (durable) => ({ at: await ask(durable, 'read', null, () => new Date(7)), big: 2n }));
    expect(await resultOf(handle)).toEqual({ at: new Date(7), big: 2n });
  });

  it('delivers a copy of what a body returned, never the live object', async () => {
    const live = { list: [1] };
    const handle = await run(async (durable) => {
      const delivered = await ask(durable, 'make', null, () => live);
      live.list.push(2);
      return delivered;
    });
    expect(await resultOf(handle)).toEqual({ list: [1] });
  });

  it('runs steps that are asked for together at the same time', async () => {
    let meet = 0;
    let release: () => void = () => undefined;
    const met = new Promise<void>((resolve) => {
      release = resolve;
    });
    const handle = await run((durable) =>
      Promise.all(
        [1, 2, 3].map((n) =>
          ask(durable, 'meet', n, async () => {
            meet += 1;
            if (meet === 3) release();
            await met;
            return n;
          }),
        ),
      ),
    );
    expect(await resultOf(handle)).toEqual([1, 2, 3]);
  });

  it('delivers the error of a step to the code, which may go on', async () => {
    const handle = await run(async (durable) => {
      try {
        return await ask(durable, 'charge', null, () => Promise.reject(new CommandFailure('SYSTEM_UNAVAILABLE', 'no money')));
      } catch (error) {
        return error instanceof CommandFailure && error.message;
      }
    });
    expect(await resultOf(handle)).toBe('no money');
  });

  it('ends failed with the error of the code', async () => {
    const handle = await run(() => Promise.reject(new CommandFailure('SYSTEM_UNAVAILABLE', 'closed')));
    expect(await handle.ended()).toMatchObject({ status: 'failed', result: undefined });
    await expect(resultOf(handle)).rejects.toThrow(CommandFailure);
  });

  it('waits at the end for steps that nobody awaited, and for the losers of a race', async () => {
    let ended = 0;
    const slow = () =>
      new Promise<void>((resolve) =>
        setTimeout(() => {
          ended += 1;
          resolve();
        }, 20),
      );
    const handle = await run(async (durable) => {
      void ask(durable, 'forgotten', null, slow);
      return Promise.race([ask(durable, 'fast', null, () => 'fast'), ask(durable, 'loser', null, slow)]);
    });
    expect(await resultOf(handle)).toBe('fast');
    expect(ended).toBe(2);
  });

  it('does not let an error that nobody reads end the process', async () => {
    const handle = await run(async (durable) => {
      void ask(durable, 'forgotten', null, () => Promise.reject(new Error('unread')));
      await ask(durable, 'other', null, () => 1);
      return durable.unread();
    });
    expect(await resultOf(handle)).toEqual(['forgotten']);
  });

  it('fails the run, with the remedy, when code waits for something that is not a step', async () => {
    const handle = await run(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
    });
    await expect(resultOf(handle)).rejects.toMatchObject({
      code: 'WORK_NOT_JOURNALED',
      message: expect.stringContaining('Put it in ctx.step'),
    });
  });

  it('fails the run when a step is asked for after work that is not journaled, and names the step', async () => {
    let asked: unknown;
    const handle = await run(async (durable) => {
      const slow = ask(durable, 'slow', null, () => new Promise((resolve) => setTimeout(resolve, 30)));
      await new Promise((resolve) => setTimeout(resolve, 5));
      asked = await ask(durable, 'late', null, () => 1).catch((error: unknown) => error);
      await slow;
    });
    await expect(resultOf(handle)).rejects.toThrow(/asked for late after waiting for something that the journal does not know/);
    expect(asked).toMatchObject({ code: 'WORK_NOT_JOURNALED' });
  });

  it('lets code use ticks and microtasks between steps, which follow from what was delivered', async () => {
    const handle = await run(async (durable) => {
      await ask(durable, 'a', null, () => 1);
      await new Promise<void>((resolve) => process.nextTick(() => queueMicrotask(() => process.nextTick(resolve))));
      return ask(durable, 'b', null, () => 2);
    });
    expect(await resultOf(handle)).toBe(2);
  });

  it('refuses a step inside the body of another', async () => {
    const handle = await run((durable) => ask(durable, 'outer', null, () => ask(durable, 'inner', null, () => 1)));
    await expect(resultOf(handle)).rejects.toMatchObject({ code: 'STEP_IN_STEP' });
  });

  it('fails a step whose outcome cannot be kept, and names the path', async () => {
    const handle = await run((durable) => ask(durable, 'open', null, () => ({ socket: () => 1 })));
    await expect(resultOf(handle)).rejects.toThrow('the outcome of open cannot be kept in the journal: socket is a function');
  });

  it('keeps an error with something about it that cannot be kept, and goes on', async () => {
    const odd = new CommandFailure('PROCESS_FAILED', 'declined', { details: { socket: () => 1 } });
    const circular = new Error('round');
    circular.cause = circular;
    const handle = await run(async (durable) => {
      const caught: string[] = [];
      for (const error of [odd, circular, Symbol('thrown')]) {
        await ask(durable, 'charge', caught.length, () => Promise.reject(error)).catch((delivered: unknown) => {
          caught.push(`${(delivered as Error).name}: ${(delivered as Error).message}`);
        });
      }
      throw Object.assign(odd, { message: caught.join(', ') });
    });
    await expect(resultOf(handle)).rejects.toThrow('CommandFailure: declined, Error: round, Error: Symbol(thrown)');
  });

  it('tells the id of a run only when a reader of the journal finds it', async () => {
    const handle = await run((durable) => ask(durable, 'long', null, () => new Promise((resolve) => setTimeout(resolve, 5))));
    expect(await engine?.list(1)).toMatchObject([{ id: handle.id }]);
    await handle.ended();
  });

  it('cancels: running steps get the signal, later ones are not started, the run ends cancelled', async () => {
    const started: string[] = [];
    let heard: unknown;
    const handle = await run(async (durable) => {
      await ask(
        durable,
        'long',
        null,
        (call) =>
          new Promise((_resolve, reject) => {
            started.push('long');
            call.signal.addEventListener('abort', () => reject(call.signal.reason));
          }),
        'read',
      ).catch((error: unknown) => {
        heard = error;
      });
      await ask(durable, 'next', null, () => started.push('next'));
    });
    while (started.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await handle.cancel('enough');
    expect(await handle.ended()).toMatchObject({ status: 'cancelled' });
    expect(started).toEqual(['long']);
    expect(heard).toBeInstanceOf(CancelledError);
    expect((heard as Error).message).toBe('The run was cancelled: enough.');
  });

  it('gives up a body that does not heed its signal', async () => {
    const handle = await run((durable) =>
      durable.step({ branch: 'execution', name: 'deaf', effect: 'read', timeoutMs: 5, body: () => new Promise(() => undefined) }),
    );
    await expect(resultOf(handle)).rejects.toMatchObject({ code: 'STEP_TIMED_OUT', message: 'deaf did not end within 5 ms.' });
  });

  it('ends unknown when an effect that happens once was cut off by its time limit', async () => {
    const handle = await run(async (durable) => {
      const charge = durable.step({
        branch: 'execution',
        name: 'charge',
        effect: 'once',
        timeoutMs: 5,
        body: () => new Promise(() => undefined),
      });
      return charge.catch((error: unknown) => error instanceof OutcomeUnknownError);
    });
    expect(await handle.ended()).toMatchObject({ status: 'unknown' });
    await expect(resultOf(handle)).rejects.toThrow(/charge may or may not have had its effect/);
  });

  it('keeps the key of a call whose outcome is unknown, and takes another for the next after a definite one', async () => {
    const keys: string[] = [];
    const handle = await run(async (durable) => {
      const charge = (timeoutMs: number) =>
        durable.step({
          branch: 'execution',
          name: 'charge',
          input: 5,
          effect: 'idempotent',
          timeoutMs,
          body: (_input, call) => {
            keys.push(call.key);
            return keys.length === 1 ? new Promise(() => undefined) : 'charged';
          },
        });
      await charge(5).catch(() => undefined);
      await charge(1000);
      await charge(1000);
    });
    await resultOf(handle);
    expect(keys).toHaveLength(3);
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[1]);
  });

  it('hands out events of steps in order, and ends when the inbox is closed', async () => {
    const handle = await run(async (durable: DurableRun) => {
      durable.events.declare({ low: Object });
      const taken: unknown[] = [];
      const pump = (async () => {
        for (let event = await durable.events.next(); event; event = await durable.events.next()) taken.push([event.source, event.data]);
      })();
      await ask(durable, 'sell', 1, (call) => {
        call.emit('low', { left: 2 });
        call.emit('low', { left: 1 });
      });
      await durable.events.close();
      await pump;
      return taken;
    });
    expect(await resultOf(handle)).toEqual([
      ['sell', { left: 2 }],
      ['sell', { left: 1 }],
    ]);
  });

  it('refuses an event that was not declared', async () => {
    const handle = await run((durable) => ask(durable, 'sell', 1, (call) => call.emit('lwo', {})));
    await expect(resultOf(handle)).rejects.toMatchObject({ code: 'EVENT_NOT_DECLARED' });
  });

  it('gives the same run for the same key, also when both are started at once, and refuses other params', async () => {
    let executed = 0;
    engine = await open((durable) =>
      ask(durable, 'work', null, async () => {
        executed += 1;
        return executed;
      }),
    );
    const [one, other] = await Promise.all([begin(engine, 'p', 'k'), begin(engine, 'p', 'k')]);
    expect(other.id).toBe(one.id);
    await Promise.all([resultOf(one), resultOf(other)]);
    expect(await resultOf(await begin(engine, 'p', 'k'))).toBe(1);
    await expect(begin(engine, 'q', 'k')).rejects.toMatchObject({ code: 'KEY_REUSED' });
  });

  it('shows observers the steps in order, each observer from the beginning', async () => {
    const handle = await run(async (durable) => {
      durable.observe({ type: 'phase', phase: 'execution' });
      await ask(durable, 'a', null, () => 1);
      await ask(durable, 'b', null, () => 1);
    });
    await handle.ended();
    const seen: string[] = [];
    for await (const event of handle.watch()) seen.push('step' in event ? `${event.type} ${event.step}` : event.type);
    expect(seen).toEqual(['phase', 'step-started a', 'step-ended a', 'step-started b', 'step-ended b', 'ended']);
  });

  it('unloads what the run opened, whether it succeeds, fails or is handed back', async () => {
    let unloaded = 0;
    const options = {
      onUnload: async () => {
        unloaded += 1;
      },
    };
    await resultOf(await run(async () => 1, options));
    await engine?.close();
    await (await run(() => Promise.reject(new Error('x')), options)).ended();
    await engine?.close();
    const { promise: started, resolve: begun } = Promise.withResolvers<void>();
    const hang = () => {
      begun();
      return new Promise(() => undefined);
    };
    const hanging = await run((durable) => ask(durable, 'long', null, hang), options);
    await started;
    await engine?.close();
    engine = undefined;
    await expect(hanging.ended()).rejects.toMatchObject({ code: 'RUN_HANDED_BACK' });
    expect(unloaded).toBe(3);
  });

  it('lists runs and tells the history of one by the beginning of its id', async () => {
    const handle = await run((durable) => ask(durable, 'a', null, () => 1));
    await handle.ended();
    expect((await engine?.list(10))?.slice(0, 1)).toMatchObject([{ id: handle.id, state: 'completed', steps: 1 }]);
    const history = await engine?.history(handle.id.slice(0, -20));
    expect(history?.records.map(({ kind, label }) => `${kind} ${label}`)).toEqual(['started test', 'step-ended a', 'ended completed']);
    await expect(engine?.history('nothing')).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('gives the same values of chance and time to the same run', async () => {
    const handle = await run(async (durable) => [durable.uuid(), durable.random(), durable.time]);
    const [uuid, random, now] = (await resultOf(handle)) as [string, number, Date];
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(random).toBeGreaterThanOrEqual(0);
    expect(random).toBeLessThan(1);
    expect(now).toBeLessThanOrEqual(Date.now());
    expect(codec.encode(uuid, 'it')).toContain('-4');
  });
});

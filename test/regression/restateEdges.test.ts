/** What Restate cannot take at once, or at all; what is done to runs in Restate itself; engines that are opened and closed at odd times. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { freePorts } from '../../bench/support/restate/freePorts.js';
import { invocations } from '../../bench/support/restate/invocations.js';
import type { Engine } from '../../src/engine/Engine.js';
import { type RestateEngineOptions, restateEngine } from '../../src/engine/restate/RestateEngine.js';
import { ask, begin, type Code, codec, journalFolder, resultOf, setupOf } from '../support/engineHarness.js';
import { hasRestate, restateServers } from '../support/restate/engines.js';
import { LateDoor } from '../support/restate/LateDoor.js';

jest.setTimeout(60_000);
const restate = restateServers(journalFolder());
const MIB = 1024 * 1024;

const opened = async (code: Code, options: Partial<RestateEngineOptions> = {}): Promise<Engine> => {
  const engine = await restate.engine(options);
  await engine.open(setupOf(code));
  await engine.adopt();
  return engine;
};

if (!hasRestate()) process.stderr.write('skipped: npm has no Restate server for this platform\n');
const describeRestate = hasRestate() ? describe : describe.skip;

describeRestate('values on Restate', () => {
  it('are recorded in several entries where one would be too large for it', async () => {
    const engine = await opened(async (run) => {
      const texts = await Promise.all(Array.from({ length: 48 }, (_, n) => ask(run, 'text', n, () => 'x'.repeat(MIB))));
      return texts.reduce((sum, text) => sum + text.length, 0);
    });
    expect(await resultOf(await begin(engine))).toBe(48 * MIB);
    await engine.close();
  });

  it('that are too large for an entry leave the run standing with the step and the remedy, until it is cancelled', async () => {
    const engine = await opened(async (run) => {
      await ask(run, 'small', null, () => 1);
      return ask(run, 'huge', null, () => 'x'.repeat(11 * MIB));
    });
    const run = await begin(engine);
    await expect(run.ended()).rejects.toMatchObject({
      code: 'RUN_HANDED_BACK',
      message: expect.stringMatching(/What was recorded of huge has 11\d+ characters.*Keep large values elsewhere/),
    });
    expect((await engine.history(run.id)).state).toBe('stopped');
    await engine.cancel(run.id, 'too large');
    expect(await (await engine.resume(run.id)).ended()).toMatchObject({ status: 'cancelled' });
    await engine.close();
  });

  it('are named when it is not a step that has them', async () => {
    const huge = 'x'.repeat(11 * MIB);
    const endOf = async (code: Code): Promise<unknown> => {
      const engine = await opened(code);
      const error: unknown = await resultOf(await begin(engine)).catch((why: unknown) => why);
      await engine.close();
      return error;
    };
    const publishes: Code = async (run) => {
      await ask(run, 'small', null, () => 1);
      run.publish(huge);
    };
    expect(await endOf(publishes)).toMatchObject({ message: expect.stringMatching(/What it published has 11\d+ characters/) });
    const moves: Code = async (run) => run.continueAs({ huge });
    expect(await endOf(moves)).toMatchObject({ message: expect.stringMatching(/What the next run begins with has 11\d+ characters/) });
  });

  it('are refused as signals, which would stop the run whenever it is loaded', async () => {
    const engine = await opened(async (run) => (await run.nextSignal('go', undefined))?.value);
    const run = await begin(engine);
    const send = (value: string) => engine.notify(run.id, { name: 'go', value: codec.encode(value, 'a signal'), token: value.slice(0, 9) });
    await expect(send('x'.repeat(5 * MIB))).rejects.toMatchObject({ code: 'NOT_ON_ENGINE' });
    await send('y'.repeat(3 * MIB));
    expect(await resultOf(run)).toHaveLength(3 * MIB);
    await engine.close();
  });
});

/** What an operator does to a run with the tools of Restate. */
const patch = async (run: string, what: 'cancel' | 'kill'): Promise<void> => {
  const { adminUrl } = await restate.server();
  const [, key] = run.split('.');
  const [found] = await invocations(adminUrl, `target_service_key = '${key}' AND target_handler_name = 'run'`);
  expect((await fetch(`${adminUrl}/invocations/${found?.id}/${what}`, { method: 'PATCH' })).ok).toBe(true);
};

describeRestate('a run that Restate itself is told to end', () => {
  it('is cancelled also when that comes while the next run begins that goes on with it', async () => {
    const [port = 0] = await freePorts(1);
    await using door = await LateDoor.open(port);
    const [began, goes] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let first: string | undefined;
    const code: Code = async (run) => {
      first ??= run.id;
      if (run.id !== first) return run.nextSignal('never', undefined);
      await ask(run, 'small', null, () => {
        began.resolve();
        return goes.promise;
      });
      return run.continueAs({});
    };
    const engine = await opened(code, { listen: { port, advertised: door.url } });
    const run = await begin(engine);
    await began.promise;
    await wait(30); // It hears that the step is about to begin.
    door.hold();
    goes.resolve();
    await wait(100); // Restate has recorded the end, and then comes the cancellation.
    await patch(run.id, 'cancel');
    await wait(50);
    door.letThrough();
    expect((await run.ended()).status).toBe('cancelled');
    await engine.close();
  });

  it('has its key although it was killed before it had begun', async () => {
    const [port = 0] = await freePorts(1);
    const code: Code = async () => 1;
    const options = { listen: { port }, requestTimeoutMs: 3000 };
    await (await opened(code, options)).close();
    const { ingressUrl } = await restate.server();
    const client = restateEngine({ ingressUrl });
    await client.open(setupOf(code));
    const run = await begin(client, null, 'a key');
    await patch(run.id, 'kill');
    await client.close();
    const engine = await opened(code, options);
    const again = await begin(engine, null, 'a key');
    expect(again.id).toBe(run.id);
    expect((await again.ended()).status).toBe('unknown');
    expect(await resultOf(await engine.reopen(run.id))).toBe(1);
    await engine.close();
  });
});

const isListening = async (port: number): Promise<boolean> => {
  const socket = connect(port, '127.0.0.1');
  const isThere = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isThere;
};

describeRestate('an engine on Restate', () => {
  it('has one worker, however often it adopts, and none when it is closed', async () => {
    const engine = await opened(async () => 1);
    const serving = engine.serving;
    await engine.adopt();
    expect(engine.serving).toEqual(serving);
    await engine.close();
    expect(await isListening(Number(new URL(serving?.url ?? '').port))).toBe(false);
  });

  it('that is closed while it adopts leaves no worker', async () => {
    const [port = 0] = await freePorts(1);
    const engine = await restate.engine({ listen: { port } });
    await engine.open(setupOf(async () => 1));
    const adopting = engine.adopt();
    await Promise.all([expect(adopting).rejects.toMatchObject({ code: 'ENGINE_CLOSED' }), engine.close()]);
    expect(await isListening(port)).toBe(false);
  });

  it('refuses by name what comes while it is closed, and what was on its way', async () => {
    const engine = await opened(async () => 1);
    const early = Array.from({ length: 10 }, () => begin(engine).then(({ id }) => id));
    const closing = engine.close();
    await expect(begin(engine)).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
    const ends = await Promise.allSettled([...early, closing]);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject({ code: 'ENGINE_CLOSED' });
  });

  it.each([
    ['listen.port', { listen: { port: 70_000 } }, 'WORKER_NOT_STARTED'],
    ['listen.port', { listen: { port: Number.NaN } }, 'WORKER_NOT_STARTED'],
    ['retentionMs', { retentionMs: -1 }, 'ENGINE_INVALID'],
    ['retentionMs', { retentionMs: 1e18 }, 'ENGINE_INVALID'],
    ['unloadAfterMs', { unloadAfterMs: Number.NaN }, 'ENGINE_INVALID'],
    ['requestTimeoutMs', { requestTimeoutMs: 0.5 }, 'ENGINE_INVALID'],
  ])('refuses %s that means nothing: %p', async (_option, options, code) => {
    await expect(opened(async () => 1, options)).rejects.toMatchObject({ code });
  });
});

/** A worker whose connections to Restate are cut, late, or never answered. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { freePorts } from '../../bench/support/restate/freePorts.js';
import type { Engine } from '../../src/engine/Engine.js';
import type { RestateEngineOptions } from '../../src/engine/restate/RestateEngine.js';
import { ask, begin, type Code, journalFolder, resultOf, setupOf } from '../support/engineHarness.js';
import { hasRestate, restateServers } from '../support/restate/engines.js';
import { LateDoor } from '../support/restate/LateDoor.js';
import { WorkerDoor } from '../support/restate/WorkerDoor.js';

jest.setTimeout(60_000);
const restate = restateServers(journalFolder());

const opened = async (code: Code, options: Partial<RestateEngineOptions> = {}): Promise<Engine> => {
  const engine = await restate.engine(options);
  await engine.open(setupOf(code));
  await engine.adopt();
  return engine;
};

if (!hasRestate()) process.stderr.write('skipped: npm has no Restate server for this platform\n');
const describeRestate = hasRestate() ? describe : describe.skip;

describeRestate('a worker of Restate', () => {
  it('goes on with a run on its new connection when the old one is late with an acknowledgement', async () => {
    const [port = 0] = await freePorts(1);
    await using door = await LateDoor.open(port);
    const [began, goes, paid, is] = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const pay = (): Promise<void> | undefined => {
      paid?.resolve();
      return is?.promise;
    };
    const engine = await opened(
      async (run) => {
        await ask(run, 'first', 1, () => {
          began?.resolve();
          return goes?.promise;
        });
        await ask(run, 'pay', 1, pay, 'once');
        await ask(run, 'last', 1, () => 1);
        return 'done';
      },
      { listen: { port, advertised: door.url } },
    );
    const run = await begin(engine);
    await began?.promise;
    await wait(30); // It hears that the first step is about to begin.
    door.hold();
    goes?.resolve();
    await wait(150); // Restate has it.
    door.cut();
    await paid?.promise;
    is?.resolve();
    door.deliver();
    expect(await Promise.race([resultOf(run), wait(10_000, 'stands still', { ref: false })])).toBe('done');
    await engine.close();
  });

  it('does not load a run again before the load that it gave up is over, whose folder is the same', async () => {
    const [here = 0, there = 0] = await freePorts(2);
    await using door = await WorkerDoor.open();
    const [slow, elsewhere] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isSlowOver = false;
    const code =
      (isHere: boolean): Code =>
      async (run) => {
        await ask(run, 'slow', 1, async (call) => {
          await call.workspace();
          if (!isHere) return;
          slow.resolve();
          await wait(1000); // It does not heed its signal.
          isSlowOver = true;
        });
        return ask(run, 'after', 1, async (call) => {
          const folder = await call.workspace();
          if (!isHere) elsewhere.resolve();
          await wait(isHere ? 1500 : 5000, undefined, { ref: false });
          return { isSlowOver, isThere: existsSync(folder) };
        });
      };
    const serve = async (port: number): Promise<Engine> => {
      door.leadTo(port);
      return opened(code(port === here), { listen: { port, advertised: door.url }, graceMs: 1500 });
    };
    const engine = await serve(here);
    const run = await begin(engine);
    await slow.promise;
    door.cut();
    const other = await serve(there);
    await elsewhere.promise;
    door.cut();
    door.leadTo(here);
    expect(await resultOf(run)).toEqual({ isSlowOver: true, isThere: true });
    await Promise.all([engine.close(), other.close()]);
  });

  it('tells what happened in a run when Restate has its record, also of steps that end side by side', async () => {
    const [port = 0] = await freePorts(1);
    await using door = await LateDoor.open(port);
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const began = Promise.withResolvers<void>();
    const engine = await opened(
      (run) => {
        const late = () => {
          began.resolve();
          return second.promise;
        };
        return Promise.all([ask(run, 'first', 1, () => first.promise), ask(run, 'second', 1, late)]);
      },
      { listen: { port, advertised: door.url } },
    );
    const run = await begin(engine);
    const told: string[] = [];
    const watching = (async () => {
      for await (const event of run.watch()) if (event.type === 'step-ended') told.push(event.step);
    })();
    await began.promise;
    await wait(30);
    door.hold();
    first.resolve(); // Its record is on its way when the second comes, which is recorded after it.
    await wait(50);
    second.resolve();
    await wait(50);
    expect(told).toEqual([]);
    door.deliver(); // That of the first is there; the worker hears nothing of the second.
    while (told.length === 0) await wait(1);
    expect(told).toEqual(['first']);
    door.cut();
    await resultOf(run);
    await watching;
    expect(told).toEqual(['first', 'second']);
    await engine.close();
  });

  it('closes although somebody is connected who never answers', async () => {
    const engine = await opened(async () => 1);
    const { port } = new URL(engine.serving?.url ?? '');
    const silent = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    await once(silent, 'connect');
    silent.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0');
    await once(silent, 'data');
    const closed = engine.close().then(() => 'closed');
    expect(await Promise.race([closed, wait(5000, 'waits', { ref: false })])).toBe('closed');
    silent.destroy();
  });
});

/** Defects that a review of the engine proved; each test failed before its mending. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandFailure } from '../../src/kernel/errors.js';
import { ask, begin, type Code, codec, cutJournal, journalFolder, openEngine, resultOf } from '../support/engineHarness.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

it('an event that a given-up body emits after the end is not recorded behind the end', async () => {
  const file = newFile();
  let late: Promise<void> | undefined;
  const engine = await openEngine(file, async (run) => {
    run.events.declare({ low: Object });
    await run.step({
      branch: 'execution',
      name: 'deaf',
      effect: 'read',
      timeoutMs: 5,
      body: (_input, call) => {
        late = sleep(120).then(() => call.emit('low', { left: 1 }));
        return late;
      },
    });
  });
  const handle = await begin(engine);
  await handle.ended();
  await late;
  await engine.close();
  const again = await openEngine(file, async () => 1);
  await expect(again.history(handle.id)).resolves.toMatchObject({ state: 'failed' });
  await again.close();
});

it('a load that throws leaves no run behind, and does not use its key up', async () => {
  let missing = true;
  const onLoad = () => {
    if (missing) throw new Error('No matching bindings');
  };
  const engine = await openEngine(newFile(), async () => 1, { onLoad });
  for (let attempt = 0; attempt < 2; attempt += 1) await expect(begin(engine, 'p', 'k')).rejects.toThrow('No matching bindings');
  missing = false;
  expect(await resultOf(await begin(engine, 'p', 'k'))).toBe(1);
  expect(await engine.list(5)).toHaveLength(1);
  await engine.close();
});

it('an engine that closes takes nothing in, and may be closed twice', async () => {
  const engine = await openEngine(newFile(), (run) => ask(run, 'work', null, () => sleep(20)));
  const handle = await begin(engine);
  const closing = [engine.close(), engine.close()];
  await expect(begin(engine, 2)).rejects.toMatchObject({ code: 'ENGINE_CLOSED' });
  await Promise.all(closing);
  await expect(handle.ended()).resolves.toMatchObject({ status: 'completed' }); // Within the time that closing leaves it.
});

it('an effect that happens once is not repeated by a loop around it once its outcome was lost', async () => {
  let executed = 0;
  const engine = await openEngine(':memory:', async (run) => {
    for (let turn = 0; turn < 3; turn += 1) {
      const charge = run.step({
        branch: 'execution',
        name: 'charge',
        effect: 'once',
        timeoutMs: 5,
        body: () => {
          executed += 1;
          return new Promise(() => undefined);
        },
      });
      await charge.catch(() => undefined);
    }
  });
  expect(await (await begin(engine)).ended()).toMatchObject({ status: 'unknown' });
  expect(executed).toBe(1);
  await engine.close();
});

describe('a journal that was cut off', () => {
  async function resumeCut(code: Code, records: number, later: Code, fingerprint: string, alter = '') {
    const file = newFile();
    const first = await openEngine(file, code);
    const handle = await begin(first);
    await handle.ended();
    await first.close();
    const copy = newFile();
    cutJournal(file, copy, records);
    if (alter) {
      const database = new DatabaseSync(copy);
      database.exec(alter);
      database.close();
    }
    const engine = await openEngine(copy, later, { fingerprint });
    try {
      return await (await engine.resume(handle.id)).ended();
    } finally {
      await engine.close();
    }
  }

  it('after the intent of an effect that changed code no longer asks for ends unknown', async () => {
    const charge: Code = (run) => ask(run, 'charge', null, () => 1, 'once');
    expect(await resumeCut(charge, 2, async () => 'nothing', 'f2')).toMatchObject({ status: 'unknown' });
  });

  it('and whose outcomes were erased is refused, instead of delivering nothing', async () => {
    const charge: Code = (run) => ask(run, 'charge', null, () => 'paid');
    await expect(resumeCut(charge, 2, charge, 'f1', 'UPDATE record SET body = NULL')).rejects.toMatchObject({ code: 'JOURNAL_ALTERED' });
  });
});

it('an ended run that was marked as open is noticed', async () => {
  const file = newFile();
  const first = await openEngine(file, async () => 1);
  const handle = await begin(first);
  await handle.ended();
  await first.close();
  const database = new DatabaseSync(file);
  database.exec('UPDATE run SET status = NULL, ended_at = NULL');
  database.close();
  const engine = await openEngine(file, async () => 1);
  await expect(engine.resume(handle.id)).rejects.toMatchObject({ code: 'JOURNAL_ALTERED' });
  await engine.close();
});

it('a draw inside the body of a step is refused, since replay would leave it out', async () => {
  const engine = await openEngine(':memory:', (run) => ask(run, 'a', null, () => run.uuid()));
  await expect(resultOf(await begin(engine))).rejects.toMatchObject({ code: 'CHANCE_IN_STEP' });
  await engine.close();
});

it('an error of a class that extends one of ours comes back as one of ours, with its own name', async () => {
  class OutOfStock extends CommandFailure {}
  const engine = await openEngine(':memory:', (run) =>
    ask(run, 'reserve', null, () => Promise.reject(new OutOfStock('SYSTEM_UNAVAILABLE', 'none left', { details: { sku: 'bolt' } }))),
  );
  const ended = await (await begin(engine)).ended();
  const error = codec.decode(ended.error ?? 'null');
  expect(error).toBeInstanceOf(CommandFailure);
  expect(error).toMatchObject({ name: 'OutOfStock', code: 'SYSTEM_UNAVAILABLE', details: { sku: 'bolt' } });
  await engine.close();
});

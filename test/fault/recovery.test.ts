/** What a resumed run may and may not do: effects that happen once, changed code, cancellation, events, a second crash. */
import { join } from 'node:path';
import type { DurableRun } from '../../src/abstract/DurableRun.js';
import type { Effect } from '../../src/kernel/Call.js';
import type { Carried } from '../../src/kernel/codec/Carried.js';
import { ask, begin, type Code, codec, cutJournal, journalFolder, openEngine, resultOf } from '../support/engineHarness.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

/** Runs `code` whole, cuts its journal after the n-th record and resumes it with `later`. */
async function cutAndResume(code: Code, records: number, later: Code = code, fingerprint = 'f1') {
  const file = newFile();
  const first = await openEngine(file, code);
  const begun = await begin(first);
  await begun.ended();
  const { id } = begun;
  await first.close();
  const copy = newFile();
  cutJournal(file, copy, records);
  const engine = await openEngine(copy, later, { fingerprint });
  const handle = await engine.resume(id);
  const end = await handle.ended().catch((error: unknown) => error);
  const history = await engine.history(id);
  await engine.close();
  return { end, history, handle };
}

const seen =
  (names: string[]) =>
  (run: DurableRun, name: string, input: unknown = null, effect: Effect = 'idempotent') =>
    ask(run, name, input, () => names.push(name), effect);

describe('a resumed run', () => {
  it('never repeats an effect that happens once and was under way: it ends unknown', async () => {
    const names: string[] = [];
    const code: Code = async (run) => {
      await seen(names)(run, 'reserve');
      await seen(names)(run, 'charge', null, 'once');
    };
    // started, reserve ended, charge intended | charge ended, ended
    const { end, history } = await cutAndResume(code, 3);
    expect(end).toMatchObject({ status: 'unknown' });
    expect(history.records.map(({ kind }) => kind)).toEqual(['started', 'step-ended', 'step-intended', 'resumed', 'step-ended', 'ended']);
    expect(names).toEqual(['reserve', 'charge']);
  });

  it('repeats an idempotent effect that was under way, with the same key', async () => {
    const keys: string[] = [];
    const code: Code = (run) => ask(run, 'reserve', 1, (call) => keys.push(call.key));
    await cutAndResume(code, 1);
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
  });

  it('is refused, and left as it was, when the same code asks for something else', async () => {
    const names: string[] = [];
    let again = false;
    const code: Code = (run) => seen(names)(run, again ? 'other' : 'reserve');
    const file = newFile();
    const first = await openEngine(file, code);
    const begun = await begin(first);
    await begun.ended();
    const { id } = begun;
    await first.close();
    const copy = newFile();
    cutJournal(file, copy, 2);
    again = true;
    const engine = await openEngine(copy, code);
    const handle = await engine.resume(id);
    await expect(handle.ended()).rejects.toThrow(/asks for execution\/other.* but the journal has execution\/reserve/);
    expect(names).toEqual(['reserve']);
    expect((await engine.list(1))[0]).toMatchObject({ state: 'stopped' });
    await engine.close();
  });

  it('takes a step that changed code added before the recorded ones', async () => {
    const names: string[] = [];
    const code: Code = (run) => seen(names)(run, 'reserve');
    const later: Code = async (run) => {
      await seen(names)(run, 'check');
      await seen(names)(run, 'reserve');
    };
    const { end } = await cutAndResume(code, 2, later, 'f2');
    expect(end).toMatchObject({ status: 'completed' });
    expect(names).toEqual(['reserve', 'check']);
  });

  it('is refused when changed code gives a recorded step another input', async () => {
    const names: string[] = [];
    const { end } = await cutAndResume(
      (run) => seen(names)(run, 'charge', 5),
      2,
      (run) => seen(names)(run, 'charge', 6),
      'f2',
    );
    expect(end).toMatchObject({ code: 'RUN_DIVERGED' });
    expect(names).toEqual(['charge']);
  });

  it('is refused when changed code no longer asks for a recorded effect, but may drop a read', async () => {
    const gone = (effect: Effect) =>
      cutAndResume(
        (run) => seen([])(run, 'reserve', null, effect),
        2,
        async () => 'nothing',
        'f2',
      );
    expect((await gone('idempotent')).end).toMatchObject({
      code: 'RUN_DIVERGED',
      message: expect.stringContaining('ended without asking for'),
    });
    expect((await gone('read')).end).toMatchObject({ status: 'completed' });
  });

  it('delivers a recorded cancellation at its place, and does not start what was under way then', async () => {
    const file = newFile();
    let started = 0;
    const code: Code = async (run) => {
      await ask(run, 'first', null, () => 1);
      await ask(run, 'long', null, () => new Promise(() => (started += 1)), 'read');
    };
    const first = await openEngine(file, code);
    const handle = await begin(first);
    while (started === 0) await new Promise((resolve) => setImmediate(resolve));
    await handle.cancel('enough');
    await handle.ended();
    await first.close();
    const copy = newFile();
    cutJournal(file, copy, 3); // started, first ended, cancel requested
    const engine = await openEngine(copy, code);
    expect(await (await engine.resume(handle.id)).ended()).toMatchObject({ status: 'cancelled' });
    expect(started).toBe(1);
    await engine.close();
  });

  it('counts an event once when the step that emitted it is repeated', async () => {
    const code: Code = async (run) => {
      run.events.declare({ low: Object });
      const taken: unknown[] = [];
      const pump = (async () => {
        for (let event = await run.events.next(); event; event = await run.events.next()) taken.push(event.data);
      })();
      await ask(run, 'sell', null, (call) => call.emit('low', { left: 1 }));
      await run.events.close();
      await pump;
      return taken;
    };
    for (let records = 1; records <= 4; records += 1) {
      const { end, history } = await cutAndResume(code, records);
      expect(codec.decode((end as { result: Carried }).result.text)).toEqual([{ left: 1 }]);
      expect(history.records.filter(({ kind }) => kind === 'event')).toHaveLength(1);
    }
  });

  it('goes on after a second interruption, and tells replayed steps from new ones', async () => {
    const names: string[] = [];
    const code: Code = async (run) => {
      for (const name of ['a', 'b', 'c']) await seen(names)(run, name);
      return 'done';
    };
    const file = newFile();
    const first = await openEngine(file, code);
    const begun = await begin(first);
    await begun.ended();
    const { id } = begun;
    await first.close();
    const copies = [newFile(), newFile()] as const;
    cutJournal(file, copies[0], 2);
    const second = await openEngine(copies[0], code);
    await (await second.resume(id)).ended();
    await second.close();
    cutJournal(copies[0], copies[1], 4); // started, a, resumed, b
    const third = await openEngine(copies[1], code);
    const handle = await third.resume(id);
    expect(await resultOf(handle)).toBe('done');
    const events: string[] = [];
    for await (const event of handle.watch()) if ('step' in event) events.push(`${event.type} ${event.step}`);
    expect(events).toEqual(['step-replayed a', 'step-replayed b', 'step-started c', 'step-ended c']);
    expect(names).toEqual(['a', 'b', 'c', 'b', 'c', 'c']);
    await third.close();
  });

  it('has the same chance and the same time on every load', async () => {
    const values: unknown[] = [];
    const code: Code = async (run) => {
      await ask(run, 'a', null, () => 1);
      values.push([run.uuid(), run.random(), run.time]);
    };
    await cutAndResume(code, 2);
    expect(values).toHaveLength(2);
    expect(values[1]).toEqual(values[0]);
  });
});

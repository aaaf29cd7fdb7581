/** When a run that waits for a person is handed back, and when not yet. */
import { join } from 'node:path';
import { Standstill } from '../../../src/cli/Standstill.js';
import type { Call, CommandRunner, GateOptions, Run } from '../../../src/index.js';
import { commandOf, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';

const folder = journalFolder();
const LONG: GateOptions = { overrideWithinMs: 86_400_000 };
const no = () => ({ passed: false, found: 'two missing' });
const HANDED_BACK = { code: 'RUN_HANDED_BACK' };

/** Lets everything happen that can happen by itself. */
async function settle(): Promise<void> {
  for (let n = 0; n < 1000; n += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}

async function stateOf(runner: CommandRunner, run: Run<unknown>): Promise<string | undefined> {
  return (await runner.runs()).find(({ id }) => id === run.id)?.state;
}

function door() {
  let open_ = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open_ = resolve;
  });
  return { opened, open: () => open_() };
}

describe('a run whose gate waits', () => {
  const Waits = commandOf((ctx) => ctx.gate('stock', no, LONG));

  it('is handed back, and the gate is named', async () => {
    await using runner = await open([Waits]);
    const run = await runner.start(Waits, {});
    const standstill = new Standstill(runner, run);
    await expect(run.outcome()).rejects.toMatchObject(HANDED_BACK);
    expect(standstill.gates).toEqual([{ gate: 'stock', found: 'two missing', runId: run.id, command: 'written' }]);
  });

  it('is not handed back once the watch was stopped', async () => {
    await using runner = await open([Waits]);
    const run = await runner.start(Waits, {});
    new Standstill(runner, run).stop();
    await settle();
    expect(await stateOf(runner, run)).toBe('running');
    await run.cancel('enough');
  });

  it('is not handed back when somebody decided and the decision is still behind other records', async () => {
    const file = join(folder, 'decided.db');
    const Wide = commandOf((ctx) => {
      const steps = Array.from({ length: 200 }, (_, n) => ctx.step(`step ${n}`, async () => n));
      return Promise.all([ctx.gate('stock', no, LONG), ...steps]);
    });
    const first = await open([Wide], { engine: { file } });
    const { id } = await first.start(Wide, {});
    while ((await first.runs())[0]?.steps !== 201) await settle();
    await first[Symbol.asyncDispose]();
    await using second = await open([Wide], { engine: { file }, start: { resume: false } });
    const run = await second.override(id, 'stock', { by: 'ada', reason: 'seen' });
    const standstill = new Standstill(second, run);
    expect(await run.result()).toHaveLength(201);
    expect(standstill.gates).toEqual([]);
  });

  it('is handed back only when no step is under way any more', async () => {
    const file = join(folder, 'busy.db');
    const { opened, open: release } = door();
    const pack = ({ signal }: Call) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
        void opened.then(resolve);
      });
    const Busy = commandOf((ctx) => Promise.all([ctx.gate('stock', no, LONG), ctx.step('pack', pack, { effect: 'once' })]));
    await using runner = await open([Busy], { engine: { file, drainMs: 0 } });
    const run = await runner.start(Busy, {});
    const standstill = new Standstill(runner, run);
    for await (const event of run.progress()) if (event.type === 'gate') break;
    await settle();
    release();
    await expect(run.outcome()).rejects.toMatchObject(HANDED_BACK);
    expect(standstill.gates).toHaveLength(1);
    await runner[Symbol.asyncDispose]();
    await using later = await open([Busy], { engine: { file, readOnly: true }, start: { resume: false } });
    expect((await later.document(run.id)).steps.at(-1)).toMatchObject({ name: 'pack', status: 'succeeded' });
  });

  it('is handed back with every gate that waits', async () => {
    const Two = commandOf((ctx) => Promise.all([ctx.gate('stock', no, LONG), ctx.gate('weather', no, LONG)]));
    await using runner = await open([Two]);
    const run = await runner.start(Two, {});
    const standstill = new Standstill(runner, run);
    await expect(run.outcome()).rejects.toMatchObject(HANDED_BACK);
    expect(standstill.gates.map(({ gate }) => gate)).toEqual(['stock', 'weather']);
  });
});

describe('a run that started others', () => {
  const Child = commandOf((ctx) => ctx.gate('stock', no, LONG), { name: 'child' });

  it('is handed back when all that it waits for are gates of theirs', async () => {
    const Parent = commandOf((ctx) => Promise.all([ctx.execute(Child, {}, { key: 'a' }), ctx.execute(Child, {}, { key: 'b' })]), {
      name: 'parent',
    });
    await using runner = await open([Parent, Child]);
    const run = await runner.start(Parent, {});
    const standstill = new Standstill(runner, run);
    await expect(run.outcome()).rejects.toMatchObject(HANDED_BACK);
    expect(standstill.gates).toMatchObject([{ command: 'child' }, { command: 'child' }]);
    expect(new Set(standstill.gates.map(({ runId }) => runId)).size).toBe(2);
  });

  it('is not handed back while one of them goes on', async () => {
    const { opened, open: release } = door();
    const Busy = commandOf((ctx) => ctx.step('pack', () => opened), { name: 'busy' });
    const Parent = commandOf((ctx) => Promise.all([ctx.execute(Child, {}), ctx.execute(Busy, {})]), { name: 'parent' });
    await using runner = await open([Parent, Child, Busy]);
    const run = await runner.start(Parent, {});
    const standstill = new Standstill(runner, run);
    await settle();
    expect(await stateOf(runner, run)).toBe('running');
    release();
    await expect(run.outcome()).rejects.toMatchObject(HANDED_BACK);
    expect(standstill.gates).toMatchObject([{ command: 'child' }]);
  });

  it('goes on to its end when no gate waits', async () => {
    const Passing = commandOf((ctx) => ctx.gate('stock', () => true), { name: 'passing' });
    const Parent = commandOf((ctx) => ctx.execute(Passing, {}), { name: 'parent' });
    await using runner = await open([Parent, Passing]);
    const run = await runner.start(Parent, {});
    const standstill = new Standstill(runner, run);
    expect(await run.result()).toBe(true);
    standstill.stop();
    expect(standstill.gates).toEqual([]);
  });
});

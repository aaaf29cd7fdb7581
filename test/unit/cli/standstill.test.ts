/** When a run that waits for a person is handed back, and when not yet. */
import { join } from 'node:path';
import type { WaitsEvent } from '../../../src/cli/RunStanding.js';
import { Standstill } from '../../../src/cli/Standstill.js';
import type { Waiting } from '../../../src/cli/waitingText.js';
import type { Call, CommandRunner, GateOptions, Run, RunEvent, RunHappening } from '../../../src/index.js';
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
    expect(standstill.waits).toEqual([
      { runId: run.id, command: 'written', wait: { what: 'gate', name: 'stock', until: null, detail: 'two missing' } },
    ]);
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
    const run = await second.resume(id);
    await run.override('stock', { by: 'ada', reason: 'seen' });
    const standstill = new Standstill(second, run);
    expect(await run.result()).toHaveLength(201);
    expect(standstill.waits).toEqual([]);
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
    expect(standstill.waits).toHaveLength(1);
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
    expect(standstill.waits.map(({ wait }) => wait.name)).toEqual(['stock', 'weather']);
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
    expect(standstill.waits).toMatchObject([{ command: 'child' }, { command: 'child' }]);
    expect(new Set(standstill.waits.map(({ runId }) => runId)).size).toBe(2);
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
    expect(standstill.waits).toMatchObject([{ command: 'child' }]);
  });

  it('goes on to its end when no gate waits', async () => {
    const Passing = commandOf((ctx) => ctx.gate('stock', () => true), { name: 'passing' });
    const Parent = commandOf((ctx) => ctx.execute(Passing, {}), { name: 'parent' });
    await using runner = await open([Parent, Passing]);
    const run = await runner.start(Parent, {});
    const standstill = new Standstill(runner, run);
    expect(await run.result()).toBe(true);
    standstill.stop();
    expect(standstill.waits).toEqual([]);
  });
});

describe('a run that says what it waits for', () => {
  type Waits = WaitsEvent['waits'];

  /** Whether a run is handed back that comes to a standstill with these waits. */
  async function handedBack(waits: Waits, before: readonly RunHappening[] = []): Promise<readonly Waiting[]> {
    let disposed = false;
    const told: readonly (RunHappening | WaitsEvent)[] = [...before, { type: 'waits', waits }];
    async function* progress(): AsyncGenerator<RunEvent> {
      for (const [offset, event] of told.entries()) yield { ...event, offset, at: 0, progress: { done: 0 } } as RunEvent;
      await settle();
    }
    const runner = {
      [Symbol.asyncDispose]: async () => {
        disposed = true;
      },
    } as unknown as CommandRunner; // A watch needs no more of it, and of the run.
    const standstill = new Standstill(runner, { id: 'r1', command: 'order', progress } as unknown as Run<unknown>);
    await settle();
    expect(disposed).toBe(standstill.waits.length > 0);
    return standstill.waits;
  }

  const inMinutes = (minutes: number): number => Date.now() + minutes * 60_000;

  it('is handed back when that is a signal that may come late, or never', async () => {
    for (const waits of [[{ what: 'signal', name: 'approval' }], [{ what: 'signal', name: 'approval', until: inMinutes(90) }]] as const) {
      expect(await handedBack(waits)).toMatchObject([{ runId: 'r1', command: 'order', wait: { what: 'signal', name: 'approval' } }]);
    }
  });

  it('stays when something of it goes on by itself, or within an hour', async () => {
    const signal = { what: 'signal', name: 'approval' } as const;
    expect(await handedBack([signal, { what: 'timer', name: '9', until: inMinutes(9000) }])).toEqual([]);
    expect(await handedBack([signal, { what: 'retry', name: 'charge', until: inMinutes(90) }])).toEqual([]);
    expect(await handedBack([{ ...signal, until: inMinutes(30) }])).toEqual([]);
    expect(await handedBack([{ what: 'queue', name: 'order' }])).toEqual([]);
  });

  it('stays while a step is under way', async () => {
    expect(
      await handedBack([{ what: 'signal', name: 'approval' }], [{ type: 'step-started', phase: 'execution', id: 'a', step: 'pack' }]),
    ).toEqual([]);
  });
});

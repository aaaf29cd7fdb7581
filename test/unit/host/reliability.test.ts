/** How reliable operations were: known outages give known figures, whichever runs they were seen in. */
import fc from 'fast-check';
import { Durations } from '../../../src/host/reliability/Durations.js';
import type { OperationReliability } from '../../../src/host/reliability/OperationReliability.js';
import { type RunSource, reliabilityOf } from '../../../src/host/reliability/reliabilityOf.js';
import type { RecordedRun } from '../../../src/host/reliability/systemAttempts.js';
import {
  CommandFailure,
  type CommandRunner,
  type JournalRecord,
  OutcomeUnknownError,
  TimeoutError,
  TransientError,
  UsageError,
} from '../../../src/index.js';
import { Codec } from '../../../src/kernel/codec/Codec.js';
import { open } from '../../support/application.js';
import { ManualClock } from '../../support/ManualClock.js';
import { Shop, sagaOf } from '../../support/shopSystems.js';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 22);
const codec = new Codec();
const busy = () => new TransientError('SYSTEM_OVERLOADED', 'busy');

type Planted = readonly [minute: number, error?: Error | undefined, tookMs?: number];

let runs = 0;
/** A run with one step for each, all of the same operation: when it was begun, why it failed, how long it took. */
function runOf(
  begun: number,
  planted: readonly Planted[],
  { name = 'shop.reserve', command = 'order' } = {},
): RecordedRun & { startedAt: number } {
  runs += 1;
  const records = planted.map(([minute, error, tookMs = 10], index): JournalRecord => {
    const startedAt = START + minute * MINUTE;
    const status = error === undefined ? 'succeeded' : error instanceof OutcomeUnknownError ? 'unknown' : 'failed';
    const body = error === undefined ? '1' : codec.encodeError(error);
    const step = `${['execution', name, `d${index}`].map(encodeURIComponent).join('/')}#0`;
    const known = { label: name, effect: 'idempotent', bodyDigest: '', hash: '' } as const;
    return { ...known, seq: index + 2, kind: 'step-ended', at: startedAt + tookMs, step, status, startedAt, body };
  });
  return { id: `run-${runs}`, command, startedAt: START + begun * MINUTE, endedAt: null, records };
}

function sourceOf(...planted: readonly RecordedRun[]): RunSource & { readonly read: string[] } {
  const read: string[] = [];
  return {
    read,
    list: async (limit) => planted.toSorted((one, other) => other.startedAt - one.startedAt).slice(0, limit),
    history: async (id) => {
      const found = planted.find((run) => run.id === id);
      if (!found) throw new UsageError('RUN_NOT_FOUND', id);
      read.push(id);
      return found;
    },
  };
}

async function onlyOf(...planted: readonly RecordedRun[]): Promise<OperationReliability> {
  const [first, ...rest] = await reliabilityOf(sourceOf(...planted));
  expect(rest).toEqual([]);
  if (!first) throw new Error('Nothing was counted.');
  return first;
}

/** Up until minute 10, down to 25, up to 60, down to 62, up to 100, down to 130, up, and down since 220. */
const OUTAGES: readonly Planted[] = [
  [0],
  [10, busy()],
  [20, busy()],
  [25],
  [60, busy()],
  [62],
  [100, new OutcomeUnknownError('REPLY_LOST', 'reset')],
  [110, new TimeoutError('STEP_TIMED_OUT', 'slow')],
  [130, new CommandFailure('SYSTEM_REFUSED', 'no')],
  [220, busy()],
  [221, busy()],
];

describe('a history with known outages', () => {
  it('gives exactly their availability, MTBF and MTTR', async () => {
    const figures = await onlyOf(runOf(0, OUTAGES));
    expect(figures).toMatchObject({
      system: 'shop',
      operation: 'reserve',
      kind: 'operation',
      commands: ['order'],
      calls: 11,
      attempts: 11,
      answered: 4,
      refused: 1,
      failures: { transient: 5, timedOut: 1, unknown: 1, invalidReply: 0 },
      availability: 4 / 11,
      outages: 4,
      outagesEnded: 3,
      mtbfMs: ((220 - 10) / 3) * MINUTE,
      mttrMs: ((15 + 2 + 30) / 3) * MINUTE,
      downSince: new Date(START + 220 * MINUTE).toISOString(),
      lastFailure: { at: new Date(START + 221 * MINUTE).toISOString(), fate: 'transient', code: 'SYSTEM_OVERLOADED', message: 'busy' },
    });
  });

  it('gives the same however its attempts are spread over runs that overlap', async () => {
    const { lastFailure, ...whole } = await onlyOf(runOf(0, OUTAGES));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { minLength: OUTAGES.length, maxLength: OUTAGES.length }), async (places) => {
        const parts = [0, 1, 2, 3].map((place) => OUTAGES.filter((_attempt, index) => places[index] === place));
        const begun = parts.map((part, index) => runOf(Math.max(0, (part[0]?.[0] ?? 0) - index), part));
        const { lastFailure: last, ...spread } = await onlyOf(...begun);
        expect(spread).toEqual(whole);
        expect(last?.at).toBe(lastFailure?.at);
      }),
    );
  });

  it('says what is not defined: no time between one outage and none, no repair of one that lasts', async () => {
    expect(await onlyOf(runOf(0, [[0], [1]]))).toMatchObject({
      outages: 0,
      mtbfMs: null,
      mttrMs: null,
      downSince: null,
      lastFailure: null,
    });
    expect(await onlyOf(runOf(0, [[0], [1, busy()]]))).toMatchObject({ outages: 1, outagesEnded: 0, mtbfMs: null, mttrMs: null });
    expect(await onlyOf(runOf(0, [[0], [1, busy()], [3]]))).toMatchObject({
      outages: 1,
      outagesEnded: 1,
      mtbfMs: null,
      mttrMs: 2 * MINUTE,
    });
  });

  it('does not count an outage whose beginning nobody saw', async () => {
    expect(await onlyOf(runOf(0, [[1, busy()], [2]]))).toMatchObject({ availability: 1 / 2, outages: 0, mttrMs: null, downSince: null });
    expect(await onlyOf(runOf(0, [[1, busy()]]))).toMatchObject({ outages: 0, downSince: new Date(START + MINUTE).toISOString() });
  });

  it('counts neither for nor against a system what never reached it, and what its run gave up', async () => {
    const kept = [
      new TransientError('BREAKER_OPEN', 'open'),
      new UsageError('INPUT_INVALID', 'wrong'),
      new TimeoutError('DEADLINE_PASSED', 'late'),
    ];
    expect(await onlyOf(runOf(0, [[0], ...kept.map((error, index): Planted => [index + 1, error])]))).toMatchObject({
      calls: 4,
      attempts: 1,
      notCalled: 2,
      stopped: 1,
      availability: 1,
      outages: 0,
      lastFailure: null,
    });
  });

  it('has the durations of what was answered, to three digits', async () => {
    const planted = Array.from({ length: 100 }, (_, index): Planted => [index, undefined, index === 99 ? 61_234 : index + 1]);
    expect(await onlyOf(runOf(0, [...planted, [200, busy(), 999_999]]))).toMatchObject({ p50Ms: 50, p99Ms: 99 });
    expect(await onlyOf(runOf(0, [[0, undefined, 61_234]]))).toMatchObject({ p50Ms: 61_200, p99Ms: 61_200 });
  });

  it('counts an operation, its undo and a check apart, and names the commands', async () => {
    const undo = runOf(2, [[2]], { name: 'undo shop.reserve' });
    const placed = undo.records.map((record) => ({ ...record, step: (record.step ?? '').replace('execution', 'execution.undo') }));
    const check = runOf(3, [[3]], { name: 'shop.checkHealth' });
    const checked = check.records.map((record) => ({ ...record, step: (record.step ?? '').replace('execution', 'validation') }));
    const all = await reliabilityOf(
      sourceOf(runOf(0, [[0]]), runOf(1, [[1]], { command: 'return' }), { ...undo, records: placed }, { ...check, records: checked }),
    );
    expect(all.map(({ operation, kind, commands, calls }) => [operation, kind, commands, calls])).toEqual([
      ['checkHealth', 'check', ['order'], 1],
      ['reserve', 'operation', ['order', 'return'], 2],
      ['reserve', 'undo', ['order'], 1],
    ]);
  });
});

describe('which runs are looked at', () => {
  const early = runOf(0, [[0], [50, busy()], [60]]);
  const late = runOf(70, [[70], [80, busy()]]);

  it('only what was begun since then counts, also of runs that began before', async () => {
    const since = new Date(START + 55 * MINUTE);
    const source = sourceOf(early, late);
    const [figures] = await reliabilityOf(source, { since });
    expect(figures).toMatchObject({ calls: 3, attempts: 3, answered: 2, outages: 1 });
    expect(source.read).toEqual([early.id, late.id]); // In this order only what overlaps is kept in memory.
  });

  it('does not read a run that ended before then', async () => {
    const source = sourceOf({ ...early, endedAt: START + 61 * MINUTE }, late);
    await reliabilityOf(source, { since: new Date(START + 65 * MINUTE) });
    expect(source.read).toEqual([late.id]);
  });

  it('the latest so many', async () => {
    const source = sourceOf(early, late);
    const [figures] = await reliabilityOf(source, { runsMax: 1 });
    expect([figures?.calls, source.read]).toEqual([2, [late.id]]);
  });

  it('leaves out one that was removed meanwhile', async () => {
    const [both, one] = [sourceOf(early, late), sourceOf(late)];
    const [figures] = await reliabilityOf({ list: (limit) => both.list(limit), history: (id) => one.history(id) });
    expect(figures?.calls).toBe(2);
  });

  it.each([{ since: new Date(Number.NaN) }, { since: '7d' as unknown as Date }, { runsMax: 0 }, { runsMax: 1.5 }])(
    'refuses %j',
    async (options) => {
      await expect(reliabilityOf(sourceOf(), options)).rejects.toMatchObject({ code: 'STRATEGY_INVALID' });
    },
  );
});

describe('real runs', () => {
  const figuresOf = (runner: CommandRunner) => reliabilityOf({ list: (limit) => runner.runs(limit), history: (id) => runner.history(id) });

  it('give exactly what happened to the system', async () => {
    const clock = new ManualClock();
    const shop = new Shop();
    let down = false;
    shop.work = (what) => {
      if (!what.startsWith('look') && !what.startsWith('guess')) return;
      clock.advance(20);
      if (down) throw busy();
    };
    const Command = sagaOf(shop, async ({ systems }) => (await systems.shop.look({ sku: 'a' })).left);
    await using runner = await open([Command], { engine: { clock } });
    const begun = clock.now();
    /** One call of `look` in each minute; from 3 to below 5 and from 9 to below 10 nobody answers. */
    for (let minute = 0; minute < 12; minute += 1) {
      clock.advance(begun + minute * MINUTE - clock.now());
      down = (minute >= 3 && minute < 5) || minute === 9;
      await (await runner.start(Command, {})).outcome();
    }
    const all = await figuresOf(runner);
    expect(all.map(({ operation }) => operation)).toEqual(['guess', 'look']);
    expect(all[1]).toMatchObject({
      calls: 12,
      attempts: 12,
      answered: 9,
      availability: 0.75,
      outages: 2,
      mtbfMs: 6 * MINUTE,
      mttrMs: ((2 + 1) / 2) * MINUTE,
      p50Ms: 20,
      p99Ms: 20,
      lastFailure: { at: new Date(begun + 9 * MINUTE).toISOString() },
    });
    expect(all[0]).toMatchObject({ calls: 3, attempts: 3, answered: 0, availability: 0, outages: 0 });
  });

  it('count a retry as an attempt of the same call, and an undo apart', async () => {
    const shop = new Shop();
    let refusals = 2;
    shop.work = (what) => {
      if (what.startsWith('reserve') && refusals-- > 0) throw busy();
    };
    const Command = sagaOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      throw new CommandFailure('SYSTEM_REFUSED', 'no');
    });
    await using runner = await open([Command]);
    await (await runner.start(Command, {})).outcome();
    expect(await figuresOf(runner)).toMatchObject([
      { operation: 'reserve', kind: 'operation', calls: 1, attempts: 3, answered: 1, availability: 1 / 3 },
      { operation: 'reserve', kind: 'undo', calls: 1, attempts: 1 },
    ]);
  });

  it('do not count a probe, nor what a person said, nor a fork what it took over', async () => {
    const shop = new Shop();
    shop.work = (what) => {
      if (what.startsWith('mail')) throw new OutcomeUnknownError('REPLY_LOST', 'reset');
    };
    const Command = sagaOf(
      shop,
      async ({ systems }) => {
        await systems.shop.look({ sku: 'a' });
        await systems.shop.mail({ sku: 'b' });
      },
      { pivot: 'shop.mail' },
    );
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await run.outcome();
    const settled = await runner.settle(run.id, 'shop.mail', { as: 'done', output: { id: 'M', left: 0 }, by: 'Ada', reason: 'seen' });
    await settled.outcome();
    await (await runner.fork(run.id, { step: 'shop.mail' })).outcome();
    expect(await figuresOf(runner)).toMatchObject([
      { operation: 'look', calls: 1, attempts: 1, answered: 1 },
      { operation: 'mail', calls: 2, attempts: 2, failures: { unknown: 2 } },
    ]);
  });

  it('say how many calls were in parts whose records are gone', async () => {
    const Command = sagaOf(new Shop(), async ({ systems, ctx }) => {
      await ctx.branch('part', () => Promise.all([1, 2].map((count) => ctx.step('shop.look', async () => count))));
      await systems.shop.look({ sku: 'c' });
    });
    await using runner = await open([Command]);
    await (await runner.start(Command, {})).outcome();
    expect(await figuresOf(runner)).toMatchObject([{ operation: 'look', calls: 1, attempts: 1, dropped: 2 }]);
  });

  it('with erased values do not take a failure for an answer', async () => {
    const shop = new Shop();
    shop.work = () => {
      throw busy();
    };
    const Command = sagaOf(shop, async ({ systems }) => systems.shop.mail({ sku: 'a' }).catch(() => undefined));
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await run.outcome();
    const history = await runner.history(run.id);
    const erased = { ...history, records: history.records.map((record) => ({ ...record, body: null })) };
    expect(await onlyOf(erased)).toMatchObject({ attempts: 0, erased: 1, availability: null });
  });
});

it('percentiles are those of the sorted list, to three digits', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(2_000_000), { minLength: 1, maxLength: 60 }), fc.constantFrom(1, 50, 90, 99, 100), (list, percent) => {
      const durations = new Durations();
      for (const ms of list) durations.add(ms);
      const exact = list.toSorted((one, other) => one - other)[Math.max(0, Math.ceil((list.length * percent) / 100) - 1)] ?? 0;
      expect(durations.percentile(percent)).toBeCloseTo(exact < 1000 ? exact : Number(exact.toPrecision(3)), 6);
    }),
  );
  expect(new Durations().percentile(50)).toBeNull();
});

/** How far a run is: the meter by itself, and what observers of a run get. */

import { join } from 'node:path';
import { ProgressMeter } from '../../../src/abstract/ProgressMeter.js';
import { progressBar } from '../../../src/cli/progressBar.js';
import { PHASES, type RunEvent, type RunHappening } from '../../../src/index.js';
import { commandOf, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';

const folder = journalFolder();
const step = (type: 'step-started' | 'step-ended' | 'step-replayed', id: string): RunHappening => {
  const common = { phase: 'execution', id, step: id };
  return type === 'step-started' ? { type, ...common } : { type, ...common, status: 'succeeded', durationMs: 1 };
};
const evenly = Object.fromEntries(PHASES.map((phase) => [phase, 1]));

describe('the meter', () => {
  it('weighs the phases, and within one counts the steps that are expected', () => {
    const meter = new ProgressMeter(evenly);
    meter.take({ type: 'phase', phase: 'execution' }, 0);
    expect(meter.take({ type: 'steps-expected', phase: 'execution', total: 4 }, 0).done).toBeCloseTo(3 / 6);
    meter.take(step('step-started', 'a'), 0);
    expect(meter.take({ type: 'step-progress', phase: 'execution', id: 'a', step: 'a', done: 1, total: 2 }, 0).done).toBeCloseTo(
      (3 + 1 / 8) / 6,
    );
    expect(meter.take(step('step-ended', 'a'), 0).done).toBeCloseTo((3 + 1 / 4) / 6);
    expect(meter.take({ type: 'phase', phase: 'completion' }, 0).done).toBeCloseTo(4 / 6);
    expect(meter.take({ type: 'ended', status: 'completed' }, 0)).toEqual({ done: 1, leftMs: 0 });
  });

  it('takes the weights that the command gives, and zero for phases that do not count', () => {
    const meter = new ProgressMeter({ planning: 0, validation: 0, setup: 0, execution: 3, completion: 1, cleanup: 0 });
    expect(meter.take({ type: 'phase', phase: 'completion' }, 0).done).toBeCloseTo(3 / 4);
  });

  it('estimates the time that is left from what was done since this load began, not from what was replayed', () => {
    const meter = new ProgressMeter({ ...evenly, execution: 1000 });
    for (let n = 0; n < 50; n += 1) meter.take(step('step-replayed', `old ${n}`), 0);
    meter.take({ type: 'phase', phase: 'execution' }, 10_000);
    meter.take({ type: 'steps-expected', phase: 'execution', total: 100 }, 10_000);
    meter.take(step('step-started', 'a'), 10_000);
    meter.take(step('step-ended', 'a'), 11_000);
    const { leftMs = 0 } = meter.take(step('step-ended', 'b'), 12_000);
    expect(leftMs).toBeGreaterThan(47_000);
    expect(leftMs).toBeLessThan(51_000);
  });

  it('says nothing about the time when nothing has been done yet', () => {
    expect(new ProgressMeter().take({ type: 'phase', phase: 'planning' }, 0)).toEqual({ done: 0 });
  });

  it('never falls, and reaches 1 only at the end, whatever comes', () => {
    const meter = new ProgressMeter();
    let before = 0;
    const events: RunHappening[] = [
      { type: 'phase', phase: 'execution' },
      { type: 'steps-expected', phase: 'execution', total: 2 },
    ];
    for (let n = 0; n < 40; n += 1)
      events.push(step('step-started', `${n}`), step('step-ended', `${n}`), { type: 'steps-expected', phase: 'execution', total: 5 });
    for (const event of events) {
      const { done } = meter.take(event, 0);
      expect(done).toBeGreaterThanOrEqual(before);
      expect(done).toBeLessThan(1);
      before = done;
    }
  });
});

it.each([
  [{ done: 0 }, '························   0 %  planning'],
  [{ done: 0.27, leftMs: 12_400 }, '██████▍·················  27 %  planning  about 12 s left'],
  [{ done: 0.5, leftMs: 5_500_000 }, '████████████············  50 %  planning  about 2 h left'],
  [{ done: 1, leftMs: 0 }, '████████████████████████ 100 %  planning'],
])('the bar of %j', (progress, text) => expect(progressBar(progress, 'planning')).toBe(text));

describe('observers of a run', () => {
  const Work = commandOf(async (ctx) => {
    ctx.expectSteps(2);
    await ctx.step('first', async (call) => {
      for (let n = 0; n <= 1000; n += 1) call.progress(n, 1000);
      call.progress(5, 4);
      call.progress(Number.NaN, 1);
    });
    await ctx.step('second', async () => undefined);
  });

  const all = async (events: AsyncIterable<RunEvent>) => {
    const seen: RunEvent[] = [];
    for await (const event of events) seen.push(event);
    return seen;
  };

  it('get offsets that grow and a share that does not fall; a second one goes on behind an offset', async () => {
    await using runner = await open([Work]);
    const run = await runner.start(Work, {});
    const events = await all(run.progress());
    expect(events.map(({ offset }) => offset)).toEqual(events.map((_event, index) => index + 1));
    expect(events.map(({ progress }) => progress.done)).toEqual(events.map(({ progress }) => progress.done).toSorted((a, b) => a - b));
    expect(events.at(-1)).toMatchObject({ type: 'ended', status: 'completed', progress: { done: 1 } });
    expect(await all(run.progress({ after: 5 }))).toEqual(events.slice(5));
    expect(await all(run.progress({ after: events.length }))).toEqual([]);
    const half = events.find((event) => event.type === 'step-ended' && event.step === 'first');
    expect(half?.progress.done).toBeCloseTo((7 + 85 / 2) / 100);
  });

  it('are told of parts of a step at most a hundred times, and not of impossible ones', async () => {
    await using runner = await open([Work]);
    const parts = (await all((await runner.start(Work, {})).progress())).filter(({ type }) => type === 'step-progress');
    expect(parts).toHaveLength(100);
    expect(parts.at(-1)).toMatchObject({ done: 1000, total: 1000 });
  });

  it('who come back after a restart with an old offset miss nothing of the new load', async () => {
    const file = join(folder, 'restart.db');
    let stuck = true;
    const Sticky = commandOf(async (ctx) => {
      await ctx.step('first', async () => undefined);
      await ctx.step('second', (call) =>
        stuck
          ? new Promise((_resolve, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)))
          : Promise.resolve(),
      );
    });
    const before = await open([Sticky], { engine: { file } });
    const run = await before.start(Sticky, {});
    let last = 0;
    for await (const event of run.progress()) {
      last = event.offset;
      if (event.type === 'step-started' && event.step === 'second') break;
    }
    await before[Symbol.asyncDispose]();
    stuck = false;
    await using after = await open([Sticky], { engine: { file }, start: { resume: false } });
    const events = await all((await after.resume(run.id)).progress({ after: last }));
    expect(events[0]).toMatchObject({ type: 'step-replayed', step: 'first' });
    expect(events.at(-1)).toMatchObject({ type: 'ended', status: 'completed' });
    expect(events[0]?.offset).toBeGreaterThan(last);
  });
});

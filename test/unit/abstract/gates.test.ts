/** Quality gates: verdicts, their record, and the override by a person. */

import { join } from 'node:path';
import type { CommandContext, GateCheck, GateOptions, Run } from '../../../src/index.js';
import { commandOf, open } from '../../support/application.js';
import { cutJournal, journalFolder } from '../../support/engineHarness.js';
import { ManualClock } from '../../support/ManualClock.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

const gated = (check: GateCheck, options?: GateOptions) => commandOf(async (ctx) => ctx.gate('stock is consistent', check, options));
const gatesOf = ({ timeline }: Awaited<ReturnType<Run<unknown>['outcome']>>) => timeline.flatMap(({ gates }) => gates);

/** Waits until the run has said that it waits for an override. */
async function waiting(run: Run<unknown>): Promise<void> {
  for await (const event of run.progress()) if (event.type === 'gate' && event.verdict === 'waiting') return;
  throw new Error('the run ended without waiting');
}

describe('a gate', () => {
  it('that passes lets the run go on, and is in the outcome with its phase', async () => {
    const Command = gated(async () => true);
    await using runner = await open([Command]);
    const outcome = await (await runner.start(Command, {})).outcome();
    expect(outcome).toMatchObject({ status: 'completed', result: true });
    expect(outcome.timeline.find(({ phase }) => phase === 'execution')?.gates).toEqual([
      { name: 'stock is consistent', severity: 'error', verdict: 'passed' },
    ]);
  });

  it.each<[string, GateCheck, string | undefined]>([
    ['says no', () => false, undefined],
    ['says what it found', async () => ({ passed: false, found: '3 of 4' }), '3 of 4'],
    ['throws', () => Promise.reject(new Error('no answer')), 'no answer'],
  ])('that %s ends the run with GATE_FAILED, and nobody asks for the steps behind it', async (_how, check, found) => {
    let later = 0;
    const Command = commandOf(async (ctx) => {
      await ctx.gate('stock is consistent', check);
      await ctx.step('later', async () => {
        later += 1;
      });
    });
    await using runner = await open([Command]);
    const outcome = await (await runner.start(Command, {})).outcome();
    expect(outcome).toMatchObject({
      status: 'failed',
      error: {
        code: 'GATE_FAILED',
        message: `The gate "stock is consistent" did not pass${found === undefined ? '' : `: ${found}`}. See to what it checks, or let a person override it while it waits.`,
      },
    });
    expect(gatesOf(outcome)).toMatchObject([{ verdict: 'failed', ...(found === undefined ? {} : { found }) }]);
    expect(later).toBe(0);
  });

  it('of severity warning is kept in the outcome, and the code is told', async () => {
    const Command = gated(() => false, { severity: 'warning' });
    await using runner = await open([Command]);
    const outcome = await (await runner.start(Command, {})).outcome();
    expect(outcome).toMatchObject({ status: 'completed', result: false });
    expect(gatesOf(outcome)).toEqual([{ name: 'stock is consistent', severity: 'warning', verdict: 'failed' }]);
  });

  it('is checked once: a resumed run takes the recorded verdict', async () => {
    let checked = 0;
    const Command = commandOf(async (ctx) => {
      await ctx.gate('checked once', () => {
        checked += 1;
        return true;
      });
      return ctx.step('after', async () => checked);
    });
    const file = newFile();
    const first = await open([Command], { engine: { file } });
    const run = await first.start(Command, {});
    expect(await run.result()).toBe(1);
    const records = (await first.history(run.id)).records.length;
    await first[Symbol.asyncDispose]();
    const copy = newFile();
    cutJournal(file, copy, records - 2);
    await using second = await open([Command], { engine: { file: copy } });
    expect(await (await second.resume(run.id)).outcome()).toMatchObject({ status: 'completed', result: 1 });
    expect(checked).toBe(1);
  });

  it('without an answer is a mistake that is named', async () => {
    const Command = gated((() => undefined) as never);
    await using runner = await open([Command]);
    await expect(runner.execute(Command, {})).rejects.toMatchObject({
      code: 'HOOK_RESULT_INVALID',
      message: 'The check of gate "stock is consistent" gave undefined. Return true, false or { passed, found }.',
    });
  });

  it('that nobody awaits is named in the findings', async () => {
    const Command = commandOf(async (ctx: CommandContext) => {
      void ctx.gate('forgotten', () => true);
    });
    await using runner = await open([Command]);
    const { findings } = await (await runner.start(Command, {})).outcome();
    expect(findings).toMatchObject([{ subject: 'gate forgotten', found: 'nobody looked at its outcome' }]);
  });
});

describe('an override', () => {
  const hour = 3_600_000;
  const Command = gated(() => ({ passed: false, found: 'two missing' }), { overrideWithinMs: hour });
  const by = { by: 'ada', reason: 'counted by hand' };

  it('lets a waiting gate pass, and who and why are recorded', async () => {
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await waiting(run);
    await run.override('stock is consistent', by);
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ status: 'completed', result: true });
    expect(gatesOf(outcome)).toEqual([
      { name: 'stock is consistent', severity: 'error', verdict: 'overridden', found: 'two missing', override: by },
    ]);
    const record = (await runner.history(run.id)).records.find(({ kind }) => kind === 'gate-overridden');
    expect(record).toMatchObject({ label: 'stock is consistent', body: expect.stringContaining('counted by hand') });
  });

  it('that nobody gives in time leaves the gate failed', async () => {
    const clock = new ManualClock();
    await using runner = await open([Command], { engine: { clock } });
    const run = await runner.start(Command, {});
    await waiting(run);
    clock.advance(hour - 1);
    await settled();
    expect((await runner.runs())[0]?.state).toBe('running');
    clock.advance(1);
    expect(await run.outcome()).toMatchObject({ status: 'failed', error: { code: 'GATE_FAILED' } });
    await expect(run.override('stock is consistent', by)).rejects.toMatchObject({ code: 'RUN_ENDED' });
  });

  it('may come before the gate is checked, and does nothing for one that passes', async () => {
    let open_ = (): void => undefined;
    const before = new Promise<void>((resolve) => {
      open_ = resolve;
    });
    const Later = commandOf(async (ctx) => {
      await ctx.step('before', () => before);
      const passed = await ctx.gate('passes', () => true);
      return [passed, await ctx.gate('does not', () => false)];
    });
    await using runner = await open([Later]);
    const run = await runner.start(Later, {});
    await run.override('does not', by);
    await run.override('passes', by);
    open_();
    const outcome = await run.outcome();
    expect(outcome).toMatchObject({ status: 'completed', result: [true, true] });
    expect(gatesOf(outcome).map(({ verdict }) => verdict)).toEqual(['passed', 'overridden']);
  });

  it('reaches a run that was interrupted while it waited, and holds over another restart', async () => {
    const file = newFile();
    const first = await open([Command], { engine: { file } });
    const run = await first.start(Command, {});
    await waiting(run);
    await first[Symbol.asyncDispose]();
    const second = await open([Command], { engine: { file }, start: { resume: false } });
    await second.override(run.id, 'stock is consistent', by);
    expect(await (await second.resume(run.id)).result()).toBe(true);
    const records = (await second.history(run.id)).records.length;
    await second[Symbol.asyncDispose]();
    const copy = newFile();
    cutJournal(file, copy, records - 1);
    await using third = await open([Command], { engine: { file: copy } });
    expect(gatesOf(await (await third.resume(run.id)).outcome())).toMatchObject([{ verdict: 'overridden', override: by }]);
  });

  it('of a run that is cancelled meanwhile does not count: the run ends cancelled', async () => {
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await waiting(run);
    await run.cancel('no more');
    expect((await run.outcome()).status).toBe('cancelled');
  });

  it.each([{ by: '', reason: 'r' }, { by: 'ada', reason: ' ' }, { by: 'ada' } as never])('must say who and why: %j', async (override) => {
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await waiting(run);
    await expect(run.override('stock is consistent', override)).rejects.toMatchObject({ code: 'OVERRIDE_INVALID' });
    await run.cancel('done');
    await run.outcome();
  });

  it('of one gate leaves another of the same name waiting', async () => {
    const clock = new ManualClock();
    const Twice = commandOf(async (ctx) => [
      await ctx.gate('same', () => false, { overrideWithinMs: hour }),
      await ctx.gate('same', () => false, { overrideWithinMs: 1 }),
    ]);
    await using runner = await open([Twice], { engine: { clock } });
    const run = await runner.start(Twice, {});
    await waiting(run);
    await run.override('same', by);
    await settled();
    clock.advance(1);
    expect(gatesOf(await run.outcome()).map(({ verdict }) => verdict)).toEqual(['overridden', 'failed']);
  });
});

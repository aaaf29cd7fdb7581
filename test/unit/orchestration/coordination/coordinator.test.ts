/** Trees of coordinators: what becomes of one that fails, of what it did, and of the others; and that a resumed run comes to the same. */
import { join as pathOf } from 'node:path';
import { Absent, type CommandContext, OutcomeUnknownError, UsageError } from '../../../../src/index.js';
import { coordinate, coordinator, type OnFailure } from '../../../../src/orchestration/coordination/Coordinator.js';
import { commandOf, open } from '../../../support/application.js';
import { cutJournal, journalFolder } from '../../../support/engineHarness.js';
import { settle, until } from '../../../support/longRuns.js';
import { ManualClock } from '../../../support/ManualClock.js';

/** Steps with an undo, which a test makes fail. */
class Depot {
  readonly log: string[] = [];
  /** How often a step of that name fails. */
  readonly failures = new Map<string, Error[]>();
  readonly held = new Map<string, () => void>();
  hold: (name: string) => boolean = () => false;

  async reserve(ctx: CommandContext, name: string, undoable = true): Promise<string> {
    return ctx.step(
      name,
      async () => {
        if (this.hold(name)) await new Promise<void>((resolve) => this.held.set(name, resolve));
        const error = this.failures.get(name)?.shift();
        this.log.push(error ? `${name} fails` : name);
        if (error) throw error;
        return `${name} reserved`;
      },
      undoable ? { undo: async () => void this.log.push(`undo ${name}`) } : {},
    );
  }
}

let depot: Depot;
let degraded: Absent[];
beforeEach(() => {
  depot = new Depot();
  degraded = [];
});

type Code = (ctx: CommandContext, site: { ctx: CommandContext; degrade(absent: Absent): void }) => Promise<unknown>;

function written(code: Code) {
  return commandOf((ctx) => code(ctx, { ctx, degrade: (absent) => void degraded.push(absent) }));
}

async function outcomeOf(code: Code) {
  const Command = written(code);
  await using runner = await open([Command]);
  return await (await runner.start(Command, {})).outcome();
}

/** Reserves, then ships; its two steps are `name 1` and `name 2`. */
function region<const F extends OnFailure>(ctx: CommandContext, name: string, onFailure: F, attemptsMax?: number) {
  return coordinator({
    name,
    onFailure,
    ...(attemptsMax === undefined ? {} : { attemptsMax }),
    body: async () => {
      await depot.reserve(ctx, `${name} 1`);
      return depot.reserve(ctx, `${name} 2`);
    },
  });
}

const shown = (output: unknown): unknown => (output instanceof Absent ? `${output.system}: ${output.reason}` : output);

describe('a tree of coordinators', () => {
  it('gives each what those below it gave, in their order, and the result of its root', async () => {
    const outcome = await outcomeOf((ctx, site) => {
      const europe = coordinator({ name: 'europe', children: [region(ctx, 'de', 'fail'), region(ctx, 'fr', 'fail')] });
      const world = coordinator({
        name: 'world',
        children: [europe, region(ctx, 'asia', 'fail')],
        body: async ([[german, french], asian]) => `${german}, ${french}, ${asian}`,
      });
      return coordinate(site, world);
    });
    expect(outcome).toMatchObject({ status: 'completed', result: 'de 2 reserved, fr 2 reserved, asia 2 reserved' });
    expect(degraded).toEqual([]);
  });

  it('does without a part that may be missing: what that did is undone, what others did stays', async () => {
    depot.failures.set('de 2', [new Error('no truck')]);
    const outcome = await outcomeOf(async (ctx, site) => {
      const world = coordinator({ name: 'world', children: [region(ctx, 'de', 'degrade'), region(ctx, 'fr', 'degrade')] });
      const [german, french] = await coordinate(site, world);
      return [shown(german), shown(french)];
    });
    expect(outcome).toMatchObject({ status: 'completed', result: ['coordinator world/de: no truck', 'fr 2 reserved'] });
    expect(depot.log.filter((line) => line.includes('de'))).toEqual(['de 1', 'de 2 fails', 'undo de 1']);
    expect(depot.log.filter((line) => line.includes('fr'))).toEqual(['fr 1', 'fr 2']);
    expect(degraded).toEqual([new Absent('coordinator world/de', 'no truck')]);
  });

  it('tries a part again as often as it may, each time undone before, and the others once', async () => {
    depot.failures.set('de 2', [new Error('no truck'), new Error('no driver')]);
    const outcome = await outcomeOf((ctx, site) =>
      coordinate(site, coordinator({ name: 'world', children: [region(ctx, 'de', 'retry'), region(ctx, 'fr', 'fail')] })),
    );
    expect(outcome).toMatchObject({ status: 'completed', result: ['de 2 reserved', 'fr 2 reserved'] });
    const tried = ['de 1', 'de 2 fails', 'undo de 1'];
    expect(depot.log.filter((line) => line.includes('de'))).toEqual([...tried, ...tried, 'de 1', 'de 2']);
    expect(depot.log.filter((line) => line.includes('fr'))).toEqual(['fr 1', 'fr 2']);
  });

  it('fails above a part that failed too often, and only as far up as somebody can do without', async () => {
    depot.failures.set('de 1', [new Error('once'), new Error('twice'), new Error('thrice')]);
    const outcome = await outcomeOf(async (ctx, site) => {
      const europe = coordinator({
        name: 'europe',
        onFailure: 'degrade',
        children: [region(ctx, 'de', 'retry', 2), region(ctx, 'fr', 'fail')],
      });
      const outputs = await coordinate(site, coordinator({ name: 'world', children: [europe, region(ctx, 'asia', 'fail')] }));
      return outputs.map(shown);
    });
    expect(outcome).toMatchObject({ status: 'completed', result: ['coordinator world/europe: twice', 'asia 2 reserved'] });
    expect(depot.log.filter((line) => line.includes('fr'))).toEqual(['fr 1', 'fr 2', 'undo fr 2', 'undo fr 1']);
    expect(depot.log.filter((line) => line.includes('asia'))).toEqual(['asia 1', 'asia 2']);
  });

  it('that fails as a whole undoes all of it, and the code may go on', async () => {
    depot.failures.set('de 2', [new Error('no truck')]);
    const outcome = await outcomeOf(async (ctx, site) => {
      const world = coordinator({ name: 'world', children: [region(ctx, 'fr', 'fail'), region(ctx, 'de', 'fail')] });
      const failed = await coordinate(site, world).catch((error: Error) => error.message);
      return [failed, await depot.reserve(ctx, 'by hand')];
    });
    expect(outcome).toMatchObject({ status: 'completed', result: ['no truck', 'by hand reserved'] });
    expect(depot.log.filter((line) => line.startsWith('undo')).toSorted()).toEqual(['undo de 1', 'undo fr 1', 'undo fr 2']);
    expect(depot.log.at(-1)).toBe('by hand');
  });

  it('begins so many children at a time, none after one has failed, and waits for those under way', async () => {
    depot.hold = (name) => name.endsWith(' 1');
    depot.failures.set('b 1', [new Error('no truck')]);
    const Command = written((ctx, site) => {
      const children = ['a', 'b', 'c', 'd'].map((name) => region(ctx, name, 'fail'));
      return coordinate(site, coordinator({ name: 'world', children, concurrencyMax: 2 }));
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await until(() => depot.held.size === 2);
    await settle();
    expect([...depot.held.keys()]).toEqual(['a 1', 'b 1']);
    depot.held.get('b 1')?.();
    await settle();
    expect([...depot.held.keys()]).toEqual(['a 1', 'b 1']);
    depot.held.get('a 1')?.();
    expect(await run.outcome()).toMatchObject({ status: 'compensated', error: { message: 'no truck' } });
    expect(depot.log).toEqual(['b 1 fails', 'a 1', 'a 2', 'undo a 2', 'undo a 1']);
  });

  it('takes what an optional system does not give for absent, also where it comes out of a body', async () => {
    const outcome = await outcomeOf(async (_ctx, site) => {
      const lacking = coordinator({ name: 'lacking', body: async () => new Absent('insight', 'down') });
      const [inner] = await coordinate(site, coordinator({ name: 'world', children: [lacking] }));
      return shown(inner);
    });
    expect(outcome).toMatchObject({ result: 'insight: down' });
    expect(degraded).toEqual([new Absent('insight', 'down')]);
  });

  it.each([
    ['a mistake of the code', () => new UsageError('INPUT_INVALID', 'no number')],
    ['an outcome that nobody knows', () => new OutcomeUnknownError('OUTCOME_UNKNOWN', 'gone')],
  ])('does not try again after %s', async (_what, error) => {
    let attempts = 0;
    const outcome = await outcomeOf((_ctx, site) => {
      const body = async () => {
        attempts += 1;
        throw error();
      };
      return coordinate(site, coordinator({ name: 'world', onFailure: 'retry', body }));
    });
    expect(outcome).toMatchObject({ error: { code: error().code } });
    expect(attempts).toBe(1);
  });

  it('does not do without a part whose code is wrong, or when the run was stopped', async () => {
    const wrong = coordinator({
      name: 'wrong',
      onFailure: 'degrade',
      body: () => Promise.reject(new UsageError('INPUT_INVALID', 'no number')),
    });
    expect(await outcomeOf((_ctx, site) => coordinate(site, wrong))).toMatchObject({ status: 'failed', error: { code: 'INPUT_INVALID' } });
    const clock = new ManualClock();
    const Command = written((ctx, site) =>
      coordinate(site, coordinator({ name: 'long', onFailure: 'degrade', body: () => ctx.sleep(1000) })),
    );
    await using runner = await open([Command], { engine: { clock } });
    const cancelled = await runner.start(Command, {});
    await cancelled.cancel('enough');
    expect(await cancelled.outcome()).toMatchObject({ status: 'cancelled' });
    const late = await runner.start(Command, {}, { deadline: new Date(clock.now() + 500) });
    await settle();
    clock.advance(500);
    expect(await late.outcome()).toMatchObject({ status: 'failed', error: { code: 'DEADLINE_PASSED' } });
    expect(degraded).toEqual([]);
  });

  it.each([
    [
      'children of one name',
      () => coordinator({ name: 'w', children: ['a', 'a'].map((name) => coordinator({ name, body: async () => 1 })) }),
    ],
    ['nothing to do', () => coordinator({ name: 'w' })],
    ['no attempt', () => coordinator({ name: 'w', body: async () => 1, onFailure: 'retry', attemptsMax: 0 })],
    ['no place', () => coordinator({ name: 'w', body: async () => 1, concurrencyMax: 0.5 })],
  ])('is refused with %s', (_what, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'STRATEGY_INVALID', message: expect.stringMatching(/^Coordinator w cannot be/) }));
  });
});

describe('a tree that is interrupted', () => {
  const folder = journalFolder();

  it.each([
    ['gone through again', true],
    ['kept as one outcome', false],
  ])(
    'comes to the same from wherever it was cut off, repeats nothing, and knows what it did without, when a part is %s',
    async (how, undoable) => {
      const Command = written(async (ctx, site) => {
        const plain = coordinator({ name: 'plain', body: () => depot.reserve(ctx, 'plain', undoable) });
        const lost = coordinator({ name: 'lost', onFailure: 'degrade', body: () => depot.reserve(ctx, 'lost', undoable) });
        const inner = coordinator({ name: 'inner', children: [plain, lost] });
        const world = coordinator({
          name: 'world',
          children: [inner, region(ctx, 'de', 'retry')],
          body: async ([[, one], two]) => [shown(one), two],
        });
        const outputs = await coordinate(site, world);
        return [outputs, await ctx.step('last', async () => void depot.log.push('last'))];
      });
      const fail = (): void => {
        depot.failures.set('lost', [new Error('no truck')]);
        depot.failures.set('de 2', [new Error('no driver')]);
      };
      fail();
      const file = pathOf(folder, `${how}.db`);
      const whole = await open([Command], { engine: { file } });
      const run = await whole.start(Command, {}, { key: 'one' });
      const result = await run.result();
      expect(result).toEqual([['coordinator world/inner/lost: no truck', 'de 2 reserved'], undefined]);
      const { records } = await whole.history(run.id);
      const log = [...depot.log];
      const lacks = [...degraded];
      await whole[Symbol.asyncDispose]();
      expect(lacks).toEqual([new Absent('coordinator world/inner/lost', 'no truck')]);
      // What was recorded inside a branch that is kept as one outcome is dropped: no crash leaves a journal cut off before that.
      const from = records.findLast(({ kind }) => kind === 'branch-ended')?.seq ?? 1;
      const dropped = undoable ? [] : ['plain', 'lost'];
      for (const { seq: cut } of records.slice(0, -1).filter(({ seq }) => seq >= from)) {
        const copy = pathOf(folder, `${how} ${cut}.db`);
        cutJournal(file, copy, cut);
        depot = new Depot();
        fail();
        const recorded = records.filter(({ seq, kind }) => seq <= cut && kind === 'step-ended').map(({ label }) => label);
        for (const label of [...recorded, ...dropped]) depot.failures.get(label)?.shift();
        degraded = [];
        await using runner = await open([Command], { engine: { file: copy } });
        expect(await (await runner.start(Command, {}, { key: 'one' })).result()).toEqual(result);
        expect(degraded).toEqual(lacks);
        expect(depot.log.length).toBe(log.length - recorded.length - dropped.length);
      }
    },
  );
});

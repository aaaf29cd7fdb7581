/** What a saga does with operations that say how they are undone, through the public door. */
import { join } from 'node:path';
import type { Interactions } from '../../../src/index.js';
import { CommandFailure, OutcomeUnknownError, TransientError } from '../../../src/index.js';
import { type ApplicationOptions, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';
import { ManualClock } from '../../support/ManualClock.js';
import { type Saga, type SagaSettings, Shop, sagaOf } from '../../support/shopSystems.js';

const folder = journalFolder();
let files = 0;
const no = () => new CommandFailure('SYSTEM_REFUSED', 'no');
const lost = () => new OutcomeUnknownError('REPLY_LOST', 'no reply');
const later = () => new TransientError('SYSTEM_OVERLOADED', 'later');

/** Throws for what is named, else does nothing. */
const failing =
  (error: () => Error, ...names: readonly string[]) =>
  (what: string): undefined => {
    if (names.some((name) => what.startsWith(name))) throw error();
  };

type Body<R> = (interactions: Interactions<Saga<R>>) => Promise<R>;

async function outcomeOf<R>(shop: Shop, body: Body<R>, settings: SagaSettings = {}, options: ApplicationOptions = {}) {
  const Command = sagaOf(shop, body, settings);
  await using runner = await open([Command], options);
  return await (await runner.start(Command, {})).outcome(); // While the runner is open.
}

describe('a saga that fails', () => {
  it('undoes what its operations did with their outputs, newest first', async () => {
    const shop = new Shop();
    shop.work = failing(no, 'charge');
    const outcome = await outcomeOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      await systems.shop.reserve({ sku: 'b' });
      return systems.shop.charge({ sku: 'c' });
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['shop.reserve', 'shop.reserve'], error: { code: 'SYSTEM_REFUSED' } });
    expect(shop.told).toEqual(['reserve a', 'reserve b', 'charge c', 'release R-b', 'release R-a']);
  });

  it('undoes by what the operation makes of input, output and key, or by its key', async () => {
    const shop = new Shop();
    const outcome = await outcomeOf(shop, async ({ systems }) => {
      await systems.shop.book({ sku: 'a' });
      await systems.shop.grant({ sku: 'b' });
      throw no();
    });
    expect(outcome).toMatchObject({ status: 'compensated' });
    expect(shop.told.slice(0, 2)).toEqual(['book a', 'grant b']);
    expect(shop.told[2]).toMatch(/^revoke execution\/shop\.grant\//);
    expect(shop.told[3]).toBe('drop a B-a true');
  });

  it('undoes in the way that the call says, or not', async () => {
    const shop = new Shop();
    await outcomeOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'kept' }, { undo: 'none' });
      await systems.shop.reserve(
        { sku: 'own' },
        {
          undo: async ({ id }) => {
            shop.told.push(`own undo of ${id}`);
          },
        },
      );
      throw no();
    });
    expect(shop.told).toEqual(['reserve kept', 'reserve own', 'own undo of R-own']);
  });

  it('tries an undo as often as the policy of its operation says, with one key', async () => {
    const shop = new Shop();
    let refusals = 2;
    shop.work = (what) => {
      if (what.startsWith('release') && refusals-- > 0) throw later();
    };
    const outcome = await outcomeOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      throw no();
    });
    expect(outcome.status).toBe('compensated');
    expect(shop.told).toEqual(['reserve a', 'release R-a', 'release R-a', 'release R-a']);
    expect(shop.keys.get('release R-a')?.size).toBe(1);
  });

  it('repeats a call whose reply was lost with the same key, and undoes it then', async () => {
    const shop = new Shop();
    let losses = 3; // As many as the policy has attempts: the code sees that the outcome is not known.
    shop.work = (what) => {
      if (what.startsWith('reserve b') && losses-- > 0) throw lost();
    };
    const seen: unknown[] = [];
    const outcome = await outcomeOf(shop, async ({ systems }) => {
      await Promise.all([systems.shop.reserve({ sku: 'a' }), systems.shop.reserve({ sku: 'b' })]).catch((error) => {
        seen.push(error);
        throw error;
      });
    });
    expect(seen[0]).toBeInstanceOf(OutcomeUnknownError);
    expect(outcome).toMatchObject({ status: 'compensated' });
    expect(shop.told.filter((what) => what === 'reserve b')).toHaveLength(4);
    expect(shop.keys.get('reserve b')?.size).toBe(1);
    expect(shop.told.slice(-2).toSorted()).toEqual(['release R-a', 'release R-b']);
  });

  it('undoes by key also what nobody knows to have happened, without asking again', async () => {
    const shop = new Shop();
    shop.work = failing(lost, 'grant');
    const outcome = await outcomeOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      await systems.shop.grant({ sku: 'b' });
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['shop.grant', 'shop.reserve'] });
    expect(shop.told.filter((what) => what.startsWith('grant'))).toEqual(['grant b']);
  });

  it('undoes nothing while one outcome stays unknown, and ends as unknown', async () => {
    const shop = new Shop();
    shop.work = failing(lost, 'mail');
    const outcome = await outcomeOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      await systems.shop.mail({ sku: 'b' });
    });
    expect(outcome.status).toBe('unknown');
    expect(shop.told).toEqual(['reserve a', 'mail b']);
  });

  it('asks the probe of an operation that is done once, and undoes what it tells of', async () => {
    const clock = new ManualClock();
    const shop = new Shop();
    shop.work = failing(lost, 'charge');
    shop.found = (sku) => ({ id: `found ${sku}`, left: 0 });
    const outcome = outcomeOf(
      shop,
      async ({ systems }) => {
        expect((await systems.shop.charge({ sku: 'a' })).id).toBe('found a');
        throw no();
      },
      {},
      { engine: { clock } },
    );
    while (!shop.told.includes('refund found a')) {
      clock.advance(1000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await outcome).status).toBe('compensated');
    expect(shop.told).toEqual(['charge a', 'probe a', 'refund found a']);
  });

  it.each([
    { order: 'reverse' as const, most: 1 },
    { order: 'parallel' as const, most: 3 },
  ])('undoes in $order order: at most $most at a time', async ({ order, most }) => {
    const shop = new Shop();
    let [active, seen] = [0, 0];
    shop.work = async (what) => {
      if (!what.startsWith('release')) return;
      active += 1;
      seen = Math.max(seen, active);
      await new Promise((resolve) => setImmediate(resolve));
      active -= 1;
    };
    await outcomeOf(
      shop,
      async ({ systems }) => {
        await Promise.all(['a', 'b', 'c'].map((sku) => systems.shop.reserve({ sku })));
        throw no();
      },
      { compensation: { order } },
    );
    expect(seen).toBe(most);
  });

  class StockGone extends CommandFailure {}

  it.each([
    { thrown: () => new StockGone('SYSTEM_REFUSED', 'gone'), status: 'compensated' },
    { thrown: no, status: 'failed' },
  ])('is undone only after the errors that its scope names: $status', async ({ thrown, status }) => {
    const shop = new Shop();
    const outcome = await outcomeOf(
      shop,
      async ({ systems }) => {
        await systems.shop.reserve({ sku: 'a' });
        shop.work = failing(thrown, 'book');
        await systems.shop.book({ sku: 'b' });
      },
      { compensation: { on: [StockGone] } },
    );
    expect(outcome.status).toBe(status);
    expect(shop.told.includes('release R-a')).toBe(status === 'compensated');
  });

  it('is undone after a cancellation, whatever errors its scope names', async () => {
    const shop = new Shop();
    const Command = sagaOf(
      shop,
      async ({ systems, ctx }) => {
        await systems.shop.reserve({ sku: 'a' });
        await ctx.sleep(1e9);
      },
      { compensation: { on: [StockGone] } },
    );
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    while (shop.told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await run.cancel('enough');
    expect(await run.outcome()).toMatchObject({ status: 'cancelled', undone: ['shop.reserve'] });
  });
});

describe('a part of a run that compensates', () => {
  it('is undone alone when it fails, and the run goes on without it', async () => {
    const shop = new Shop();
    const outcome = await outcomeOf(shop, async ({ systems, ctx }) => {
      await systems.shop.reserve({ sku: 'before' });
      const part = ctx.branch(
        'north',
        async () => {
          await systems.shop.reserve({ sku: 'north' });
          throw no();
        },
        { compensates: true },
      );
      const [north] = await Promise.allSettled([part, systems.shop.reserve({ sku: 'south' })]);
      return north.status;
    });
    expect(outcome).toMatchObject({ status: 'completed', result: 'rejected', undone: ['shop.reserve'] });
    expect(shop.told.filter((what) => what.startsWith('release'))).toEqual(['release R-north']);
  });

  it('is not undone a second time when the run fails later', async () => {
    const shop = new Shop();
    const outcome = await outcomeOf(shop, async ({ systems, ctx }) => {
      await systems.shop.reserve({ sku: 'before' });
      await ctx
        .branch(
          'north',
          async () => {
            await systems.shop.reserve({ sku: 'north' });
            throw no();
          },
          { compensates: true },
        )
        .catch(() => undefined);
      throw no();
    });
    expect(outcome.status).toBe('compensated');
    expect(shop.told.slice(2)).toEqual(['release R-north', 'release R-before']);
  });
});

describe('a pivot', () => {
  const body: Body<string> = async ({ systems }) => {
    await systems.shop.reserve({ sku: 'a' });
    await systems.shop.charge({ sku: 'b' });
    return (await systems.shop.book({ sku: 'c' })).id;
  };
  const pivot = { pivot: 'shop.charge' } as const;

  it('that is refused is a failure like any other', async () => {
    const shop = new Shop();
    shop.work = failing(no, 'charge');
    expect(await outcomeOf(shop, body, pivot)).toMatchObject({ status: 'compensated' });
    expect(shop.told).toEqual(['reserve a', 'charge b', 'release R-a']);
  });

  it('that has happened leaves no way back: nothing is undone', async () => {
    const shop = new Shop();
    shop.work = failing(no, 'book');
    expect(await outcomeOf(shop, body, pivot)).toMatchObject({ status: 'failed', undone: [] });
    expect(shop.told).toEqual(['reserve a', 'charge b', 'book c']);
  });

  it('that has happened has what follows tried again, and a failed run can be gone on with', async () => {
    const shop = new Shop();
    const clock = new ManualClock();
    let failures = 12;
    shop.work = (what) => {
      if (what.startsWith('book') && failures-- > 0) throw later();
    };
    const Command = sagaOf(shop, body, pivot);
    await using runner = await open([Command], { engine: { clock } });
    const run = await runner.start(Command, {});
    const moving = async (ended: Promise<unknown>): Promise<void> => {
      const end = { is: false };
      void ended.finally(() => {
        end.is = true;
      });
      while (!end.is) {
        clock.advance(60_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await moving(run.outcome());
    expect(await run.outcome()).toMatchObject({ status: 'failed', error: { code: 'SYSTEM_OVERLOADED' } });
    expect(shop.told.filter((what) => what === 'book c')).toHaveLength(10);
    const again = await runner.reopen(run.id);
    await moving(again.outcome());
    expect(await again.outcome()).toMatchObject({ status: 'completed', result: 'B-c' });
    expect(shop.told.filter((what) => what.startsWith('charge'))).toEqual(['charge b']);
  });

  it.each(['charge', 'book'])('is neither broken off nor undone by a cancellation that comes while %s is under way', async (during) => {
    const shop = new Shop();
    let go: () => void = () => undefined;
    shop.work = async (what) => {
      if (what.startsWith(during))
        await new Promise<void>((resolve) => {
          go = resolve;
        });
    };
    const Command = sagaOf(shop, body, pivot);
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    while (!shop.told.some((what) => what.startsWith(during))) await new Promise((resolve) => setImmediate(resolve));
    await run.cancel('too late');
    go();
    expect(await run.outcome()).toMatchObject({ status: 'completed', result: 'B-c' });
  });

  it('that is refused after a cancellation came lets it stop the run', async () => {
    const shop = new Shop();
    let refuse: () => void = () => undefined;
    shop.work = async (what) => {
      if (what.startsWith('charge'))
        await new Promise<void>((_resolve, reject) => {
          refuse = () => reject(no());
        });
    };
    const Command = sagaOf(
      shop,
      async ({ systems }) => {
        await systems.shop.reserve({ sku: 'a' });
        await systems.shop.charge({ sku: 'b' }).catch(() => undefined);
        await systems.shop.reserve({ sku: 'c' });
      },
      pivot,
    );
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    while (!shop.told.includes('charge b')) await new Promise((resolve) => setImmediate(resolve));
    await run.cancel('enough');
    refuse();
    expect(await run.outcome()).toMatchObject({ status: 'cancelled', undone: ['shop.reserve'] });
    expect(shop.told).toEqual(['reserve a', 'charge b', 'release R-a']);
  });

  it('of unknown outcome allows neither direction', async () => {
    const shop = new Shop();
    shop.work = failing(lost, 'mail');
    const outcome = await outcomeOf(
      shop,
      async ({ systems }) => {
        await systems.shop.reserve({ sku: 'a' });
        await systems.shop.mail({ sku: 'b' });
      },
      { pivot: 'shop.mail' },
    );
    expect(outcome.status).toBe('unknown');
    expect(shop.told).toEqual(['reserve a', 'mail b']);
  });

  it('is where it was for a run that is gone on with in another process', async () => {
    const shop = new Shop();
    const file = join(folder, `${files++}.db`);
    shop.work = async (what, call) => {
      if (what.startsWith('book'))
        await new Promise((_resolve, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason)));
    };
    const Command = sagaOf(shop, body, pivot);
    const first = await open([Command], { engine: { file } });
    const run = await first.start(Command, {});
    while (!shop.told.includes('book c')) await new Promise((resolve) => setImmediate(resolve));
    await first.cancel(run.id, 'too late');
    await first[Symbol.asyncDispose]();
    shop.work = failing(no, 'book');
    await using second = await open([Command], { engine: { file } });
    expect(await (await second.resume(run.id)).outcome()).toMatchObject({
      status: 'failed',
      error: { code: 'SYSTEM_REFUSED' },
      undone: [],
    });
    expect(shop.told).toEqual(['reserve a', 'charge b', 'book c', 'book c']);
  });
});

describe('what goes out and comes back', () => {
  it('an input that breaks the rules of its class is refused with all reasons, and nothing is sent', async () => {
    const shop = new Shop();
    const outcome = await outcomeOf(shop, ({ systems }) => systems.shop.reserve({ sku: 7, size: 1 } as never));
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'INPUT_INVALID' } });
    expect(outcome.status === 'failed' && outcome.error.message).toMatch(/shop\.reserve.*size.*sku: must be a string/s);
    expect(shop.told).toEqual([]);
  });

  it('a reply to a read that breaks its contract fails the call, and stands in the error without secrets', async () => {
    const shop = new Shop();
    shop.work = () => ({ id: 7, left: 'many', password: 'hunter2hunter2' });
    const Command = sagaOf(shop, ({ systems }) => systems.shop.guess({ sku: 'a' }));
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    const error: unknown = await run.result().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'REPLY_INVALID',
      message: expect.stringMatching(/shop\.guess.*id: must be a string; left: must be an integer/),
      details: { reply: { id: 7, left: 'many', password: '[redacted]' } },
    });
    expect(JSON.stringify(await runner.history(run.id))).not.toContain('hunter2');
  });

  it('a reply to an effect that breaks its contract says nothing of what happened, so it is asked again', async () => {
    const shop = new Shop();
    let broken = 1;
    shop.work = (what) => (what.startsWith('reserve') && broken-- > 0 ? { id: 1 } : undefined);
    const outcome = await outcomeOf(shop, async ({ systems }) => (await systems.shop.reserve({ sku: 'a' })).id);
    expect(outcome).toMatchObject({ status: 'completed', result: 'R-a' });
    expect(shop.keys.get('reserve a')?.size).toBe(1);
    expect(shop.told).toEqual(['reserve a', 'reserve a']);
  });

  it('fields that the class does not know are left out of a reply', async () => {
    const shop = new Shop();
    shop.work = () => ({ id: 'x', left: 1, color: 'red' });
    const outcome = await outcomeOf(shop, async ({ systems }) => Object.entries(await systems.shop.look({ sku: 'a' })));
    expect((outcome as { readonly result?: unknown }).result).toEqual([
      ['id', 'x'],
      ['left', 1],
    ]);
  });

  it.each([
    { error: later, told: ['look a', 'guess a'], status: 'completed' },
    { error: lost, told: ['look a', 'guess a'], status: 'completed' },
    { error: no, told: ['look a'], status: 'failed' },
  ])('a fallback is called where the operation is not to be had: $told', async ({ error, told, status }) => {
    const shop = new Shop();
    shop.work = failing(error, 'look');
    expect(await outcomeOf(shop, async ({ systems }) => (await systems.shop.look({ sku: 'a' })).left)).toMatchObject({ status });
    expect(shop.told).toEqual(told);
  });
});

describe('a scope', () => {
  it.each([
    { versions: { shop: '^0.0.0' }, status: 'completed' },
    { versions: { shop: '>=1.2' }, status: 'failed' },
  ])('that asks for $versions.shop of a system which runs 0.0.0: $status', async ({ versions, status }) => {
    const outcome = await outcomeOf(new Shop(), async () => 1, { versions });
    expect(outcome.status).toBe(status);
  });

  it.each([
    { severity: 'error' as const, status: 'failed' },
    { severity: 'warning' as const, status: 'completed' },
  ])('with a limit of latency as $severity: a run that took longer is $status', async ({ severity, status }) => {
    const clock = new ManualClock();
    const shop = new Shop();
    shop.work = () => clock.advance(101);
    const outcome = await outcomeOf(
      shop,
      ({ systems }) => systems.shop.look({ sku: 'a' }).then(() => 1),
      { constraints: { latencyMsMax: 100, severity } },
      { engine: { clock } },
    );
    expect(outcome.status).toBe(status);
    const gates = outcome.timeline.flatMap((phase) => phase.gates);
    expect(gates.find(({ name }) => name.includes('100 ms'))).toMatchObject({ verdict: 'failed', severity, found: 'it took 101 ms' });
  });

  it.each([
    { severity: 'error' as const, status: 'failed' },
    { severity: 'warning' as const, status: 'completed' },
  ])('with a least availability as $severity: after runs that found the system down, a run is $status', async ({ severity, status }) => {
    const shop = new Shop();
    const Command = sagaOf(shop, async ({ systems }) => (await systems.shop.guess({ sku: 'a' })).left, {
      constraints: { availabilityMin: 0.9, severity },
    });
    await using runner = await open([Command]);
    shop.work = failing(later, 'guess');
    expect((await (await runner.start(Command, {})).outcome()).status).toBe('failed');
    shop.work = () => undefined;
    const outcome = await (await runner.start(Command, {})).outcome();
    expect(outcome.status).toBe(status);
    const gates = outcome.timeline.flatMap((phase) => phase.gates);
    expect(gates.find(({ name }) => name.includes('available at least 90 %'))).toMatchObject({
      verdict: 'failed',
      severity,
      found: 'shop was available 0 % of the time',
    });
  });
});

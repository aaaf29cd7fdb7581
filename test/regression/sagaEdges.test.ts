/** Defects that a review of the sagas proved, each as it was shown. */
import { join } from 'node:path';
import { IsString, registerDecorator, type ValidationOptions } from 'class-validator';
import {
  type Call,
  type CommandContext,
  CommandFailure,
  type CommandRunner,
  command,
  type Interactions,
  OutcomeUnknownError,
  operation,
  PlainCommand,
  SagaCommand,
  System,
  scope,
  TransientError,
} from '../../src/index.js';
import { commandOf, NoParams, open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';
import { ManualClock } from '../support/ManualClock.js';
import { ById, Held, Item, type Saga, type SagaSettings, Shop, sagaOf } from '../support/shopSystems.js';

const folder = journalFolder();
let files = 0;
const aFile = () => ({ file: join(folder, `${files++}.db`) });
const no = () => new CommandFailure('SYSTEM_REFUSED', 'no');
const lost = () => new OutcomeUnknownError('REPLY_LOST', 'no reply');
const later = () => new TransientError('SYSTEM_OVERLOADED', 'later');
const turn = () => new Promise((resolve) => setImmediate(resolve));
const BY = { by: 'Ada', reason: 'looked' } as const;

type Body<R> = (interactions: Interactions<Saga<R>>) => Promise<R>;

/** Throws for what is named, else does nothing. */
const failing =
  (error: () => Error, ...names: readonly string[]) =>
  (what: string): undefined => {
    if (names.some((name) => what.startsWith(name))) throw error();
  };

async function outcomeOf<R>(shop: Shop, body: Body<R>, settings: SagaSettings = {}) {
  const Command = sagaOf(shop, body, settings);
  await using runner = await open([Command]);
  return await (await runner.start(Command, {})).outcome();
}

const released = (shop: Shop) => shop.told.filter((what) => /^(release|revoke|drop|refund)/.test(what));

it('an input is sent as it was when the code called, whatever becomes of it then', async () => {
  const shop = new Shop();
  await outcomeOf(shop, async ({ systems }) => {
    const item = { sku: '' };
    const calls: Promise<unknown>[] = [];
    for (const sku of ['a', 'b', 'c']) {
      item.sku = sku;
      calls.push(systems.shop.reserve(item));
    }
    await Promise.all(calls);
  });
  expect(shop.told).toEqual(['reserve a', 'reserve b', 'reserve c']);
});

describe('a pivot', () => {
  it('inside a branch is known on every later load', async () => {
    const shop = new Shop();
    shop.work = failing(no, 'book');
    const Command = sagaOf(
      shop,
      async ({ systems, ctx }) => {
        await systems.shop.reserve({ sku: 'a' });
        await ctx.branch('pay', async () => {
          await systems.shop.mail({ sku: 'b' });
        });
        await systems.shop.book({ sku: 'c' });
      },
      { pivot: 'shop.mail' },
    );
    await using runner = await open([Command], { engine: aFile() });
    const run = await runner.start(Command, {});
    expect(await run.outcome()).toMatchObject({ status: 'failed', undone: [] });
    expect(await (await runner.reopen(run.id)).outcome()).toMatchObject({ status: 'failed', undone: [] });
    expect(released(shop)).toEqual([]);
  });

  it('that may be repeated, and whose reply stays lost, leaves the run unknown until a person settles it', async () => {
    const shop = new Shop();
    shop.work = failing(lost, 'reserve');
    const Command = sagaOf(
      shop,
      async ({ systems }) => {
        await systems.shop.book({ sku: 'a' });
        return (await systems.shop.reserve({ sku: 'b' }, { undo: 'none' })).id;
      },
      { pivot: 'shop.reserve' },
    );
    await using runner = await open([Command], { engine: aFile() });
    const run = await runner.start(Command, {});
    expect((await run.outcome()).status).toBe('unknown');
    const settled = await runner.settle(run.id, 'shop.reserve', { as: 'done', output: { id: 'R-b', left: 1 }, ...BY });
    expect(await settled.outcome()).toMatchObject({ status: 'completed', result: 'R-b' });
  });

  it('may be done by its fallback', async () => {
    class Bank extends System {
      readonly told: string[] = [];

      @operation({ input: ById, output: Held, undo: 'giveBack' })
      async hold({ id }: ById, _call: Call): Promise<Held> {
        this.told.push(`hold ${id}`);
        return { id, left: 0 };
      }

      @operation({ input: Held })
      async giveBack({ id }: Held, _call: Call): Promise<void> {
        this.told.push(`give back ${id}`);
      }

      @operation({ input: ById, output: Held, effect: 'read', fallback: 'payByMail', policy: { retry: { attemptsMax: 1 } } })
      async pay(_by: ById, _call: Call): Promise<Held> {
        throw later();
      }

      @operation({ input: ById, output: Held })
      async payByMail({ id }: ById, _call: Call): Promise<Held> {
        this.told.push(`paid ${id}`);
        return { id, left: 0 };
      }
    }
    const bank = new Bank();
    @command({ name: 'pays', params: NoParams })
    class Pays extends SagaCommand<NoParams, void> {
      defineOrchestrationScope() {
        return scope({ systems: { bank }, pivot: 'bank.pay' });
      }

      async coordinateSystemInteractions({ systems }: Interactions<this>): Promise<void> {
        await systems.bank.hold({ id: '1' });
        await systems.bank.pay({ id: '2' });
        throw no();
      }
    }
    await using runner = await open([Pays]);
    const run = await runner.start(Pays, {});
    await run.outcome();
    expect(bank.told).toEqual(['hold 1', 'paid 2']);
  });

  it('that has happened while a part had failed before makes the run failed, so that it can be gone on with', async () => {
    const shop = new Shop();
    shop.work = failing(no, 'book');
    const Command = sagaOf(
      shop,
      async ({ systems, ctx }) => {
        await ctx
          .branch(
            'p',
            async () => {
              await systems.shop.reserve({ sku: 'a' });
              throw no();
            },
            { compensates: true },
          )
          .catch(() => undefined);
        await systems.shop.reserve({ sku: 'b' });
        await Promise.all([systems.shop.mail({ sku: 'm' }), systems.shop.book({ sku: 'x' })]);
      },
      { pivot: 'shop.mail' },
    );
    await using runner = await open([Command], { engine: aFile() });
    const run = await runner.start(Command, {});
    expect((await run.outcome()).status).toBe('failed');
    shop.work = () => undefined;
    expect((await (await runner.reopen(run.id)).outcome()).status).toBe('completed');
  });

  it('lets a run be gone on with after its deadline', async () => {
    const clock = new ManualClock();
    const shop = new Shop();
    shop.work = (what) => {
      if (!what.startsWith('book')) return;
      clock.advance(5000);
      throw no();
    };
    const Command = sagaOf(
      shop,
      async ({ systems }) => {
        await systems.shop.mail({ sku: 'm' });
        return (await systems.shop.book({ sku: 'x' })).id;
      },
      { pivot: 'shop.mail' },
    );
    await using runner = await open([Command], { engine: { ...aFile(), clock } });
    const run = await runner.start(Command, {}, { deadline: new Date(clock.now() + 2000) });
    expect((await run.outcome()).status).toBe('failed');
    shop.work = () => undefined;
    expect(await (await runner.reopen(run.id)).outcome()).toMatchObject({ status: 'completed', result: 'B-x' });
  });
});

describe('an effect is undone once, with one key', () => {
  it('also where the run fails while a part of it is being undone', async () => {
    const shop = new Shop();
    let refuse: () => void = () => undefined;
    let release: () => void = () => undefined;
    shop.work = (what) => {
      if (what === 'book w') return new Promise<void>((_resolve, reject) => (refuse = () => reject(no())));
      if (what === 'release R-b') {
        refuse();
        return new Promise<void>((resolve) => (release = resolve));
      }
      return undefined;
    };
    const outcome = outcomeOf(shop, ({ systems, ctx }) =>
      Promise.all([
        ctx.branch(
          'p',
          async () => {
            await systems.shop.reserve({ sku: 'a' });
            await systems.shop.reserve({ sku: 'b' });
            throw no();
          },
          { compensates: true },
        ),
        systems.shop.book({ sku: 'w' }),
      ]).then(() => undefined),
    );
    while (!shop.told.includes('release R-b')) await turn();
    for (let n = 0; n < 20; n += 1) await turn();
    release();
    expect((await outcome).status).toBe('compensated');
    expect(released(shop)).toEqual(['release R-b', 'release R-a']);
  });

  it('also where the part around it fails meanwhile', async () => {
    const shop = new Shop();
    let refuse: () => void = () => undefined;
    let release: () => void = () => undefined;
    shop.work = (what) => {
      if (what === 'book w') return new Promise<void>((_resolve, reject) => (refuse = () => reject(no())));
      if (what === 'release R-b') {
        refuse();
        return new Promise<void>((resolve) => (release = resolve));
      }
      return undefined;
    };
    const outcome = outcomeOf(shop, async ({ systems, ctx }) => {
      const inner = async () => {
        await systems.shop.reserve({ sku: 'a' });
        await systems.shop.reserve({ sku: 'b' });
        throw no();
      };
      const outer = () => Promise.all([ctx.branch('in', inner, { compensates: true }), systems.shop.book({ sku: 'w' })]);
      await ctx.branch('out', () => outer().then(() => undefined), { compensates: true }).catch(() => undefined);
    });
    while (!shop.told.includes('release R-b')) await turn();
    for (let n = 0; n < 20; n += 1) await turn();
    release();
    expect((await outcome).status).toBe('completed');
    expect(released(shop)).toEqual(['release R-b', 'release R-a']);
  });
});

describe('what may have happened is not taken for a no', () => {
  it('when a cancellation cuts it off that can be done once only', async () => {
    const shop = new Shop();
    shop.work = (what, { signal }) =>
      what.startsWith('mail')
        ? new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
        : undefined;
    const Command = sagaOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      await systems.shop.mail({ sku: 'b' });
    });
    await using runner = await open([Command], { engine: aFile() });
    const run = await runner.start(Command, {});
    while (!shop.told.includes('mail b')) await turn();
    await run.cancel('enough');
    expect((await run.outcome()).status).toBe('unknown');
    expect(released(shop)).toEqual([]);
    const settled = await runner.settle(run.id, 'shop.mail', { as: 'done', output: { id: 'M', left: 0 }, ...BY });
    expect((await settled.outcome()).status).toBe('cancelled');
    expect(released(shop)).toEqual(['release R-a']);
  });

  it('when the journal cannot keep what it gave', async () => {
    const undone: unknown[] = [];
    const Command = commandOf(async (ctx: CommandContext) => {
      await ctx.step('hold', async () => ({ id: 1, close() {} }), { undo: async ({ id }) => undone.push(id) });
    });
    await using runner = await open([Command]);
    expect((await (await runner.start(Command, {})).outcome()).status).toBe('unknown');
  });

  it('when a rule of its reply throws', async () => {
    const shop = new Shop();
    shop.work = (what) => (what.startsWith('reserve') ? { id: 'x', left: 1, save() {} } : undefined);
    const outcome = await outcomeOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      throw no();
    });
    expect(outcome.status).toBe('compensated');
    expect(released(shop)).toEqual(['release x']);
  });

  it('when an error of our own comes while it is asked again', async () => {
    const shop = new Shop();
    let asked = 0;
    shop.work = async (what, call) => {
      if (!what.startsWith('reserve')) return;
      asked += 1;
      if (asked <= 3) throw lost();
      await call.secret('env:NO_SUCH_SECRET_ANYWHERE');
    };
    const outcome = await outcomeOf(shop, async ({ systems }) => {
      await systems.shop.book({ sku: 'b' });
      await systems.shop.reserve({ sku: 'a' });
    });
    expect(outcome.status).toBe('unknown');
    expect(released(shop)).toEqual([]);
  });
});

describe('a saga that executes another', () => {
  const told: string[] = [];
  beforeEach(() => told.splice(0));

  class Ledger extends System {
    refuses = false;

    @operation({ input: ById, output: Held })
    async charge({ id }: ById, _call: Call): Promise<Held> {
      told.push(`charge ${id}`);
      return { id, left: 0 };
    }

    @operation({ input: ById })
    async post({ id }: ById, _call: Call): Promise<void> {
      told.push(`post ${id}`);
      if (this.refuses) throw no();
    }
  }
  const ledger = new Ledger();

  @command({ name: 'charges', params: NoParams, result: Held })
  class Charges extends SagaCommand<NoParams, Held> {
    defineOrchestrationScope() {
      return scope({ systems: { ledger }, pivot: 'ledger.charge' });
    }

    async coordinateSystemInteractions({ systems }: Interactions<this>): Promise<Held> {
      const held = await systems.ledger.charge({ id: '1' });
      await systems.ledger.post({ id: '1' });
      return held;
    }
  }

  let cancels: 'done' | 'undone' = 'done';
  @command({ name: 'cancels', params: Held })
  class Cancels extends PlainCommand<Held, void> {
    async run({ id }: Held, ctx: CommandContext): Promise<void> {
      await ctx.step('refund', async () => told.push(`refund ${id}`), { undo: async () => told.push(`take back ${id}`) });
      if (cancels === 'undone') throw no();
    }
  }

  const parentOf = () =>
    commandOf(async (ctx) => {
      await ctx.step('p', async () => told.push('p'), { undo: async () => told.push('undo p') });
      await ctx.execute(Charges, {}, { undo: { command: Cancels, params: ({ id, left }) => ({ id, left }) } });
      if (told.includes('fail')) throw no();
    });

  it('does not take a child for undone that failed behind its pivot', async () => {
    ledger.refuses = true;
    const Parent = parentOf();
    await using runner = await open([Parent, Charges, Cancels]);
    expect((await (await runner.start(Parent, {})).outcome()).status).toBe('unknown');
    expect(told).not.toContain('undo p');
  });

  it('begins the undoing command anew when that has undone itself', async () => {
    ledger.refuses = false;
    cancels = 'undone';
    told.push('fail');
    const Parent = parentOf();
    await using runner = await open([Parent, Charges, Cancels], { engine: aFile() });
    const run = await runner.start(Parent, {});
    await expect(run.outcome()).rejects.toMatchObject({ code: 'UNDO_FAILED' });
    cancels = 'done';
    expect((await (await runner.resume(run.id)).outcome()).status).toBe('compensated');
    expect(told.slice(-4)).toEqual(['refund 1', 'take back 1', 'refund 1', 'undo p']);
  });
});

describe('what is named in compensation.on', () => {
  class ShopError extends CommandFailure {}
  class StockGone extends ShopError {}

  it('takes in the classes that extend it, also through the journal', async () => {
    const shop = new Shop();
    shop.work = failing(() => new StockGone('SYSTEM_REFUSED', 'gone'), 'book');
    const outcome = await outcomeOf(
      shop,
      async ({ systems }) => {
        await systems.shop.reserve({ sku: 'a' });
        await systems.shop.book({ sku: 'b' });
      },
      { compensation: { on: [ShopError] } },
    );
    expect(outcome.status).toBe('compensated');
  });
});

describe('a branch', () => {
  it('may give what an operation gave, and keeps it as plain data', async () => {
    const shop = new Shop();
    const outcome = await outcomeOf(shop, async ({ systems, ctx }) => {
      const [one, many] = await Promise.all([
        ctx.branch('one', () => systems.shop.look({ sku: 'a' })),
        ctx.branch('many', () => Promise.all(['b', 'c'].map((sku) => systems.shop.look({ sku })))),
      ]);
      return { one: one.left, many: many.map(({ left }) => left) };
    });
    expect(outcome).toMatchObject({ status: 'completed', result: { one: 7, many: [7, 7] } });
  });

  it('that gives what the journal cannot keep is an error of the code that awaits it', async () => {
    const shop = new Shop();
    const outcome = await outcomeOf(shop, async ({ systems, ctx }) => {
      await systems.shop.reserve({ sku: 'a' });
      await ctx.branch('odd', async () => ({ close: () => undefined }));
    });
    expect(outcome).toMatchObject({ status: 'compensated', error: { code: 'VALUE_NOT_CARRIED' } });
  });

  it('that failed and was undone leaves a run that failed with it compensated', async () => {
    const shop = new Shop();
    const outcome = await outcomeOf(shop, async ({ systems, ctx }) => {
      await ctx.branch(
        'p',
        async () => {
          await systems.shop.reserve({ sku: 'a' });
          await ctx.step('x', () => Promise.reject(no()));
        },
        { compensates: true },
      );
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['shop.reserve'] });
  });

  it('may have the name of one that failed in another phase', async () => {
    @command({ name: 'phases', params: NoParams })
    class Phases extends PlainCommand<NoParams, string> {
      override async check(_params: NoParams, ctx: CommandContext): Promise<void> {
        await ctx.branch('x', () => Promise.reject(no()), { compensates: true }).catch(() => undefined);
      }

      async run(_params: NoParams, ctx: CommandContext): Promise<string> {
        return ctx.branch('x', () => ctx.step('b', async () => 'b'));
      }
    }
    await using runner = await open([Phases]);
    expect(await runner.execute(Phases, {})).toBe('b');
  });

  it('that failed does not take signals any more', async () => {
    const Command = commandOf(async (ctx) => {
      const attempt = () =>
        Promise.all([
          ctx.waitFor('go', { schema: Word }),
          ctx.step('x', () => (Attempts.n++ === 0 ? Promise.reject(no()) : Promise.resolve(1))),
        ]);
      Attempts.n = 0;
      await ctx.branch('try', () => attempt().then(([{ text }]) => text), { compensates: true }).catch(() => undefined);
      return ctx.branch('try', () => attempt().then(([{ text }]) => text), { compensates: true });
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    while (Attempts.n < 2) await turn();
    await run.notify('go', { text: 'first' });
    expect(await run.result()).toBe('first');
  });
});

class Word {
  @IsString()
  text!: string;
}
const Attempts = { n: 0 };

describe('a settlement', () => {
  it('of a run whose code had gone on without the outcome only notes it', async () => {
    const shop = new Shop();
    shop.work = failing(lost, 'mail');
    const Command = sagaOf(shop, async ({ systems }) => {
      const mailed = await systems.shop.mail({ sku: 'b' }).catch(() => undefined);
      if (!mailed) await systems.shop.book({ sku: 'note' });
      return 'ok';
    });
    await using runner = await open([Command], { engine: aFile() });
    const run = await runner.start(Command, {});
    expect((await run.outcome()).status).toBe('unknown');
    const settled = await runner.settle(run.id, 'shop.mail', { as: 'done', output: { id: 'M', left: 0 }, ...BY });
    expect(await settled.outcome()).toMatchObject({ status: 'completed', result: 'ok' });
    expect(shop.told).toEqual(['mail b', 'book note']);
  });

  it('with an output that breaks the contract is refused before anything is recorded', async () => {
    const shop = new Shop();
    shop.work = failing(lost, 'mail');
    const Command = sagaOf(shop, async ({ systems }) => (await systems.shop.mail({ sku: 'b' })).id, { pivot: 'shop.mail' });
    await using runner = await open([Command], { engine: aFile() });
    const run = await runner.start(Command, {});
    await run.outcome();
    const refused: unknown = await runner
      .settle(run.id, 'shop.mail', { as: 'done', output: { ident: 'M' }, ...BY })
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SETTLE_REFUSED', message: expect.stringContaining('id: must be a string') });
    const settled = await runner.settle(run.id, 'shop.mail', { as: 'done', output: { id: 'M', left: 0 }, ...BY });
    expect(await settled.result()).toBe('M');
  });
});

describe('operations', () => {
  /** A rule that really waits. */
  const IsFree = (options?: ValidationOptions) => (target: object, propertyName: string) =>
    registerDecorator({
      name: 'isFree',
      target: target.constructor,
      propertyName,
      options: options ?? {},
      validator: { validate: (value) => new Promise<boolean>((resolve) => setTimeout(() => resolve(value !== 'taken'), 5)) },
    });

  class Name {
    @IsFree()
    name!: string;
  }

  class Odd extends System {
    readonly told: string[] = [];

    @operation({ input: Name })
    async take({ name }: Name, _call: Call): Promise<void> {
      this.told.push(name);
    }

    @operation({ input: Item, output: Held, nullable: true, undo: 'giveBack' })
    async maybe(_item: Item, _call: Call): Promise<Held | undefined> {
      return undefined;
    }

    @operation({ input: Held })
    async giveBack({ id }: Held, _call: Call): Promise<void> {
      this.told.push(`give back ${id}`);
    }

    @operation({ input: Item, output: Held, effect: 'read', fallback: 'two' })
    async one(_item: Item, _call: Call): Promise<Held> {
      this.told.push('one');
      throw later();
    }

    @operation({ input: Item, output: Held, effect: 'read', fallback: 'one' })
    async two(_item: Item, _call: Call): Promise<Held> {
      this.told.push('two');
      throw later();
    }
  }

  const calling = async (call: (systems: { odd: Interactions<Calls>['systems']['odd'] }) => Promise<unknown>) => {
    const odd = new Odd();
    @command({ name: 'calls', params: NoParams })
    class Own extends Calls {
      protected readonly odd = odd;

      async coordinateSystemInteractions({ systems }: Interactions<this>): Promise<void> {
        await call(systems as never);
      }
    }
    await using runner: CommandRunner = await open([Own]);
    const outcome = await (await runner.start(Own, {})).outcome();
    return { outcome, told: odd.told };
  };

  abstract class Calls extends SagaCommand<NoParams, void> {
    protected abstract readonly odd: Odd;

    defineOrchestrationScope() {
      return scope({ systems: { odd: this.odd } });
    }
  }

  it('may have an input with a rule that waits', async () => {
    expect(await calling(({ odd }) => odd.take({ name: 'free' }))).toMatchObject({ outcome: { status: 'completed' }, told: ['free'] });
    expect(await calling(({ odd }) => odd.take({ name: 'taken' }))).toMatchObject({
      outcome: { status: 'failed', error: { code: 'INPUT_INVALID' } },
      told: [],
    });
  });

  it('that gave nothing have nothing to undo', async () => {
    const { outcome, told } = await calling(async ({ odd }) => {
      await odd.maybe({ sku: 'a' });
      throw no();
    });
    expect(outcome).toMatchObject({ error: { code: 'SYSTEM_REFUSED' } });
    expect(told).toEqual([]);
  });

  it('that stand in for one another are each tried once', async () => {
    const { outcome, told } = await calling(({ odd }) => odd.one({ sku: 'a' }));
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'SYSTEM_OVERLOADED' } });
    expect(told).toEqual(['one', 'two']);
  });
});

it('a cancellation that came too late for a run reaches the one that goes on with it', async () => {
  const shop = new Shop();
  let go: () => void = () => undefined;
  shop.work = (what) => (what.startsWith('mail') ? new Promise<void>((resolve) => (go = resolve)) : undefined);
  const Command = sagaOf<void>(
    shop,
    async ({ systems, ctx }) => {
      await systems.shop.mail({ sku: 'b' });
      await ctx.continueAs({});
    },
    { pivot: 'shop.mail' },
  );
  await using runner = await open([Command], { engine: aFile() });
  const run = await runner.start(Command, {});
  while (shop.told.length === 0) await turn();
  await run.cancel('enough');
  go();
  expect((await run.outcome()).status).toBe('cancelled');
});

it('an optional system whose reply is lost does not leave the run unknown: what it did is taken back', async () => {
  const spare = new Shop();
  let losses = 3;
  spare.work = (what) => {
    if (what.startsWith('reserve') && losses-- > 0) throw lost();
  };
  const outcome = await outcomeOf(
    new Shop(),
    async ({ systems }) => {
      await systems.spare.reserve({ sku: 'a' });
      return 'went on';
    },
    { optional: spare },
  );
  expect(outcome).toMatchObject({ status: 'completed', result: 'went on', degraded: [{ system: 'spare' }] });
  expect(released(spare)).toEqual(['release R-a']);
});

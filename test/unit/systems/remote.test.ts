/** Operations that are declared without a body: what their channel is asked, and that a run treats them as methods. */
import { IsString } from 'class-validator';
import { Container, inject, injectFromBase } from 'inversify';
import {
  type Call,
  type Channel,
  CommandFailure,
  command,
  type Interactions,
  inProcessChannel,
  operation,
  type Remote,
  SagaCommand,
  System,
  scope,
} from '../../../src/index.js';
import { operationsOf } from '../../../src/systems/operation.js';
import { NoParams, open } from '../../support/application.js';
import { testCall } from '../../support/call.js';

class Seat {
  @IsString() row!: string;
}
class Held {
  @IsString() id!: string;
}

class Airline extends System {
  @inject('airline') declare readonly channel: Channel;

  @operation({ input: Seat, output: Held, undo: 'release' })
  declare hold: Remote<Seat, Held>;

  @operation({ input: Held, via: 'give back' })
  declare release: Remote<Held>;

  @operation({ input: Seat, output: Held, undo: { operation: 'release', byKey: ({ key }) => ({ id: key }) } })
  declare holdByKey: Remote<Seat, Held>;

  @operation({ output: Held })
  declare latest: Remote<never, Held>;

  @operation({ input: Seat, output: Held, effect: 'once', probe: 'sold', policy: { retry: { attemptsMax: 3 } } })
  declare sell: Remote<Seat, Held>;

  @operation({ input: Seat, output: Held, effect: 'read', nullable: true })
  declare sold: Remote<Seat, Held | undefined>;

  /** Names operations without a body, and is named by none. */
  @operation({ input: Seat, output: Held, undo: 'release', fallback: 'hold' })
  async holdAlone(_seat: Seat, _call: Call): Promise<Held> {
    throw new CommandFailure('SYSTEM_REFUSED', 'full');
  }
}

/** What stands behind the channel: notes what it is asked. */
class Desk {
  readonly told: string[] = [];
  /** Decides about what is asked, in place of the usual reply. */
  instead: Readonly<Record<string, (input: Seat, call: Call) => unknown>> = {};

  readonly airline = this.airlineWith(inProcessChannel(this.handlers()));

  airlineWith(channel: Channel | undefined): Airline {
    return Object.assign(new Airline(), { channel });
  }

  private handlers(): object {
    const answer = (name: string) => (input: Seat & Held, call: Call) => {
      this.told.push([name, input?.row ?? input?.id].join(' ').trim());
      const instead = this.instead[name];
      return instead ? instead(input, call) : { id: `${name} ${input?.row ?? ''}`.trim() };
    };
    const names = ['hold', 'holdByKey', 'give back', 'latest', 'sell', 'sold'];
    return Object.fromEntries(names.map((name) => [name, answer(name)]));
  }
}

type Body = (interactions: Interactions<Flight>) => Promise<unknown>;

abstract class Flight extends SagaCommand<NoParams, unknown> {
  abstract readonly airline: Airline;

  defineOrchestrationScope() {
    return scope({ systems: { airline: this.airline } });
  }
}

function flying(airline: Airline, body: Body) {
  @command({ name: 'fly', params: NoParams })
  class Fly extends Flight {
    readonly airline = airline;

    async coordinateSystemInteractions(interactions: Interactions<Flight>): Promise<unknown> {
      return body(interactions);
    }
  }
  return Fly;
}

async function outcomeOf(airline: Airline, body: Body) {
  const Fly = flying(airline, body);
  await using runner = await open([Fly]);
  return await (await runner.start(Fly, {})).outcome();
}

describe('an operation without a body', () => {
  it('asks the channel for what `via` says, or for its own name, with its input or without', async () => {
    const { airline, told } = new Desk();
    await using call = testCall();
    expect(await airline.hold({ row: 'A' }, call)).toEqual({ id: 'hold A' });
    expect(await airline.release({ id: '7' }, call)).toBeUndefined();
    expect(await airline.latest(call)).toEqual({ id: 'latest' });
    expect(told).toEqual(['hold A', 'give back 7', 'latest']);
  });

  it('gives undefined for null where it is nullable', async () => {
    const desk = new Desk();
    desk.instead = { sold: () => null, hold: () => null };
    await using call = testCall();
    expect(await desk.airline.sold({ row: 'A' }, call)).toBeUndefined();
    expect(await desk.airline.hold({ row: 'A' }, call)).toBeNull(); // Which the run refuses for a reply.
  });

  it('is a step of the run, and undone with its output or by its key', async () => {
    const { airline, told } = new Desk();
    const outcome = await outcomeOf(airline, async ({ systems }) => {
      await systems.airline.hold({ row: 'A' });
      await systems.airline.holdByKey({ row: 'B' });
      return systems.airline.holdAlone({ row: 'C' });
    });
    expect(outcome).toMatchObject({ status: 'compensated', undone: ['airline.holdByKey', 'airline.hold'] });
    expect(told).toEqual(['hold A', 'holdByKey B', expect.stringMatching(/^give back .+\/airline\.holdByKey\//), 'give back hold A']);
  });

  it('finds out by an operation without a body what became of a lost call, and calls again where nothing did', async () => {
    const desk = new Desk();
    const keys: string[] = [];
    const lose = () => {
      throw new Error('the line went dead');
    };
    desk.instead = {
      sell: ({ row }, { key }) => {
        keys.push(key);
        return row === 'A' || keys.length === 2 ? lose() : { id: 'sold at last' };
      },
      sold: ({ row }, { key }) => {
        keys.push(key);
        return row === 'A' ? { id: 'found', of: 'a later version' } : undefined;
      },
    };
    const sell = (row: string) => outcomeOf(desk.airline, async ({ systems }) => (await systems.airline.sell({ row })).id);
    expect(await sell('A')).toMatchObject({ result: 'found' });
    expect(desk.told).toEqual(['sell A', 'sold A']);
    expect(new Set(keys).size).toBe(1);
    keys.splice(0, 1);
    expect(await sell('B')).toMatchObject({ result: 'sold at last' });
    expect(desk.told.slice(2)).toEqual(['sell B', 'sold B', 'sell B']);
  });

  it('has its input and its reply checked', async () => {
    const desk = new Desk();
    desk.instead = { sold: () => ({ id: 7 }) };
    const invalid = await outcomeOf(desk.airline, ({ systems }) => systems.airline.hold({ row: 7 } as never));
    expect(invalid).toMatchObject({ status: 'failed', error: { code: 'INPUT_INVALID' } });
    expect(desk.told).toEqual([]);
    const broken = await outcomeOf(desk.airline, ({ systems }) => systems.airline.sold({ row: 'A' }));
    expect(broken).toMatchObject({ status: 'failed', error: { code: 'REPLY_INVALID' } });
  });

  it('is refused inside a run where the journal would not see it', async () => {
    const { airline, told } = new Desk();
    const outcome = await outcomeOf(airline, () => airline.hold({ row: 'A' }, undefined as never));
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'OPERATION_BYPASSES_JOURNAL' } });
    expect(told).toEqual([]);
  });

  it('is planned as a method is', async () => {
    const Fly = flying(new Desk().airline, async () => undefined);
    await using runner = await open([Fly]);
    const { systems, risks } = await runner.plan(Fly, {});
    expect(risks).toEqual([]);
    expect(systems[0]?.operations).toContainEqual(expect.objectContaining({ name: 'sell', effect: 'once', probe: 'sold' }));
    expect(systems[0]?.operations.map(({ name }) => name)).toContain('holdByKey');
  });
});

describe('a mistake in an operation without a body', () => {
  it('is a `declare` that is missing, also in a subclass, and the message has the remedy', () => {
    class Forgetful extends System {
      override readonly channel = inProcessChannel({});

      @operation({ input: Seat })
      book!: Remote<Seat>;
    }
    const invalid = (message: string) => expect.objectContaining({ name: 'UsageError', code: 'OPERATION_INVALID', message });
    const remedy = 'is an operation, and a field of that name without a value hides it. Write `declare` before the field:';
    for (const _ of [1, 2]) {
      expect(() => operationsOf(new Forgetful())).toThrow(invalid(`Forgetful.book ${remedy} \`declare book: …\`.`));
    }
    class Hiding extends Airline {
      // @ts-expect-error the compiler asks for `declare` as well
      override hold!: Remote<Seat, Held>;
    }
    const { airline } = new Desk();
    expect(() => operationsOf(Object.assign(new Hiding(), { channel: airline.channel }))).toThrow(
      invalid(`Hiding.hold ${remedy} \`declare hold: …\`.`),
    );
  });

  it('is a `via` beside a body', () => {
    const declareIt = () => {
      class Twofold extends System {
        @operation({ input: Seat, via: 'POST /seats' })
        async book(_seat: Seat, _call: Call): Promise<void> {}
      }
      return Twofold;
    };
    const message = expect.stringContaining('Twofold.book has a body, and so no use for its `via`.');
    expect(declareIt).toThrow(expect.objectContaining({ name: 'UsageError', code: 'OPERATION_INVALID', message }));
  });

  it('is a system without a channel, which is neither planned nor run', async () => {
    class Grounded extends Airline {}
    const Fly = flying(new Grounded(), async ({ systems }) => systems.airline.latest());
    await using runner = await open([Fly]);
    const message = expect.stringContaining('Grounded.hold has no body, and Grounded has no channel to ask. Give it a `channel`');
    await expect(runner.plan(Fly, {})).rejects.toMatchObject({ name: 'UsageError', code: 'CHANNEL_MISSING', message });
    await expect(runner.execute(Fly, {})).rejects.toMatchObject({ code: 'CHANNEL_MISSING', message });
  });

  it('is one instance without a channel, also where another one has it: refused before anything is done', async () => {
    const desk = new Desk();
    await outcomeOf(desk.airline, ({ systems }) => systems.airline.latest());
    const without = desk.airlineWith(undefined);
    const body = async () => desk.told.push('coordinated');
    expect(await outcomeOf(without, body)).toMatchObject({ status: 'failed', error: { code: 'CHANNEL_MISSING' } });
    expect(desk.told).toEqual(['latest']);
    await using call = testCall();
    await expect(without.latest(call)).rejects.toMatchObject({ code: 'CHANNEL_MISSING' });
  });
});

describe('a channel that is injected as a property', () => {
  class Charter extends Airline {}

  @injectFromBase({ extendConstructorArguments: false, extendProperties: true })
  class Shuttle extends Airline {}

  function made(type: new () => Airline): Airline {
    const container = new Container();
    container.bind('airline').toConstantValue(new Desk().airline.channel);
    container.bind<Airline>(type).to(type);
    return container.get<Airline>(type);
  }

  it('is there in the class that asks for it, and in a subclass that takes over what its base asks for', async () => {
    await using call = testCall();
    expect(await made(Airline).hold({ row: 'A' }, call)).toEqual({ id: 'hold A' });
    expect(await made(Shuttle).hold({ row: 'B' }, call)).toEqual({ id: 'hold B' });
  });

  it('is missed in a subclass that does not say so, by a message that says how', () => {
    expect(() => operationsOf(made(Charter))).toThrow(
      expect.objectContaining({ code: 'CHANNEL_MISSING', message: expect.stringContaining('@injectFromBase(') }),
    );
  });
});

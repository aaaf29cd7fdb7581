/** What changed from one plan to the next, and what of it breaks those who rely on the earlier one. */
import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsOptional, IsString, ValidateNested } from 'class-validator';
import { planDifferences } from '../../../../src/host/plan/planDifferences.js';
import { from, type InteractionGraph } from '../../../../src/orchestration/coordination/InteractionGraph.js';
import type { AnyScope } from '../../../../src/orchestration/scope.js';
import { CHARGE, inventory, made, mailer, Order, payments, planned, RESERVE, Receipt, Reservation } from './shopScope.js';

class OrderWithKey extends Order {
  @IsString() key!: string;
}
class OrderWithHint extends Order {
  @IsOptional() @IsString() hint?: string;
}
class Exact {
  @IsInt() amount!: number;
}
class Rough {
  @IsNumber() amount!: number;
}
class Place {
  @IsString() city!: string;
}
class Address {
  @IsString() city!: string;
}
class LongAddress extends Address {
  @IsString() street!: string;
}
class SentToPlace {
  @Type(() => Place) @ValidateNested() to!: Place;
}
class SentToAddress {
  @Type(() => Address) @ValidateNested() to!: Address;
}
class SentToLongAddress {
  @Type(() => LongAddress) @ValidateNested() to!: LongAddress;
}
class Bare {}

const systems = { inventory: inventory(), payments: payments(), mailer: mailer() };
const base: AnyScope = { systems };

/** `!` marks a breaking one. */
function changesOf(before: AnyScope, after: AnyScope): string[] {
  const read = (scope: AnyScope) => JSON.parse(JSON.stringify(planned(scope)));
  return planDifferences(read(before), read(after)).map(
    ({ subject, what, before: was, after: is, breaking }) =>
      `${breaking ? '! ' : ''}${subject} ${what}: ${was ?? 'none'} → ${is ?? 'none'}`,
  );
}

const withReserve = (changed: object): AnyScope => ({
  systems: { ...systems, inventory: inventory({ reserve: { ...RESERVE, ...changed } }) },
});
const sending = (input: object | undefined, output?: object): AnyScope => ({
  systems: { one: made('One', { send: { effect: 'read', input, output } }) },
});

describe('a plan that is compared with an earlier one', () => {
  it('has no differences where nothing changed, also when it was read from JSON', () => {
    expect(changesOf(base, base)).toEqual([]);
  });

  it.each<readonly [string, AnyScope, AnyScope, readonly string[]]>([
    ['a system that is gone', base, { systems: { inventory: inventory(), payments: payments() } }, ['! mailer system: Mailer → none']],
    [
      'a system that is new',
      { systems: { inventory: inventory() } },
      { systems: { inventory: inventory(), mailer: mailer() } },
      ['mailer system: none → Mailer'],
    ],
    [
      'an operation that is gone, and one that is new',
      base,
      { systems: { ...systems, mailer: made('Mailer', { post: { effect: 'once', probe: 'post' } }) } },
      ['! mailer.send operation: idempotent → none', 'mailer.post operation: none → once'],
    ],
    ['another effect', base, withReserve({ effect: 'read' }), ['! inventory.reserve effect: idempotent → read']],
    ['an undo that is gone', base, withReserve({ undo: undefined }), ['! inventory.reserve undo: release → none']],
    ['another undo', base, withReserve({ undo: 'count' }), ['inventory.reserve undo: release → count']],
    [
      'a probe that is gone',
      base,
      { systems: { ...systems, payments: payments({ charge: { ...CHARGE, probe: undefined } }) } },
      ['payments.charge probe: findCharge → none', 'payments.charge worstMs: 8700 → 1000'],
    ],
    [
      'a longer limit',
      base,
      withReserve({ policy: { timeoutMs: 3000 } }),
      ['inventory.reserve timeoutMs: 1000 → 3000', 'inventory.reserve worstMs: 1000 → 3000'],
    ],
    [
      'a later version in the caret range',
      base,
      { systems: { ...systems, mailer: mailer({}, { version: '1.9.0' }) } },
      ['mailer version: 1.2.0 → 1.9.0'],
    ],
    [
      'another major version',
      base,
      { systems: { ...systems, mailer: mailer({}, { version: '2.0.0' }) } },
      ['! mailer version: 1.2.0 → 2.0.0'],
    ],
    [
      'an earlier version',
      base,
      { systems: { ...systems, mailer: mailer({}, { version: '1.1.0' }) } },
      ['! mailer version: 1.2.0 → 1.1.0'],
    ],
    [
      'another minor version below 1.0',
      sending(Order),
      { systems: { one: made('One', { send: { effect: 'read', input: Order, version: '0.3.0' } }) } },
      ['one.send version: none → 0.3.0'],
    ],
    [
      'a system that may no longer be missing',
      { systems: {}, optional: { mailer: mailer() } },
      { systems: { mailer: mailer() } },
      ['! mailer need: optional → needed'],
    ],
    [
      'another order, and another range',
      base,
      { ...base, after: { mailer: ['payments'] }, versions: { mailer: '^1.0.0' } },
      ['mailer range: none → ^1.0.0', 'mailer after: none → payments'],
    ],
    ['a field that is newly required', base, withReserve({ input: OrderWithKey }), ['! inventory.reserve input key: none → required text']],
    ['a field that may be given', base, withReserve({ input: OrderWithHint }), ['inventory.reserve input hint: none → optional text']],
    ['a field that is no longer taken', withReserve({ input: OrderWithHint }), base, ['! inventory.reserve input hint: text → none']],
    ['an input that takes more numbers', sending(Exact), sending(Rough), ['one.send input amount: integer → number']],
    ['an input that takes fewer numbers', sending(Rough), sending(Exact), ['! one.send input amount: number → integer']],
    [
      'an output that gives other numbers',
      sending(undefined, Exact),
      sending(undefined, Rough),
      ['! one.send output amount: integer → number'],
    ],
    [
      'an output that gives fewer numbers',
      sending(undefined, Rough),
      sending(undefined, Exact),
      ['one.send output amount: number → integer'],
    ],
    [
      'an output with less',
      sending(undefined, Reservation),
      sending(undefined, Receipt),
      [
        '! one.send output id: text → none',
        '! one.send output total: integer → none',
        '! one.send output lines: Line[] → none',
        'one.send output number: none → required text',
      ],
    ],
    ['a nested class of another name', sending(SentToPlace), sending(SentToAddress), []],
    [
      'a nested field that is newly required',
      sending(SentToAddress),
      sending(SentToLongAddress),
      ['! one.send input to.street: none → required text'],
    ],
    ['an input where there was none', sending(undefined), sending(Order), ['! one.send input: none → given']],
    ['an output where there was none', sending(undefined), sending(undefined, Order), ['one.send output: none → given']],
    ['an input whose rules are gone', sending(Exact), sending(Bare), ['one.send input rules: given → none']],
    ['an output whose rules are gone', sending(undefined, Exact), sending(undefined, Bare), ['! one.send output rules: given → none']],
    [
      'another pivot',
      { ...base, pivot: 'payments.charge' },
      { ...base, pivot: 'mailer.send' },
      ['! plan pivot: payments.charge → mailer.send'],
    ],
    [
      'an event that is gone and one that is new',
      { ...base, events: { low: Order } },
      { ...base, events: { out: Order } },
      ['! plan event: low → none', 'plan event: none → out'],
    ],
    [
      'another constraint',
      { ...base, constraints: { latencyMsMax: 90_000 } },
      { ...base, constraints: { latencyMsMax: 80_000 } },
      ['plan latencyMsMax: 90000 → 80000'],
    ],
    [
      'another compensation',
      base,
      { ...base, compensation: { order: 'parallel', on: [RangeError, TypeError] } },
      ['plan compensation order: reverse → parallel', 'plan compensated errors: none → RangeError, TypeError'],
    ],
  ])('names %s', (_what, before, after, expected) => {
    expect(changesOf(before, after)).toEqual(expected);
  });

  it('names what changed of the graph, which breaks nobody, and leaves the values of constants out', () => {
    const graph = (changed: InteractionGraph): AnyScope => ({
      systems,
      interactions: {
        stock: { call: 'inventory.reserve', input: { id: '1' } },
        paid: { call: 'payments.charge', input: { order: 'o', cents: from('stock', 'total') } },
        ...changed,
      },
    });
    expect(changesOf(graph({}), graph({ stock: { call: 'inventory.reserve', input: { id: '2' } } }))).toEqual([]);
    expect(
      changesOf(
        graph({ told: { call: 'mailer.send', input: { number: from('paid', 'number') } } }),
        graph({ paid: { call: 'payments.charge', input: { order: from('stock', 'id'), cents: 1 } }, counted: { call: 'inventory.count' } }),
      ),
    ).toEqual([
      'paid input: order: constant, cents: stock.total → order: stock.id, cents: constant',
      'told interaction: mailer.send → none',
      'counted interaction: none → inventory.count',
    ]);
    expect(changesOf(graph({}), base)).toEqual(['stock interaction: inventory.reserve → none', 'paid interaction: payments.charge → none']);
  });

  it('is of another command altogether', () => {
    const other = { ...planned(base), command: 'ship-order' };
    expect(planDifferences(planned(base), other)).toEqual([
      { subject: 'plan', what: 'command', before: 'place-order', after: 'ship-order', breaking: true },
    ]);
  });
});

import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { Codec } from '../../../src/kernel/codec/Codec.js';
import { digest } from '../../../src/kernel/digest.js';
import { CommandFailure, UsageError } from '../../../src/kernel/errors.js';

const codec = new Codec();
const carried = (value: unknown) => codec.decode(codec.encode(value, 'it'));

class Line {
  constructor(
    readonly sku: string,
    readonly due: Date,
  ) {}
}
class Order {
  lines: Line[] = [];
}
const typed = new Codec((owner, field) => (owner === Order && field === 'lines' ? Line : undefined));

describe('the codec', () => {
  it('gives back every value that it takes, whatever its shape', () => {
    const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: false });
    fc.assert(fc.property(anything, (value) => isDeepStrictEqual(carried(value), value)));
  });

  it.each([
    undefined,
    Number.NaN,
    -0,
    Number.POSITIVE_INFINITY,
    10n ** 30n,
    new Date(Number.NaN),
    new Uint8Array([1, 2]),
    Buffer.from('x'),
    { $: 'date', v: 1 },
  ])('carries %p, which JSON loses', (value) => expect(isDeepStrictEqual(carried({ value }), { value })).toBe(true));

  it('keeps __proto__ a key, without touching the prototype', () => {
    const hostile = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1}}');
    const back = carried(hostile) as Record<string, unknown>;
    expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
    expect(Object.keys(back).toSorted()).toEqual(['__proto__', 'constructor']);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it('gives equal values equal text, whatever the order of their keys', () => {
    const shuffled = fc
      .dictionary(fc.string(), fc.jsonValue())
      .chain((value) =>
        fc
          .shuffledSubarray(Object.entries(value), { minLength: Object.keys(value).length })
          .map((entries) => [value, Object.fromEntries(entries)] as const),
      );
    fc.assert(fc.property(shuffled, ([value, other]) => expect(codec.encode(other, 'it')).toBe(codec.encode(value, 'it'))));
  });

  it('tells values apart that JSON confuses', () => {
    const confusable = [
      new Map(),
      new Set(),
      {},
      [],
      null,
      undefined,
      Number.NaN,
      0,
      -0,
      '0',
      0n,
      new Date(0),
      new Date(0).toISOString(),
      { a: undefined },
    ];
    expect(new Set(confusable.map((value) => digest(codec.encode(value, 'it')))).size).toBe(confusable.length);
  });

  it('gives instances of declared classes back as instances, nested ones too, without calling constructors', () => {
    const order = Object.assign(new Order(), { lines: [new Line('bolt', new Date(5))] });
    const back = typed.decode(typed.encode(order, 'it', Order), Order) as Order;
    expect(back).toBeInstanceOf(Order);
    expect(back.lines[0]).toBeInstanceOf(Line);
    expect(back).toEqual(order);
  });

  it('digests an instance like the plain object that stands for it', () => {
    const plain = { lines: [{ sku: 'bolt', due: new Date(5) }] };
    const order = Object.assign(new Order(), { lines: [new Line('bolt', new Date(5))] });
    expect(typed.encode(plain, 'it', Order)).toBe(typed.encode(order, 'it', Order));
  });

  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const deep = Array.from({ length: 500 }).reduce<unknown>((inner) => [inner], 1);
  it.each([
    ['a function', { on: { change: () => 1 } }, 'on.change is a function'],
    ['an instance of an undeclared class', { lines: [new Line('x', new Date())] }, 'lines[0] is an instance of Line'],
    ['a promise', { later: Promise.resolve() }, 'later is an instance of Promise'],
    ['a cycle', cycle, 'self is a reference to something that contains it'],
    ['a hole', Array(2).concat([1]), '[0] is a hole in an array'],
    ['a symbol', { kind: Symbol('x') }, 'kind is a symbol'],
    ['too deep a value', deep, 'nested more than 400 deep'],
  ])('refuses %s and names the path', (_what, value, message) => {
    expect(() => codec.encode(value, 'the input of inventory.reserve')).toThrow(UsageError);
    expect(() => codec.encode(value, 'the input of inventory.reserve')).toThrow(message);
    expect(() => codec.encode(value, 'the input of inventory.reserve')).toThrow('the input of inventory.reserve cannot be kept');
  });

  it('refuses a subclass where its base is declared, since it would come back as the base', () => {
    class Express extends Line {}
    expect(() => typed.encode(new Express('x', new Date()), 'it', Line)).toThrow('an instance of Express');
  });

  it('carries errors with class, code, details, stack and causes', () => {
    const root = Object.assign(new TypeError('socket'), { errno: -104 });
    const error = new CommandFailure('PROCESS_FAILED', 'the tool failed', { cause: root, details: { exitCode: 2 } });
    const back = carried(error) as CommandFailure;
    expect(back).toBeInstanceOf(CommandFailure);
    expect(back).toMatchObject({ code: 'PROCESS_FAILED', message: 'the tool failed', details: { exitCode: 2 }, stack: error.stack });
    expect(back.cause).toBeInstanceOf(TypeError);
    expect(back.cause).toMatchObject({ message: 'socket', errno: -104 });
  });

  it('carries an error of a foreign class with its name, and several errors in one', () => {
    class Declined extends Error {
      override name = 'Declined';
    }
    const back = carried(new AggregateError([new Declined('no money'), 'late'], 'both failed')) as AggregateError;
    expect(back).toBeInstanceOf(AggregateError);
    expect(back.errors[0]).toMatchObject({ name: 'Declined', message: 'no money' });
    expect(back.errors[1]).toBe('late');
  });
});

describe('a value that is carried', () => {
  class Flat {
    b?: unknown;
    a?: unknown;
  }
  const simple = fc.oneof(
    fc.string(),
    fc.boolean(),
    fc.double(),
    fc.constant(null),
    fc.constant(undefined),
    fc.constant(-0),
    fc.date(),
    fc.array(fc.integer()),
  );
  const fields = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$', '__proto__', 'constructor', 'b', 'a', '7')), simple);

  it('is the same revived as decoded from its text, the order of its keys included, however simple it is', () => {
    fc.assert(
      fc.property(fields, fc.boolean(), (value, asInstance) => {
        const given: object = asInstance ? Object.defineProperties(new Flat(), Object.getOwnPropertyDescriptors(value)) : value;
        const declared = asInstance ? Flat : undefined;
        const revived = codec.revive(codec.carry(given, 'it', declared), declared) as object;
        const decoded = codec.decode(codec.encode(given, 'it', declared), declared) as object;
        expect(isDeepStrictEqual(revived, decoded)).toBe(true);
        expect(Object.keys(revived)).toEqual(Object.keys(decoded));
        expect(Object.getPrototypeOf(revived)).toBe(Object.getPrototypeOf(decoded));
      }),
      { numRuns: 2000 },
    );
  });

  it('is a copy: what becomes of the original, or of another copy, does not reach it', () => {
    const given = { n: 1 };
    const carried = codec.carry(given, 'it');
    given.n = 2;
    (codec.revive(carried) as { n: number }).n = 3;
    expect([codec.revive(carried), carried.text]).toEqual([{ n: 1 }, '{"n":1}']);
  });
});

import { isDeepStrictEqual } from 'node:util';
import { Exclude, Expose, plainToInstance, Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsDate,
  IsDefined,
  IsEmail,
  IsEnum,
  IsIn,
  IsInstance,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  registerDecorator,
  useContainer,
  Validate,
  ValidateIf,
  ValidateNested,
  type ValidationArguments,
  type ValidationError,
  ValidatorConstraint,
  type ValidatorConstraintInterface,
  validate,
} from 'class-validator';
import fc from 'fast-check';
import { command, registeredCommand } from '../../../src/abstract/command.js';
import { field } from '../../../src/abstract/field.js';
import { declaredFieldClass } from '../../../src/abstract/fieldClasses.js';
import { PlainCommand } from '../../../src/abstract/PlainCommand.js';
import { paramsFieldsOf, readParams, type Violation } from '../../../src/abstract/params.js';
import { readResult } from '../../../src/abstract/results.js';
import type { Class } from '../../../src/kernel/Class.js';
import { Codec } from '../../../src/kernel/codec/Codec.js';
import { parseSecretReference } from '../../../src/kernel/secretReference.js';

class Line {
  @IsString()
  sku!: string;

  @IsInt()
  @Min(1)
  quantity = 1;

  @IsOptional()
  @IsDate()
  @Type(() => Date)
  due?: Date;

  @IsOptional()
  @ValidateNested()
  @Type(() => Line)
  part?: Line;
}

class Order {
  @IsString()
  id!: string;

  @IsArray()
  @ArrayMaxSize(200)
  @ValidateNested({ each: true })
  @Type(() => Line)
  lines: Line[] = [];

  @IsOptional()
  @IsString({ each: true })
  tags?: string[];

  @IsObject()
  meta: Record<string, unknown> = {};
}

const LINE = { sku: 'bolt', quantity: 1 };

/** What is refused, or an empty list. */
async function violations(type: Class<object>, given: unknown, read: typeof readParams = readParams): Promise<readonly Violation[]> {
  try {
    await read(type, given, 'place-order');
    return [];
  } catch (error) {
    return (error as { details: { violations: readonly Violation[] } }).details.violations;
  }
}

async function refused(type: Class<object>, given: unknown, read?: typeof readParams): Promise<string[]> {
  return (await violations(type, given, read)).map(({ path, message }) => `${path}: ${message}`);
}

describe('params', () => {
  it('become an instance of their class, nested ones too', async () => {
    const order = await readParams(Order, { id: 'o', lines: [LINE], tags: ['x'] }, 'place-order');
    expect(order).toBeInstanceOf(Order);
    expect(order.lines[0]).toBeInstanceOf(Line);
    expect(order).toEqual({ id: 'o', lines: [LINE], tags: ['x'], meta: {} });
  });

  it('are given back without waiting where no rule has to be waited for', () => {
    expect(readParams(Order, { id: 'o', lines: [LINE] }, 'place-order')).toBeInstanceOf(Order);
  });

  it('are refused with every violation and its path, without the property in the message', async () => {
    const given = { id: 7, lines: [{ sku: 'a', quantity: 0 }, { quantity: 1.5, part: { sku: 1 } }, 'x'], tags: [1] };
    await expect(readParams(Order, given, 'place-order')).rejects.toMatchObject({
      code: 'PARAMS_INVALID',
      message: expect.stringMatching(/^The params of place-order are not valid: id: must be a string; lines\[0\].quantity: must not/),
    });
    expect(await refused(Order, given)).toEqual([
      'id: must be a string',
      'lines[0].quantity: must not be less than 1',
      'lines[1].sku: must be a string',
      'lines[1].quantity: must be an integer number',
      'lines[1].part.sku: must be a string',
      'lines[2]: must be either object or array',
      'tags: each value must be a string',
    ]);
  });

  it('are refused with properties that their class does not know, at every depth', async () => {
    const given = { id: 'o', colour: 1, lines: [{ ...LINE, colour: 'red', part: { ...LINE, size: 2 } }] };
    expect(await refused(Order, given)).toEqual([
      'colour: property colour should not exist',
      'lines[0].colour: property colour should not exist',
      'lines[0].part.size: property size should not exist',
    ]);
  });

  it('are refused with the name of a method, which class-transformer would pass over', async () => {
    class Counter {
      @IsInt()
      count = 0;

      next(): number {
        return this.count + 1;
      }
    }
    expect(await refused(Counter, { next: 1, toString: 'x' })).toEqual([
      'next: property next should not exist',
      'toString: property toString should not exist',
    ]);
  });

  it.each([
    ['a string', 'sk_live_1'],
    ['a number', 7],
    ['a list', [1]],
    ['null', null],
    ['undefined', undefined],
    ['an instance of Map', new Map()],
    ['an instance of Promise', Promise.resolve({})],
  ])('that are %s are no params', async (what, given) => {
    expect(await refused(Order, given)).toEqual([`: must be an object, and it is ${what}`]);
  });

  it('never show a value that was refused', async () => {
    class Sensitive {
      @IsInt()
      one!: number;

      @Type(() => Date)
      @IsDate()
      two!: Date;

      @Transform(({ value }) => BigInt(value))
      @IsDefined()
      three!: bigint;
    }
    const given = { one: 'sk_live_1', two: 'sk_live_2', three: 'sk_live_3', four: 'sk_live_4' };
    const error = await Promise.resolve(readParams(Sensitive, given, 'pay')).catch((thrown: unknown) => thrown);
    expect(new Codec().encodeError(error)).not.toContain('sk_live');
    expect(await refused(Sensitive, given)).toEqual([
      'three: could not be converted: its @Transform threw a SyntaxError',
      'four: property four should not exist',
      'one: must be an integer number',
      'two: must be a Date instance',
    ]);
  });

  it('name the entries of a map by key and those of a set by place', async () => {
    class Stock {
      @ValidateNested({ each: true })
      @Type(() => Line)
      bySku!: Map<string, Line>;
    }
    class Counts {
      @IsInt({ each: true })
      counts!: Set<number>;
    }
    class Lines {
      @ValidateNested({ each: true })
      @Type(() => Line)
      lines!: Set<Line>;
    }
    expect(await refused(Stock, { bySku: new Map([['bolt', { sku: 1 }]]) })).toEqual(['bySku.bolt.sku: must be a string']);
    expect(await refused(Counts, { counts: new Set(['x']) })).toEqual(['counts: each value must be an integer number']);
    expect(await refused(Lines, { lines: new Set([{ sku: 2 }]) })).toEqual(['lines[0].sku: must be a string']);
    expect(await readParams(Counts, { counts: new Set([1]) }, 'stock')).toEqual({ counts: new Set([1]) });
    const { bySku } = await readParams(Stock, { bySku: new Map([['bolt', LINE]]) }, 'stock');
    const { lines } = await readParams(Lines, { lines: new Set([LINE]) }, 'stock');
    expect([bySku.get('bolt'), ...lines]).toEqual([expect.any(Line), expect.any(Line)]);
  });

  it('keep bytes, which class-transformer would lose', async () => {
    class Upload {
      @IsInstance(Uint8Array)
      body!: Uint8Array;
    }
    expect(await readParams(Upload, { body: new Uint8Array([1, 2]) }, 'upload')).toEqual({ body: new Uint8Array([1, 2]) });
  });

  it('reach a setter that has a rule', async () => {
    class Doubled {
      private one = 0;

      @IsInt()
      get twice(): number {
        return this.one * 2;
      }

      set twice(value: number) {
        this.one = value / 2;
      }
    }
    Allow()(Doubled.prototype, 'one');
    expect(await readParams(Doubled, { twice: 4 }, 'any')).toMatchObject({ one: 2, twice: 4 });
  });

  it('do not change when the lists and objects that were given do', async () => {
    const given = { id: 'o', tags: ['x'], meta: { deep: { n: 1 } }, lines: [] };
    const read = await readParams(Order, given, 'place-order');
    given.tags.push('y');
    given.meta.deep.n = 2;
    expect(read).toMatchObject({ tags: ['x'], meta: { deep: { n: 1 } } });
  });
});

describe('keys that reach a prototype', () => {
  it.each(['__proto__', 'constructor', 'prototype'])('are refused wherever %s stands, and change nothing', async (key) => {
    const bad = `{"${key}":{"polluted":true,"prototype":{"polluted":true}}}`;
    const given = JSON.parse(
      `{"id":"o","lines":[{"sku":"a","part":${bad.replace('{', '{"sku":"b",')}}],"tags":["x",${bad}],"meta":${bad}}`,
    );
    given[key] = undefined;
    Object.defineProperty(given, key, { value: { polluted: true }, enumerable: true });
    const paths = (await violations(Order, given))
      .filter(({ message }) => message === `property ${key} should not exist`)
      .map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set([key, `lines[0].part.${key}`, `meta.${key}`, `tags[1].${key}`]));
    expect({}).not.toHaveProperty('polluted');
    expect(new Order()).not.toHaveProperty('polluted');
  });

  it('are refused where class-transformer reads the class', async () => {
    class Shown {
      @Expose({ name: 'order_id' })
      @IsObject()
      orderId!: object;
    }
    expect(await refused(Shown, JSON.parse('{"order_id":{"__proto__":{"polluted":true}},"constructor":1}'))).toEqual(
      ['constructor: property constructor should not exist', '__proto__: property __proto__ should not exist'].map((text) =>
        text.replace(/^__proto__/, 'order_id.__proto__'),
      ),
    );
    expect({}).not.toHaveProperty('polluted');
  });
});

describe('absurd params', () => {
  it('that contain themselves are refused', async () => {
    const line: Record<string, unknown> = { ...LINE };
    line.part = line;
    const meta: Record<string, unknown> = {};
    meta.list = [meta];
    expect(await refused(Order, { id: 'o', lines: [line], meta })).toEqual([
      'lines[0].part: contains itself',
      'meta.list[0]: contains itself',
    ]);
  });

  it('that are nested more than 100 levels deep are refused, and those of 100 levels are not', async () => {
    const nested = (levels: number): object => (levels === 0 ? LINE : { ...LINE, part: nested(levels - 1) });
    expect(await violations(Order, { id: 'o', lines: [nested(97)] })).toEqual([]);
    const [violation, ...more] = await violations(Order, { id: 'o', lines: [nested(98)] });
    expect(violation).toMatchObject({
      path: expect.stringMatching(/^lines\[0\](\.part){98}$/),
      message: 'is nested more than 100 levels deep',
    });
    expect(more).toEqual([]);
    const list = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    expect(await refused(Order, { id: 'o', meta: { list } })).toEqual([
      expect.stringMatching(/^meta.list\[0\].*: is nested more than 100/),
    ]);
  });

  it('that hold one list again and again are refused before they fill the memory', async () => {
    let list: unknown[] = [1];
    for (let level = 0; level < 40; level += 1) list = [list, list];
    expect(await refused(Order, { id: 7, meta: { list } })).toEqual([
      expect.stringMatching(/^meta.list\[0\].*: holds more than 100000 lists/),
    ]);
  });
});

describe('values', () => {
  class Visit {
    @IsInt()
    guests!: number;

    @Type(() => Date)
    @IsDate()
    at!: Date;

    @IsOptional()
    @Transform(({ value, obj }) => (typeof value === 'string' ? `${obj.guests}:${value.trim()}` : value))
    @IsString()
    note: string | null = ' none ';

    @IsBoolean()
    paid = false;
  }
  const at = '2026-01-02T03:04:05.000Z';

  it('are converted only where the class says so', async () => {
    expect(await refused(Visit, { guests: '5', at, paid: 'true' })).toEqual([
      'guests: must be an integer number',
      'paid: must be a boolean value',
    ]);
    expect(await readParams(Visit, { guests: 5, at, note: ' x ' }, 'visit')).toEqual({
      guests: 5,
      at: new Date(at),
      note: '5:x',
      paid: false,
    });
  });

  it.each<unknown>(['not a date', '', {}, [at], { toString: 1, valueOf: 1 }])('that are no date are refused as one: %j', async (wrong) => {
    expect(await refused(Visit, { guests: 5, at: wrong })).toEqual([
      expect.stringMatching(/^at: (must be a Date instance|could not be converted to Date)$/),
    ]);
  });

  it('of an initialiser stand in for what is absent or undefined, and not for null', async () => {
    expect(await readParams(Visit, { guests: 5, at, note: undefined }, 'visit')).toMatchObject({ note: '5:none', paid: false });
    expect(await readParams(Visit, { guests: 5, at, note: null }, 'visit')).toMatchObject({ note: null });
    expect(await readParams(Visit, Object.assign(new Visit(), { guests: 5, at, paid: undefined }), 'visit')).toMatchObject({ paid: false });
    expect(await refused(Visit, { guests: 5, at, paid: null })).toEqual(['paid: must be a boolean value']);
    expect(await readParams(Order, { id: 'o', lines: [{ sku: 'a', quantity: undefined }] }, 'order')).toMatchObject({
      lines: [{ quantity: 1 }],
    });
  });

  it('are converted as class-transformer was told, in a subclass as that says', async () => {
    class Base {
      @Type(() => Number)
      @IsNumber()
      one: unknown = '1';

      @Type(() => Number)
      @Allow()
      two: unknown = '2';
    }
    class Derived extends Base {
      @Type(() => String)
      override two: unknown = 3;

      @Transform(() => 'in a group', { groups: ['some'] })
      @IsInt()
      three = 3;
    }
    class Collected {
      @Type(() => Line)
      @Reflect.metadata('design:type', Set)
      @ValidateNested({ each: true })
      lines!: Set<Line>;
    }
    @Exclude()
    class Closed {
      @IsInt()
      one = 1;
    }
    expect(await readParams(Derived, {}, 'any')).toEqual({ one: 1, two: '3', three: 3 });
    expect(await readParams(Collected, { lines: [LINE] }, 'any')).toEqual({ lines: new Set([LINE]) });
    expect(await readParams(Closed, { one: 5 }, 'any')).toEqual({ one: 1 });
  });

  it('that class-transformer cannot take are refused without showing them', async () => {
    class Amount {
      @Expose({ name: 'in_cents' })
      @Transform(({ value }) => BigInt(value ?? 0))
      @IsDefined()
      cents!: bigint;
    }
    expect(await refused(Amount, { in_cents: 'sk_live' })).toEqual([': could not be made a Amount: class-transformer threw a SyntaxError']);
  });

  it('of a class that cannot be made without arguments are refused with the reason', async () => {
    class Money {
      @IsInt()
      cents: number;

      constructor(from: { cents: number }) {
        this.cents = from.cents;
      }
    }
    class Bill {
      @ValidateNested()
      @Type(() => Money)
      total!: Money;
    }
    expect(await refused(Bill, { total: { cents: 1 } })).toEqual([
      'total: could not be made a Money: without arguments, its constructor threw a TypeError',
    ]);
  });
});

describe('a secret field', () => {
  class Charge {
    @field({ secret: true })
    @IsString()
    key!: string;

    @field({ secret: true })
    @IsOptional()
    @IsString()
    @MaxLength(10, { message: 'not $value' })
    other?: string;
  }
  class Charges {
    @ValidateNested({ each: true })
    @Type(() => Charge)
    all!: Charge[];
  }
  const HIDDEN = 'must be a reference to a secret, such as env:NAME; what was given is not shown';

  it('takes a reference, and may be empty where its rules say so', async () => {
    expect(readParams(Charge, { key: 'env:STRIPE_KEY' }, 'charge')).toBeInstanceOf(Charge);
    expect(await refused(Charge, {})).toEqual(['key: must be a string']);
  });

  it.each(['sk_live_51H', 'a long: secret', 'ENV:KEY', 'env:', ':KEY', '', 7, ['env:KEY'], { a: 'sk' }, 'postgres://me:pw@host/db'])(
    'refuses %j, at every depth, and says nothing else of it',
    async (value) => {
      expect(await refused(Charge, { key: value, other: value })).toEqual([`key: ${HIDDEN}`, `other: ${HIDDEN}`]);
      expect(await refused(Charges, { all: [{ key: 'env:A' }, { key: value }] })).toEqual([`all[1].key: ${HIDDEN}`]);
    },
  );

  it('is found beside an instance that contains itself', async () => {
    class Ring {
      readonly self = this;
    }
    class Held extends Charge {
      @IsInstance(Ring)
      ring!: Ring;
    }
    expect(await refused(Held, { key: 'sk_live', ring: new Ring() })).toEqual([`key: ${HIDDEN}`]);
  });

  it('stays one in a subclass that declares its rules anew', async () => {
    class Refund extends Charge {
      @IsString()
      override key = 'env:KEY';
    }
    expect(await refused(Refund, { key: 'sk_live' })).toEqual([`key: ${HIDDEN}`]);
  });

  it('is marked in the list of fields', () => {
    expect(paramsFieldsOf(Charge).map(({ name, secret }) => [name, secret])).toEqual([
      ['key', true],
      ['other', true],
    ]);
  });

  it.each([
    ['env:STRIPE_KEY', { provider: 'env', name: 'STRIPE_KEY' }],
    ['1password:vault/item#field', { provider: '1password', name: 'vault/item#field' }],
    ['file:/run/secrets/x:y', { provider: 'file', name: '/run/secrets/x:y' }],
    ['https://host/path', undefined],
    [`env:${'x'.repeat(600)}`, undefined],
    ['env:A\nB', undefined],
  ])('refers with %j to %j', (text, reference) => expect(parseSecretReference(text)).toEqual(reference));
});

describe('rules', () => {
  enum Colour {
    Red = 'red',
    Blue = 'blue',
  }

  @ValidatorConstraint()
  class LowerCase implements ValidatorConstraintInterface {
    validate(value: unknown): boolean {
      return typeof value === 'string' && value === value.toLowerCase();
    }
  }

  @ValidatorConstraint({ async: true })
  class NotTaken implements ValidatorConstraintInterface {
    async validate(value: unknown): Promise<boolean> {
      return value !== 'b';
    }
  }

  /** Answers later and does not say so in advance. */
  function IsFree() {
    return (target: object, propertyName: string): void => {
      const validator = { validate: async (value: unknown) => value !== 'a', defaultMessage: () => '$property is taken' };
      registerDecorator({ name: 'isFree', target: target.constructor, propertyName, validator });
    };
  }

  function IsLongerThan(other: string) {
    return (target: object, propertyName: string): void => {
      const validate = (value: unknown, { object, constraints }: ValidationArguments = {} as never): boolean =>
        String(value).length > String((object as Record<string, unknown>)[constraints[0]]).length;
      registerDecorator({ name: 'isLonger', target: target.constructor, propertyName, constraints: [other], validator: { validate } });
    };
  }

  class Base {
    @IsUUID()
    id!: string;

    @IsString()
    @Length(1, 5)
    name!: string;

    @IsOptional()
    @IsInt()
    rank?: number;
  }

  class Wide extends Base {
    @MaxLength(2)
    override name = 'a';

    @IsOptional()
    @IsEnum(Colour)
    colour?: Colour;

    @ValidateIf((wide: Wide) => wide.colour === Colour.Red)
    @ValidateIf((_wide, value) => value !== 'none')
    @IsNumber()
    @Max(10)
    shade?: number;

    @IsArray()
    @ArrayMaxSize(3)
    @ArrayUnique()
    @IsIn(['a', 'b', 'c'], { each: true })
    tags = ['a'];

    @IsString({ each: true })
    @Matches(/^[ab]+$/, { each: true })
    words!: string[];

    @Validate(LowerCase)
    lower!: string;

    @IsLongerThan('lower')
    longer!: string;

    @IsBoolean({ groups: ['some'] })
    flag = false;

    @IsString({ validateIf: (_wide, value) => value !== null })
    maybe!: string | null;

    @IsDefined()
    something: unknown;

    @Allow()
    free: unknown;

    @IsObject()
    meta = {};
  }

  class Nested {
    @IsArray()
    @ArrayMaxSize(2)
    @ValidateNested({ each: true })
    @Type(() => Line)
    lines!: Line[];

    @ValidateNested()
    @Type(() => Line)
    main!: Line;

    @Type(() => Number)
    @IsNumber()
    total!: number;

    @Type(() => Date)
    @IsDate({ each: true })
    dates!: Date[];

    @IsOptional()
    @ValidateNested()
    bare?: object;
  }

  class Changed {
    @Transform(({ value }) => (typeof value === 'string' ? value.trim() : value))
    @Transform(({ value, key, obj }) => (value === key ? Object.keys(obj).length : value), { toClassOnly: true })
    @IsIn(['a', 'b', 4])
    text: unknown = ' a ';

    @Transform(() => 'never', { toPlainOnly: true })
    @IsOptional()
    @IsEmail()
    mail?: string;

    @Type(() => Line)
    @Transform(({ value }) => value ?? [])
    @ValidateNested({ each: true })
    lines!: Line[];
  }

  class Exposed {
    @Expose({ name: 'order_id' })
    @IsString()
    orderId!: string;

    @Exclude()
    @IsOptional()
    @IsString()
    hidden?: string;

    @Type((help) => (help?.object.order_id === 'a' ? Line : Exposed))
    @IsOptional()
    @ValidateNested()
    inner?: object;
  }

  class Note {
    @IsString()
    text!: string;
  }

  class Dynamic {
    @IsIn(['line', 'note'])
    kind!: string;

    @Type((help) => (help?.object.kind === 'line' ? Line : Note))
    @ValidateNested()
    inner!: object;
  }

  class Discriminated {
    @Type(() => Note, { discriminator: { property: 'is', subTypes: [{ name: 'line', value: Line }] } })
    @ValidateNested({ each: true })
    all!: object[];
  }

  class Waiting {
    @Validate(NotTaken)
    one!: string;

    @IsFree()
    two!: string;

    @IsFree()
    @IsString({ each: true })
    three!: string[];
  }

  const text = fc.constantFrom('', 'a', 'b', 'ab', 'A', 'red', 'none', ' a ', 'text', 'two words', 'x@y.org');
  const leaf = fc.oneof(text, fc.integer({ min: -2, max: 12 }), fc.double(), fc.boolean(), fc.constant(null));
  const anything = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('x', 'sku', 'order_id'), leaf, { noNullPrototype: true }),
    fc.constant([[]]),
  );
  const mostly = (right: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
    fc.oneof({ arbitrary: right, weight: 12 }, { arbitrary: anything, weight: 1 });
  const date = fc.oneof(fc.date({ noInvalidDate: true }).map(String), fc.date(), fc.constant(null));
  const given = (fields: Record<string, fc.Arbitrary<unknown>>, required: readonly string[]): fc.Arbitrary<object> =>
    fc.record(
      { ...Object.fromEntries(Object.entries(fields).map(([name, right]) => [name, mostly(right)])), extra: leaf },
      { requiredKeys: [...required] as never[] },
    );
  const withoutExtra = (all: fc.Arbitrary<object>): fc.Arbitrary<object> =>
    fc
      .tuple(all, fc.integer({ min: 0, max: 4 }))
      .map(([value, n]) => (n === 0 ? value : Object.fromEntries(Object.entries(value).filter(([key]) => key !== 'extra'))));
  const { line } = fc.letrec<{ line: object }>((tie) => ({
    line: withoutExtra(
      given(
        { sku: text, quantity: fc.integer({ min: 1, max: 9 }), due: date, part: fc.oneof({ maxDepth: 2 }, fc.constant(null), tie('line')) },
        ['sku'],
      ),
    ),
  }));

  const WIDE = {
    id: fc.uuid(),
    name: fc.constantFrom('a', 'ab'),
    rank: fc.integer(),
    colour: fc.constantFrom('red', 'blue', null),
    shade: fc.integer({ max: 10 }),
    tags: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
    words: fc.array(fc.constantFrom('a', 'bb'), { maxLength: 3 }),
    lower: fc.constantFrom('a', 'b'),
    longer: fc.constantFrom('aa', 'bcd'),
    flag: fc.boolean(),
    maybe: fc.constantFrom('a', null),
    something: leaf,
    free: anything,
    meta: fc.dictionary(fc.constantFrom('x', 'y'), anything, { noNullPrototype: true }),
  };
  const NESTED = {
    lines: fc.array(line, { maxLength: 2 }),
    main: line,
    total: fc.oneof(fc.integer(), fc.constant('7')),
    dates: fc.array(date, { maxLength: 2 }),
    bare: fc.constant({}),
  };
  const cases: [string, Class<object>, fc.Arbitrary<object>, 'often' | 'never'][] = [
    ['flat and inherited', Wide, given(WIDE, ['id', 'name', 'shade', 'words', 'lower', 'longer', 'maybe', 'something']), 'often'],
    ['nested', Nested, given(NESTED, ['lines', 'main', 'total', 'dates']), 'often'],
    [
      'transformed',
      Changed,
      given({ text: fc.constantFrom('a', ' b', 'text'), mail: fc.constant('x@y.org'), lines: fc.array(line, { maxLength: 2 }) }, []),
      'often',
    ],
    [
      'exposed',
      Exposed,
      given({ order_id: text, hidden: text, inner: fc.oneof(line, fc.record({ order_id: text })) }, ['order_id']),
      'often',
    ],
    [
      'dynamic',
      Dynamic,
      given({ kind: fc.constantFrom('line', 'note'), inner: fc.oneof(line, fc.record({ text })) }, ['kind', 'inner']),
      'often',
    ],
    [
      'discriminated',
      Discriminated,
      given(
        {
          all: fc.array(
            fc.oneof(
              line.map((one) => ({ ...one, is: 'line' })),
              fc.record({ text }),
            ),
            { minLength: 1, maxLength: 2 },
          ),
        },
        ['all'],
      ),
      'often',
    ],
    ['asynchronous', Waiting, given({ one: text, two: text, three: fc.array(text, { maxLength: 2 }) }, ['one', 'two', 'three']), 'never'],
  ];

  const OPTIONS = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false };
  /** class-transformer takes the discriminator out of what it is given. */
  function copyOf(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(copyOf);
    if (typeof value !== 'object' || value === null || value instanceof Date) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)]));
  }

  /** What class-transformer and class-validator alone make of it. */
  async function verdictAlone(type: Class<object>, value: object): Promise<{ instance: object; paths: string[] }> {
    try {
      const instance = plainToInstance(type, { ...new type(), ...(copyOf(value) as object) });
      return { instance, paths: pathsOf(await validate(instance, OPTIONS)) };
    } catch {
      return { instance: value, paths: [''] };
    }
  }

  function pathsOf(errors: readonly ValidationError[], above = ''): string[] {
    return errors.flatMap(({ property, constraints = {}, children = [] }) => {
      const path = /^\d+$/.test(property) ? `${above}[${property}]` : above ? `${above}.${property}` : property;
      return [...Object.keys(constraints).map(() => path), ...pathsOf(children, path)];
    });
  }

  it.each(cases)('of a class that is %s decide as class-validator alone does', async (_what, type, values, atOnce) => {
    const seen = { atOnce: 0, accepted: 0, refused: 0 };
    const property = fc.asyncProperty(withoutExtra(values), async (value) => {
      const alone = await verdictAlone(type, value);
      const read = readParams(type, value, 'any');
      if (!(read instanceof Promise)) seen.atOnce += 1;
      if (alone.paths.length === 0) {
        seen.accepted += 1;
        return isDeepStrictEqual(await read, alone.instance);
      }
      seen.refused += 1;
      const paths = await Promise.resolve(read).then(
        () => [],
        (error) => error.details.violations.map(({ path }: Violation) => path),
      );
      return isDeepStrictEqual(paths.toSorted(), alone.paths.toSorted());
    });
    await fc.assert(property, { numRuns: 600 });
    expect(seen.accepted).toBeGreaterThan(30);
    expect(seen.refused).toBeGreaterThan(30);
    expect(seen.atOnce > 30 ? 'often' : 'never').toBe(atOnce);
  });

  it('that answer later are asked once for each value, also when they do not say so in advance', async () => {
    class Counted {
      @IsString()
      name!: string;
    }
    class Announced extends Counted {}
    const asked = { counted: 0, announced: 0 };
    for (const [target, name, isAnnounced] of [
      [Counted, 'counted', false],
      [Announced, 'announced', true],
    ] as const) {
      const validator = {
        validate: async () => {
          asked[name] += 1;
          return true;
        },
      };
      registerDecorator({ name, target, propertyName: 'name', async: isAnnounced, validator });
    }
    for (let time = 0; time < 5; time += 1) await readParams(Counted, { name: 'x' }, 'any');
    expect(asked.counted).toBe(6); // The first time showed it.
    asked.counted = 0;
    for (let time = 0; time < 5; time += 1) await readParams(Announced, { name: 'x' }, 'any');
    expect(asked).toEqual({ counted: 0, announced: 5 }); // Rules on the same field of a subclass stand for those of its base.
  });

  it('of a class of their own come from the container of class-validator, each time', async () => {
    class Word {
      @Validate(LowerCase)
      word!: string;
    }
    expect(await refused(Word, { word: 'A' })).toEqual(['word: breaks the rule LowerCase']);
    const own = { get: (type: unknown) => (type === LowerCase ? { validate: () => true } : undefined) };
    useContainer(own as Parameters<typeof useContainer>[0], { fallback: true });
    expect(readParams(Word, { word: 'A' }, 'any')).toBeInstanceOf(Word);
    useContainer(undefined as never);
    expect(await refused(Word, { word: 'A' })).toHaveLength(1);
  });

  it('that fail reject with their own error', async () => {
    class Broken {
      name!: string;
    }
    const failing = { validate: () => Promise.reject(new Error('database down')) };
    registerDecorator({ name: 'failing', target: Broken, propertyName: 'name', validator: failing });
    await expect(readParams(Broken, { name: 'x' }, 'any')).rejects.toThrow('database down');
    class Thrower {
      name!: string;
    }
    const throwing = { validate: () => JSON.parse('{') };
    registerDecorator({ name: 'throwing', target: Thrower, propertyName: 'name', validator: throwing });
    await expect(readParams(Thrower, { name: 'x' }, 'any')).rejects.toThrow(SyntaxError);
  });

  it('without a message are named', async () => {
    class Silent {
      name!: string;
    }
    registerDecorator({ name: 'isQuiet', target: Silent, propertyName: 'name', validator: { validate: () => false } });
    expect(await refused(Silent, { name: 'x' })).toEqual(['name: breaks the rule isQuiet']);
  });
});

describe('a result', () => {
  const order = (): Order => Object.assign(new Order(), { id: 'o', lines: [Object.assign(new Line(), LINE)] });

  it.each([
    ['a plain object', () => ({ id: 'o', lines: [LINE] })],
    ['an instance', order],
    ['an instance that holds plain objects', () => Object.assign(new Order(), { id: 'o', lines: [LINE] })],
  ])('of its declared class may be %s, and is kept as an instance that the journal carries', async (_what, made) => {
    const codec = new Codec(declaredFieldClass);
    const read = await readResult(Order, made(), 'place-order');
    const carried = codec.decode(codec.encode(read, 'the result', Order), Order) as Order;
    for (const result of [read, carried]) {
      expect(result).toBeInstanceOf(Order);
      expect(result.lines[0]).toBeInstanceOf(Line);
      expect(result).toEqual(order());
    }
  });

  it('is refused with every violation and its path', async () => {
    const wrong = Object.assign(order(), { id: 1, lines: [{ sku: 'a', colour: 'red' }], size: 2 });
    await expect(readResult(Order, wrong, 'place-order')).rejects.toMatchObject({
      code: 'RESULT_INVALID',
      message: expect.stringContaining(
        'The result of place-order is not valid: size: property size should not exist; id: must be a string',
      ),
      details: { violations: [{ path: 'size' }, { path: 'id' }, { path: 'lines[0].colour' }] },
    });
  });

  it('is refused with a key that reaches a prototype, also as an instance', async () => {
    const wrong = Object.assign(order(), { constructor: Line });
    expect(await refused(Order, wrong, readResult)).toEqual(['constructor: property constructor should not exist']);
  });

  it('keeps the fields of an instance as they are, without constructor, defaults and conversions', async () => {
    class Receipt {
      @IsInt()
      @Transform(({ value }) => value + 1)
      cents: number;

      @IsOptional()
      @IsString()
      note?: string | undefined = 'none';

      constructor(from: { cents: number }) {
        this.cents = from.cents;
        this.note = undefined;
      }
    }
    const read = await readResult(Receipt, new Receipt({ cents: 5 }), 'pay');
    expect(read).toBeInstanceOf(Receipt);
    expect(Object.entries(read)).toEqual([
      ['cents', 5],
      ['note', undefined],
    ]);
    expect(await refused(Receipt, { cents: 5 }, readResult)).toEqual([
      ': could not be made a Receipt: without arguments, its constructor threw a TypeError',
    ]);
  });

  it('of a class without rules is given back as it is', () => {
    class Free {
      anything?: unknown;
    }
    const free = { anything: [1], more: 2 };
    expect(readResult(Free, free, 'free')).toBe(free);
  });

  it.each([
    [String, 'x'],
    [Number, 0],
    [Boolean, false],
    [Array, [1]],
    [Map, new Map()],
    [Date, new Date(0)],
    [Uint8Array, Buffer.from('x')],
    [Object, { a: 1 }],
  ] as [Class<unknown>, unknown][])('of the built-in class %p is given back as it is', (type, value) => {
    expect(readResult(type, value, 'any')).toBe(value);
  });

  class Special extends Order {}
  it.each([
    [String, 7, 'must be a string, and it is a number'],
    [Array, {}, 'must be an instance of Array, and it is a plain object'],
    [Date, 'x', 'must be an instance of Date, and it is a string'],
    [Order, [order()], 'must be a Order or a plain object, and it is a list'],
    [Order, 'x', 'must be a Order or a plain object, and it is a string'],
    [Order, null, 'must be a Order or a plain object, and it is null'],
    [Order, undefined, 'must be a Order or a plain object, and it is undefined'],
    [Order, new Special(), 'must be a Order or a plain object, and it is an instance of Special'],
  ] as [Class<object>, unknown, string][])('declared as %p is refused where it is something else: %j', async (type, value, message) => {
    expect(await refused(type, value, readResult)).toEqual([`: ${message}`]);
  });
});

describe('registration names', () => {
  function registered(params: Class<object>): unknown {
    @command({ name: 'any', params })
    class Any extends PlainCommand<object, void> {
      async run(): Promise<void> {}
    }
    try {
      return registeredCommand(Any).name;
    } catch (error) {
      return error;
    }
  }

  function failure(fields: readonly string[], ...messages: readonly string[]): object {
    const message = expect.stringMatching(new RegExp(messages.map((part) => part.replaceAll(/[.()]/g, '\\$&')).join('.*')));
    return expect.objectContaining({ code: 'PARAMS_WITHOUT_RULES', details: expect.objectContaining({ fields }), message });
  }

  it('nothing of params whose every field is checked, also where they contain themselves', () => {
    class Free {
      @Allow()
      anything: unknown;
    }
    for (const params of [Order, Line, Free]) expect(registered(params)).toBe('any');
  });

  it('fields without a rule, also those of nested classes, by path', () => {
    class Bare {
      @IsString()
      sku!: string;

      size = 1;

      @field({ description: 'what it is' })
      kind!: string;

      @ValidateNested()
      @Type(() => Bare)
      inner?: Bare;

      @field({ description: 'set from outside' })
      set weight(_value: number) {}

      @Type(() => Date)
      set until(_value: Date) {}
    }
    class Outer {
      @ValidateNested({ each: true })
      @Type(() => Bare)
      lines!: Bare[];

      @Transform(({ value }) => value)
      note!: string;
    }
    expect(registered(Outer)).toEqual(
      failure(
        ['lines.size', 'lines.kind', 'lines.weight', 'lines.until', 'note'],
        'Outer.lines.size, lines.kind, lines.weight, lines.until, note of Any have no',
      ),
    );
  });

  it('fields with conditions only, and rules of a class that class-validator passes over', () => {
    class Nothing {
      validate(): boolean {
        return false;
      }
    }
    class Loose {
      @IsOptional()
      note?: string;

      @Validate(Nothing)
      other!: string;
    }
    expect(registered(Loose)).toEqual(failure(['note', 'other'], 'Loose.note, other of Any have no rule that checks it'));
  });

  it('nested fields whose class nobody knows, and classes whose rules nobody asks', () => {
    class Untyped {
      @ValidateNested({ each: true })
      lines!: Line[];

      @IsArray()
      @Type(() => Line)
      more!: Line[];
    }
    expect(registered(Untyped)).toEqual(
      failure(
        ['lines', 'more'],
        'Untyped.lines of Any has @ValidateNested() without @Type',
        'Untyped.more of Any has @Type with a class that has rules, and no @ValidateNested()',
      ),
    );
  });
});

import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsDate,
  IsEmail,
  IsEnum,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  ValidateNested,
} from 'class-validator';
import { Command } from 'commander';
import type { Application } from '../../../src/cli/Application.js';
import { addOwnOptions, ownOptionsOf } from '../../../src/cli/ownOptions.js';
import { addParams, inFlags, paramsFrom } from '../../../src/cli/paramsOptions.js';
import { type Class, type Default, field, UsageError } from '../../../src/index.js';

enum Colour {
  Red = 'red',
  Blue = 'blue',
}

class Base {
  @field({ description: 'who it is for', positional: 0 })
  @IsString()
  orderId!: string;
}

class Params extends Base {
  @IsInt()
  copies: Default<number> = 2;

  @IsNumber()
  @IsOptional()
  maxWeight?: number;

  @IsArray()
  @IsString({ each: true })
  @IsOptional()
  tags?: string[];

  @IsBoolean()
  dryRun: Default<boolean> = false;

  @IsEnum(Colour)
  @IsOptional()
  colour?: Colour;

  @field({ description: 'how loud', short: 'l' })
  @IsIn(['low', 'high'])
  level: Default<string> = 'low';
}

function targetFor(params: Class<object>): Command {
  const target = new Command('test').exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  addParams(target, params);
  return target;
}

function parseAs(params: Class<object>, ...args: string[]): object {
  const target = targetFor(params);
  target.parse(args, { from: 'user' });
  return paramsFrom(target, params);
}

const parse = (...args: string[]): object => parseAs(Params, ...args);

describe('flags from a params class', () => {
  it('give only what was said, so that the class keeps its defaults', () => {
    expect(parse('42')).toEqual({ orderId: '42' });
  });

  it('are typed by the rules, inherited and optional fields included', () => {
    expect(parse('42', '--copies', '3', '--max-weight', '1.5', '--dry-run', '--colour', 'blue', '-l', 'high')).toEqual({
      orderId: '42',
      copies: 3,
      maxWeight: 1.5,
      dryRun: true,
      colour: 'blue',
      level: 'high',
    });
  });

  it('take lists in one flag or in several', () => {
    expect(parse('42', '--tags', 'a,b', '--tags', 'c')).toMatchObject({ tags: ['a', 'b', 'c'] });
  });

  it.each([
    ['a number that is none', ['42', '--copies', 'many'], /'many' is invalid.*not a number/],
    ['a choice that is none', ['42', '--colour', 'green'], /Allowed choices are red, blue/],
    ['a missing argument', [], /missing required argument 'order-id'/],
    ['an unknown flag', ['42', '--colr', 'x'], /unknown option '--colr'/],
  ])('refuse %s', (_what, args, message) => {
    expect(() => parse(...args)).toThrow(message);
  });
});

describe('a truth', () => {
  class Switches {
    @IsBoolean()
    compress: Default<boolean> = true;

    @IsBoolean()
    @IsOptional()
    colour?: boolean;

    @IsBoolean()
    noCache: Default<boolean> = false;
  }

  it.each([
    [[], {}],
    [['--no-compress'], { compress: false }],
    [['--colour'], { colour: true }],
    [['--no-colour'], { colour: false }],
    [['--no-cache'], { noCache: true }],
  ])('of %j', (args, params) => {
    expect(parseAs(Switches, ...args)).toEqual(params);
  });

  it('that must be said can be said both ways', () => {
    class Decision {
      @IsBoolean()
      agreed!: boolean;
    }
    expect([parseAs(Decision, '--agreed'), parseAs(Decision, '--no-agreed')]).toEqual([{ agreed: true }, { agreed: false }]);
    expect(() => parseAs(Decision)).toThrow(/required option '--agreed' not specified/);
  });
});

describe('an argument', () => {
  class Placed {
    @field({ description: 'how loud', positional: 5 })
    @IsIn(['low', 'high'])
    level: Default<string> = 'low';

    @field({ positional: 1 })
    @IsInt()
    count!: number;
  }

  it('stands at its place among the others, and has type, choices and default as a flag has', () => {
    expect(parseAs(Placed, '3')).toEqual({ count: 3 });
    expect(parseAs(Placed, '3', 'high')).toEqual({ count: 3, level: 'high' });
    expect(() => parseAs(Placed, 'many')).toThrow(/'count'.*not a number/);
    expect(() => parseAs(Placed, '3', 'loud')).toThrow(/Allowed choices are low, high/);
    expect(targetFor(Placed).helpInformation()).toMatch(
      /<count> \[level\]\n(.*\n)+ +level +how loud \(choices: "low", "high", default: "low"\)/,
    );
  });
});

describe('what the rules do not say how to convert', () => {
  class Line {
    @IsString()
    sku!: string;
  }

  class Order {
    @IsIn([1, 2, 3])
    priority: Default<number> = 2;

    @IsOptional()
    @ValidateNested()
    @Type(() => Line)
    gift?: Line;

    @IsOptional()
    @IsArray()
    @ValidateNested({ each: true })
    @Type(() => Line)
    lines?: Line[];

    @IsOptional()
    @IsObject()
    labels?: object;

    @IsOptional()
    @IsEmail()
    mail?: string;

    @IsOptional()
    @IsDate()
    @Type(() => Date)
    due?: Date;
  }

  it('is JSON where it is an object or a list of objects, given at once or one by one', () => {
    expect(parseAs(Order, '--gift', '{"sku":"bolt"}', '--labels', ' {"a":1}')).toEqual({ gift: { sku: 'bolt' }, labels: { a: 1 } });
    const both = { lines: [{ sku: 'bolt' }, { sku: 'nut' }] };
    expect(parseAs(Order, '--lines', '[{"sku":"bolt"},{"sku":"nut"}]')).toEqual(both);
    expect(parseAs(Order, '--lines', '{"sku":"bolt"}', '--lines', '{"sku":"nut"}')).toEqual(both);
  });

  it('is the text itself where it is none of them, such as an address or a date', () => {
    expect(parseAs(Order, '--mail', 'a@b.example', '--due', '2026-01-31')).toEqual({ mail: 'a@b.example', due: '2026-01-31' });
  });

  it('is refused where it begins like JSON and is none', () => {
    expect(() => parseAs(Order, '--gift', '{sku: bolt}')).toThrow(
      /'--gift <value>' argument '\{sku: bolt\}' is invalid\. It is not JSON \(/,
    );
    expect(() => parseAs(Order, '--lines', '{"sku":"bolt"},{"sku":"nut"}')).toThrow(/It is not JSON/);
  });

  it('is the choice with that text, a number where the choices are numbers', () => {
    expect(parseAs(Order, '--priority', '3')).toEqual({ priority: 3 });
    expect(() => parseAs(Order, '--priority', '4')).toThrow(/Allowed choices are 1, 2, 3/);
  });
});

describe('the options of the command line itself', () => {
  class Clashing {
    @field({ short: 'v' })
    @IsString()
    json: Default<string> = 'no';

    @IsString()
    wait: Default<string> = 'no';
  }
  const application = (journal: Application['journal']): Application => ({
    commands: [],
    journal,
    open: () => Promise.reject(new Error('nothing to open')),
    [Symbol.asyncDispose]: async () => undefined,
  });
  const own = (params: Class<object>, journal: Application['journal'], ...args: string[]) => {
    const target = targetFor(params);
    addOwnOptions(target, application(journal), { json: 'print JSON', usesJournal: true, follows: true, starts: true });
    target.parse(args, { from: 'user' });
    return { own: ownOptionsOf(target), params: paramsFrom(target, params) };
  };

  it('step back where a param has their name or letter', () => {
    const given = own(Clashing, 'chosen', '--json', 'yes', '--db', 'a.db', '--verbose', '--wait', 'a while', '--principal', 'ada');
    expect(given).toEqual({
      own: { json: false, db: 'a.db', verbose: true, wait: false, principal: 'ada' },
      params: { json: 'yes', wait: 'a while' },
    });
    expect(own(Clashing, 'chosen', '-v', 'short')).toMatchObject({ own: { verbose: false }, params: { json: 'short' } });
  });

  it('refuse a journal where the application brings its own', () => {
    expect(() => own(Clashing, 'own', '--db', 'a.db')).toThrow(/The application brings its own journal/);
  });
});

it('refused params are named as they are given: arguments in brackets, the others as flags', () => {
  const violations = [
    { path: 'orderId', message: 'is too short' },
    { path: 'maxWeight', message: 'is too much' },
  ];
  const refused = new UsageError('PARAMS_INVALID', 'for programs', { details: { violations } });
  expect(inFlags(refused, Params)).toMatchObject({ message: '<order-id>: is too short\nsixfold: --max-weight: is too much' });
  const other = new Error('something else');
  expect(inFlags(other, Params)).toBe(other);
});

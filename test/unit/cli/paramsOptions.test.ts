import { IsArray, IsBoolean, IsEnum, IsIn, IsInt, IsNumber, IsOptional, IsString } from 'class-validator';
import { Command } from 'commander';
import { addParams, paramsFrom } from '../../../src/cli/paramsOptions.js';
import { type Default, field } from '../../../src/index.js';

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

function parse(...args: string[]): object {
  const target = new Command('test').exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  addParams(target, Params);
  target.parse(args, { from: 'user' });
  return paramsFrom(target, Params);
}

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

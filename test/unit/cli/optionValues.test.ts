/** Values of options: durations and objects, and what is said of those that are none. */
import { readDuration, readObject } from '../../../src/cli/optionValues.js';

describe('a duration', () => {
  it.each([
    ['90s', 90_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
    ['2w', 1_209_600_000],
    [' 0s ', 0],
  ])('%j is %d ms', (text, ms) => {
    expect(readDuration(text)).toBe(ms);
  });

  it.each(['30', 'd', '1.5h', '-1d', '1 d', '1y', '', '1d12h'])('%j is refused with what is expected', (text) => {
    expect(() => readDuration(text)).toThrow('It is no duration. Give a whole number and a unit, s, m, h, d or w, such as 30d or 12h.');
  });

  it('of more than 100 years is refused', () => {
    expect(() => readDuration('6000w')).toThrow('It is more than 100 years.');
  });
});

describe('an object', () => {
  it('is read from JSON', () => {
    expect(readObject('{"by": "ada"}')).toEqual({ by: 'ada' });
  });

  it.each(['[1]', 'null', '"ada"', '7'])('%s is refused', (text) => {
    expect(() => readObject(text)).toThrow('It is no object.');
  });

  it('is refused with the reason where it is not JSON', () => {
    expect(() => readObject("{'by': 1}")).toThrow(/It is not JSON \(.*\)\. Quote it for the shell/);
  });
});

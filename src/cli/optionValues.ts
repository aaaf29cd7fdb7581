/** Values of options that are no plain texts. */
import { InvalidArgumentError } from 'commander';

/** An object in JSON. @throws InvalidArgumentError */
export function readObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is not JSON (${(error as SyntaxError).message}). Quote it for the shell, such as '{"ok": true}'.`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InvalidArgumentError(`It is no object. Give one, such as '{"ok": true}'.`);
}

/** @throws InvalidArgumentError */
export function readText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
const HUNDRED_YEARS_MS = 100 * 365.25 * UNITS_MS.d;

/** `30d`, `12h`, `90m`, in milliseconds. @throws InvalidArgumentError */
export function readDuration(text: string): number {
  const [, count, unit] = /^(\d+)([smhdw])$/.exec(text.trim()) ?? [];
  const ms = count === undefined ? Number.NaN : Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]; // The pattern has no others.
  if (ms <= HUNDRED_YEARS_MS) return ms;
  const why = Number.isNaN(ms) ? 'It is no duration.' : 'It is more than 100 years.';
  throw new InvalidArgumentError(`${why} Give a whole number and a unit, s, m, h, d or w, such as 30d or 12h.`);
}

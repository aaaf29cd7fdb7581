/** Text of the command line → value of a params field, as far as its rules say what it is. */
import { InvalidArgumentError } from 'commander';
import type { ParamsField } from '../index.js';

/**
 * @param before what the flag has so far; a list grows with every flag
 * @throws InvalidArgumentError, which commander shows with the flag and the text
 */
export function readValue(field: ParamsField, text: string, before: unknown): unknown {
  if (!field.list) return readOne(field, text);
  const earlier: readonly unknown[] = Array.isArray(before) && before !== field.fallback ? before : [];
  return [...earlier, ...readSeveral(field, text)];
}

/** Parts between commas, or JSON: a list, or one object. */
function readSeveral(field: ParamsField, text: string): readonly unknown[] {
  if (field.type === 'other' && isJson(text)) return [readJson(text)].flat();
  return text.split(',').map((part) => readOne(field, part.trim()));
}

function readOne(field: ParamsField, text: string): unknown {
  if (field.choices) return readChoice(field, field.choices, text);
  if (field.type === 'integer' || field.type === 'number') return readNumber(text);
  if (field.type === 'truth') return readTruth(text);
  return field.type === 'other' && isJson(text) ? readJson(text) : text;
}

/** The choice with that text, which may be a number. In a list the rule itself refuses what is none, in words of its own. */
function readChoice(field: ParamsField, choices: readonly unknown[], text: string): unknown {
  const found = choices.find((choice) => String(choice) === text);
  if (found !== undefined) return found;
  if (field.list) return text;
  throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`);
}

function readNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new InvalidArgumentError('It is not a number.');
  return value;
}

function readTruth(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('It is neither true nor false.');
  return text === 'true';
}

/** An object or a list; a text such as an address or a date has rules of its own and stays as it is. */
function isJson(text: string): boolean {
  return /^\s*[{[]/.test(text);
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new InvalidArgumentError(`It is not JSON (${reason}). Quote it for the shell, such as '{"sku": "bolt"}'.`);
  }
}

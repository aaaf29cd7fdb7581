import type { Class } from '../Class.js';
import { sortedKeys } from './sortedKeys.js';

/**
 * A value as the journal carries it. The text of a flat object is made when somebody reads it, which for a run in memory
 * is rarely, since making and reading it costs as much as all else of a short run.
 *
 * Invariant: what `Codec.revive` gives is what reading the text would give, the order of the keys included.
 */
export class Carried {
  private made: string | undefined;

  private constructor(
    /** Own fields, all of them simple; undefined where the text is all there is. */
    readonly fields: Readonly<Record<string, unknown>> | undefined,
    private readonly make: () => string,
  ) {}

  static ofText(text: string): Carried {
    const carried = new Carried(undefined, () => text);
    carried.made = text;
    return carried;
  }

  static ofFields(fields: Readonly<Record<string, unknown>>, make: () => string): Carried {
    return new Carried(fields, make);
  }

  get text(): string {
    this.made ??= this.make();
    return this.made;
  }
}

/** A copy of the fields of an object that holds nothing but simple values; undefined for any other. */
export function flatFieldsOf(value: object, declared: Class<object> | undefined): Readonly<Record<string, unknown>> | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== declared?.prototype) return undefined;
  if (Object.getOwnPropertySymbols(value).length > 0) return undefined;
  const fields: Record<string, unknown> = {};
  for (const key of sortedKeys(value)) {
    const field = (value as Record<string, unknown>)[key];
    if (key in fields || key === '$' || !isSimple(field)) return undefined; // Such as __proto__, which is inherited.
    fields[key] = field;
  }
  return fields;
}

function isSimple(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value === 'string' || typeof value === 'boolean' || value === null;
}

/**
 * Makes an instance of what was given, and says what stands in the way.
 *
 * Owns: which keys are taken, defaults, conversions. Does not own: the bounds, which are those of the trail; whether the
 * values are right, which the rules of the class say afterwards.
 * Invariants: I1 a value is converted only where its class declares it, by `@Type` or `@Transform`. I2 no key reaches a
 * prototype. I3 what is made shares no list and no plain object with what was given. I4 no violation shows a value.
 */
import { plainToInstance, TransformationType } from 'class-transformer';
import type { Class } from '../../kernel/Class.js';
import { type ClassConversion, conversionOf, type FieldConversion, type Leaf } from '../fieldClasses.js';
import { type Fields, hasFields, isPlain, isReserved, stated, takesKey } from './plainValues.js';
import { Trail } from './Trail.js';
import type { Violation } from './violations.js';

export class Reading {
  private readonly trail: Trail;

  /** @param keepsInstances takes over an instance of the declared class: no constructor, no defaults, no conversions. */
  constructor(
    private readonly given: Fields,
    private readonly keepsInstances: boolean,
  ) {
    this.trail = new Trail(given);
  }

  get violations(): readonly Violation[] {
    return this.trail.violations;
  }

  /** Paths of values of which nothing was made, so that what the rules say of them is no news. */
  get unread(): readonly string[] {
    return this.trail.unread;
  }

  /** Undefined, with a violation, when none could be made. */
  instance<T extends object>(type: Class<T>): T | undefined {
    const made = this.typed(type, this.given);
    return this.trail.isCutShort ? undefined : (made as T | undefined);
  }

  /** The value under a key of the present object. */
  private at(key: string | number, value: unknown, conversion: FieldConversion | undefined): unknown {
    if (typeof value === 'object' && value !== null) {
      return this.trail.at(key, () => this.trail.within(value, () => this.made(value, conversion)));
    }
    return conversion?.leaf ? this.trail.at(key, () => this.leaf(value, conversion.leaf)) : value;
  }

  private made(value: object, conversion: FieldConversion | undefined): unknown {
    if (Array.isArray(value)) return this.list(value, conversion);
    if (value instanceof Set) return new Set([...value].map((item, index) => this.at(index, item, conversion)));
    if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, this.at(String(key), item, conversion)]));
    if (conversion?.leaf) return this.leaf(value, conversion.leaf);
    if (value instanceof Date) return new Date(value.valueOf());
    if (conversion?.target && (isPlain(value) || hasFields(value))) return this.typed(conversion.target, value);
    return isPlain(value) ? this.copyOf(value) : value;
  }

  private list(items: readonly unknown[], conversion: FieldConversion | undefined): unknown[] {
    const made: unknown[] = [];
    for (let index = 0; index < items.length; index += 1) made.push(this.at(index, items[index], conversion));
    return made;
  }

  private typed(type: Class<object>, given: Fields): object | undefined {
    if (this.keepsInstances && Object.getPrototypeOf(given) === type.prototype) return this.kept(type, given);
    const conversion = conversionOf(type);
    let made: Fields;
    try {
      made = new type() as Fields;
    } catch (error) {
      return this.trail.refuse(`could not be made a ${type.name}: without arguments, its constructor threw ${nameOf(error)}`);
    }
    if (!conversion.asWhole) return this.filled(made, given, conversion);
    const taken = Object.entries(stated(given)).filter(([key]) => this.takes(made, key));
    try {
      return plainToInstance(type, { ...made, ...this.copyOf(Object.fromEntries(taken)) });
    } catch (error) {
      return this.trail.refuse(`could not be made a ${type.name}: class-transformer threw ${nameOf(error)}`);
    }
  }

  /** Defaults go the way of given values, so that a conversion meets both. */
  private filled(made: Fields, given: Fields, { fields, transforms }: ClassConversion): Fields {
    const initial = transforms ? { ...made } : undefined;
    for (const [key, conversion] of fields) if (made[key] !== undefined) made[key] = this.at(key, made[key], conversion);
    for (const key of Object.keys(given)) {
      const value = given[key];
      if (value !== undefined && this.takes(made, key)) made[key] = this.at(key, value, fields.get(key));
    }
    if (initial) this.transform(made, { ...initial, ...stated(given) }, fields);
    return made;
  }

  private transform(made: Fields, obj: Fields, conversions: ClassConversion['fields']): void {
    for (const [key, { transforms }] of conversions) {
      if (transforms.length === 0 || !Object.hasOwn(obj, key)) continue;
      const params = { key, obj, type: TransformationType.PLAIN_TO_CLASS, options: {} };
      try {
        made[key] = transforms.reduce((value, transform) => transform({ ...params, value }), made[key]);
      } catch (error) {
        this.trail.at(key, () => this.trail.refuse(`could not be converted: its @Transform threw ${nameOf(error)}`));
      }
    }
  }

  private leaf(value: unknown, leaf: Leaf | undefined): unknown {
    if (leaf === undefined || value === undefined || value === null) return value;
    try {
      return leaf === Date ? new Date(value as string) : (leaf as (from: unknown) => unknown)(value);
    } catch {
      return this.trail.refuse(`could not be converted to ${leaf.name}`);
    }
  }

  private kept(type: Class<object>, given: Fields): object {
    const kept: Fields = Object.create(type.prototype);
    const { fields } = conversionOf(type);
    for (const key of Object.keys(given)) {
      const conversion = fields.get(key);
      if (isReserved(key)) this.trail.refuseKey(key);
      else kept[key] = this.at(key, given[key], conversion?.target && conversion);
    }
    return kept;
  }

  /** Free-form data: any key but the reserved ones. */
  private copyOf(given: Fields): Fields {
    const copy: Fields = {};
    for (const key of Object.keys(given)) {
      if (isReserved(key)) this.trail.refuseKey(key);
      else copy[key] = this.at(key, given[key], undefined);
    }
    return copy;
  }

  private takes(made: Fields, key: string): boolean {
    if (Object.hasOwn(made, key) || takesKey(made, key)) return true;
    this.trail.refuseKey(key);
    return false;
  }
}

/** Of what was thrown only the class: the message may hold the value. */
function nameOf(thrown: unknown): string {
  return thrown instanceof Error ? `a ${thrown.name}` : 'something';
}

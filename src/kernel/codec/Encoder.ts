/**
 * Writes values as canonical text. It is on the path of every step, so it walks without making anything but the text;
 * where something stands is worked out only when it is refused.
 */
import type { Class } from '../Class.js';
import { carriedOf } from './carriedError.js';
import { type FieldClass, marked, TAG } from './marks.js';
import { sortedKeys } from './sortedKeys.js';

/** Bound on nesting, so that a value cannot exhaust the stack. */
const DEPTH_MAX = 400;

export class Encoder {
  constructor(private readonly fieldClass: FieldClass) {}

  /**
   * @param redact applied to every text in the value, and neither to the names of fields nor to what is around: a secret that reads
   *   `true` must not break the form
   * @throws NotCarried
   */
  encode(value: unknown, declared: Class<object> | undefined, redact?: (text: string) => string): string {
    return new Walk(this.fieldClass, redact).write(value, declared);
  }
}

/** Says where something stands that cannot be carried, what it is, and what to do about it. */
export class NotCarried extends Error {
  constructor(
    readonly place: string,
    readonly what: string,
    readonly remedy: string,
  ) {
    super(what);
  }
}

/** One pass over one value. */
class Walk {
  /** The objects around the present one, and the way to it. */
  private readonly around: object[] = [];
  private readonly way: (string | number)[] = [];

  constructor(
    private readonly fieldClass: FieldClass,
    private readonly redact: ((text: string) => string) | undefined,
  ) {}

  write(value: unknown, declared: Class<object> | undefined): string {
    switch (typeof value) {
      case 'string':
        return this.writeText(value);
      case 'boolean':
        return value ? 'true' : 'false';
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : marked('number', JSON.stringify(numberName(value)));
      case 'undefined':
        return marked('undefined', 'null');
      case 'bigint':
        return marked('bigint', JSON.stringify(String(value)));
      case 'object':
        return value === null ? 'null' : this.enter(value, declared);
      default:
        throw this.refusal(`a ${typeof value}`, 'Leave it out, or keep what it stands for.');
    }
  }

  private enter(value: object, declared: Class<object> | undefined): string {
    if (this.around.includes(value)) throw this.refusal('a reference to something that contains it', 'Cut the cycle.');
    if (this.around.length >= DEPTH_MAX) throw this.refusal(`nested more than ${DEPTH_MAX} deep`, 'Flatten it.');
    this.around.push(value);
    const text = this.writeObject(value, declared);
    this.around.pop();
    return text;
  }

  private writeObject(value: object, declared: Class<object> | undefined): string {
    if (Array.isArray(value)) return this.writeList(value, declared);
    if (value instanceof Date) return marked('date', Number.isNaN(value.getTime()) ? 'null' : JSON.stringify(value.toISOString()));
    if (value instanceof Map) return marked('map', this.writeList([...value].flat(), undefined));
    if (value instanceof Set) return marked('set', this.writeList([...value], undefined));
    if (value instanceof Uint8Array) return marked(Buffer.isBuffer(value) ? 'buffer' : 'bytes', JSON.stringify(bytesToText(value)));
    if (value instanceof Error) return marked('error', this.write(carriedOf(value), undefined));
    return this.writeFields(value as Record<string, unknown>, declared);
  }

  private writeList(items: readonly unknown[], declared: Class<object> | undefined): string {
    let text = '[';
    for (let index = 0; index < items.length; index += 1) {
      this.way.push(index);
      if (!(index in items)) throw this.refusal('a hole in an array', 'Fill it, with undefined if nothing else.');
      text += (index === 0 ? '' : ',') + this.write(items[index], declared);
      this.way.pop();
    }
    return `${text}]`;
  }

  private writeFields(value: Record<string, unknown>, declared: Class<object> | undefined): string {
    const owner = this.ownerOf(value, declared);
    if (Object.getOwnPropertySymbols(value).length > 0) throw this.refusal('an object with a symbol as key', 'Use a string.');
    const asEntries = Object.hasOwn(value, TAG);
    let text = '';
    for (const key of sortedKeys(value)) {
      const field = this.writeField(value[key], key, owner);
      const name = JSON.stringify(key); // Never redacted: names are form, and code looks for them.
      text += (text === '' ? '' : ',') + (asEntries ? `[${name},${field}]` : `${name}:${field}`);
    }
    return asEntries ? marked('object', `[${text}]`) : `{${text}}`;
  }

  private writeText(text: string): string {
    return JSON.stringify(this.redact ? this.redact(text) : text);
  }

  private writeField(value: unknown, key: string, owner: Class<object> | undefined): string {
    if (typeof value === 'string') return this.writeText(value);
    this.way.push(key);
    const text = this.write(value, owner && typeof value === 'object' ? this.fieldClass(owner, key) : undefined);
    this.way.pop();
    return text;
  }

  /** The declared class whose instance, or plain stand-in, the value is; refuses every other instance. */
  private ownerOf(value: object, declared: Class<object> | undefined): Class<object> | undefined {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null || isForeignPlain(prototype)) return declared;
    if (declared && prototype === declared.prototype) return declared;
    const name = value.constructor?.name || 'an unnamed class';
    throw this.refusal(`an instance of ${name}`, `Make it a plain object, or declare ${name} where the value is declared.`);
  }

  private refusal(what: string, remedy: string): NotCarried {
    const place = this.way.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    return new NotCarried(place === '' ? 'it' : place.replace(/^\./, ''), what, remedy);
  }
}

function numberName(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function bytesToText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** A plain object of another realm, as test runners and `vm` make them. */
function isForeignPlain(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf');
}

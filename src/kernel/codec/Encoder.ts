/** Writes values as canonical text. */
import type { Class } from '../Class.js';
import { carriedOf } from './carriedError.js';
import { type FieldClass, marked, TAG } from './marks.js';

/** Bound on nesting, so that a value cannot exhaust the stack. */
const DEPTH_MAX = 400;

interface Position {
  readonly path: string;
  readonly declared: Class<object> | undefined;
  readonly ancestors: readonly object[];
}

export class Encoder {
  constructor(private readonly fieldClass: FieldClass) {}

  /** @throws NotCarried */
  encode(value: unknown, declared: Class<object> | undefined): string {
    return this.write(value, { path: '', declared, ancestors: [] });
  }

  private write(value: unknown, at: Position): string {
    switch (typeof value) {
      case 'string':
        return JSON.stringify(value);
      case 'boolean':
        return String(value);
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : marked('number', JSON.stringify(numberName(value)));
      case 'undefined':
        return marked('undefined', 'null');
      case 'bigint':
        return marked('bigint', JSON.stringify(String(value)));
      case 'object':
        return value === null ? 'null' : this.writeObject(value, at);
      default:
        throw new NotCarried(at, `a ${typeof value}`, 'Leave it out, or keep what it stands for.');
    }
  }

  private writeObject(value: object, at: Position): string {
    if (at.ancestors.includes(value)) throw new NotCarried(at, 'a reference to something that contains it', 'Cut the cycle.');
    if (at.ancestors.length >= DEPTH_MAX) throw new NotCarried(at, `nested more than ${DEPTH_MAX} deep`, 'Flatten it.');
    const inside = (path: string, declared?: Class<object>): Position => ({
      path: at.path + path,
      declared,
      ancestors: [...at.ancestors, value],
    });
    if (Array.isArray(value)) return this.writeList(value, (index) => inside(`[${index}]`, at.declared));
    if (value instanceof Date) return marked('date', Number.isNaN(value.getTime()) ? 'null' : JSON.stringify(value.toISOString()));
    if (value instanceof Map) {
      return marked(
        'map',
        this.writeList([...value].flat(), (index) => inside(`.entry(${index >> 1})`)),
      );
    }
    if (value instanceof Set)
      return marked(
        'set',
        this.writeList([...value], (index) => inside(`.item(${index})`)),
      );
    if (value instanceof Uint8Array) return marked(Buffer.isBuffer(value) ? 'buffer' : 'bytes', JSON.stringify(bytesToText(value)));
    if (value instanceof Error) return marked('error', this.write(carriedOf(value), inside('')));
    return this.writeFields(value, at, inside);
  }

  private writeList(items: readonly unknown[], positionOf: (index: number) => Position): string {
    const written: string[] = [];
    for (let index = 0; index < items.length; index += 1) {
      if (!(index in items)) throw new NotCarried(positionOf(index), 'a hole in an array', 'Fill it, with undefined if nothing else.');
      written.push(this.write(items[index], positionOf(index)));
    }
    return `[${written.join(',')}]`;
  }

  private writeFields(value: object, at: Position, inside: (path: string, declared?: Class<object>) => Position): string {
    const owner = this.ownerOf(value, at);
    if (Object.getOwnPropertySymbols(value).length > 0) throw new NotCarried(at, 'an object with a symbol as key', 'Use a string.');
    const fields = Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([key, field]) => [key, this.write(field, inside(`.${key}`, owner && this.fieldClass(owner, key)))] as const);
    if (fields.some(([key]) => key === TAG)) {
      return marked('object', `[${fields.map(([key, text]) => `[${JSON.stringify(key)},${text}]`).join(',')}]`);
    }
    return `{${fields.map(([key, text]) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
  }

  /** The declared class whose instance, or plain stand-in, the value is; refuses every other instance. */
  private ownerOf(value: object, at: Position): Class<object> | undefined {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === null || prototype === Object.prototype || isForeignPlain(prototype)) return at.declared;
    if (at.declared && prototype === at.declared.prototype) return at.declared;
    const name = value.constructor?.name || 'an unnamed class';
    throw new NotCarried(at, `an instance of ${name}`, `Make it a plain object, or declare ${name} where the value is declared.`);
  }
}

/** Says where something stands that cannot be carried, what it is, and what to do about it. */
export class NotCarried extends Error {
  readonly place: string;

  constructor(
    at: Position,
    readonly what: string,
    readonly remedy: string,
  ) {
    super(what);
    this.place = at.path === '' ? 'it' : at.path.replace(/^\./, '');
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

/**
 * The one codec (R8): what the journal holds and what digests are made of. Canonical: equal values give equal text,
 * whatever the order of their keys. It carries what JSON loses (Date, BigInt, Map, Set, bytes, undefined, NaN, -0) and
 * refuses, with the path, what it cannot carry. Libraries that carry as much are not canonical: they keep key order and
 * shared references.
 *
 * A class instance is carried where its class is declared: at the root, or at a field that `fieldClass` knows.
 */
import type { Class } from '../Class.js';
import { UsageError } from '../errors.js';
import { type CarriedError, carriedOf, errorOf } from './carriedError.js';

/** The class declared for a field of a class, as `@Type` does; undefined where none is. */
export type FieldClass = (owner: Class<object>, field: string) => Class<object> | undefined;

/** Bound on nesting, so that a value cannot exhaust the stack. */
const DEPTH_MAX = 400;

/** An object whose key is TAG is a marked value; a plain object that has such a key is written as a list of entries. */
const TAG = '$';

interface Position {
  readonly path: string;
  readonly declared: Class<object> | undefined;
  readonly ancestors: readonly object[];
}

export class Codec {
  constructor(private readonly fieldClass: FieldClass = () => undefined) {}

  /**
   * The canonical text of a value.
   *
   * @param what names the value in errors, such as `the input of inventory.reserve`.
   * @throws UsageError `VALUE_NOT_CARRIED` naming the path and what stands there.
   */
  encode(value: unknown, what: string, declared?: Class<object>): string {
    try {
      return this.write(value, { path: '', declared, ancestors: [] });
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      throw new UsageError('VALUE_NOT_CARRIED', `${what} cannot be kept in the journal: ${error.place} is ${error.what}. ${error.remedy}`, {
        details: { path: error.place, found: error.what },
      });
    }
  }

  /** The value of a text that `encode` made with the same declaration. */
  decode(text: string, declared?: Class<object>): unknown {
    return this.read(JSON.parse(text), declared);
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

  private read(json: unknown, declared: Class<object> | undefined): unknown {
    if (typeof json !== 'object' || json === null) return json;
    if (Array.isArray(json)) return json.map((item) => this.read(item, declared));
    const fields = json as Record<string, unknown>;
    if (typeof fields[TAG] === 'string') return this.readMarked(fields[TAG], fields.v, declared);
    return this.readFields(Object.entries(fields), declared);
  }

  private readFields(entries: readonly (readonly [string, unknown])[], declared: Class<object> | undefined): object {
    const target: object = declared ? Object.create(declared.prototype) : {};
    for (const [key, field] of entries) {
      // Not an assignment: a key such as __proto__ must stay a key.
      Object.defineProperty(target, key, {
        value: this.read(field, declared && this.fieldClass(declared, key)),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return target;
  }

  private readMarked(tag: string, content: unknown, declared: Class<object> | undefined): unknown {
    const list = (): unknown[] => (content as unknown[]).map((item) => this.read(item, undefined));
    switch (tag) {
      case 'undefined':
        return undefined;
      case 'number':
        return content === '-0' ? -0 : Number(content);
      case 'bigint':
        return BigInt(content as string);
      case 'date':
        return new Date(content === null ? Number.NaN : (content as string));
      case 'map': {
        const flat = list();
        return new Map(flat.flatMap((key, index) => (index % 2 === 0 ? [[key, flat[index + 1]] as const] : [])));
      }
      case 'set':
        return new Set(list());
      case 'bytes':
        return new Uint8Array(Buffer.from(content as string, 'base64'));
      case 'buffer':
        return Buffer.from(content as string, 'base64');
      case 'error':
        return errorOf(this.read(content, undefined) as CarriedError);
      case 'object':
        return this.readFields(content as [string, unknown][], declared);
      default:
        throw new UsageError(
          'CODEC_TAG_UNKNOWN',
          `The journal holds a value marked "${tag}", which this version cannot read. Use a newer version.`,
        );
    }
  }
}

class NotCarried extends Error {
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

function marked(tag: string, content: string): string {
  return `{"${TAG}":"${tag}","v":${content}}`;
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

/** Reads back what the Encoder wrote. */
import type { Class } from '../Class.js';
import { UsageError } from '../errors.js';
import { type CarriedError, errorOf } from './carriedError.js';
import { type FieldClass, TAG } from './marks.js';

export class Decoder {
  constructor(private readonly fieldClass: FieldClass) {}

  /** Takes the parsed text over: what needs no change is not made again. */
  read(json: unknown, declared: Class<object> | undefined): unknown {
    if (typeof json !== 'object' || json === null) return json;
    if (Array.isArray(json)) {
      for (let index = 0; index < json.length; index += 1) json[index] = this.read(json[index], declared);
      return json;
    }
    const fields = json as Record<string, unknown>;
    if (typeof fields[TAG] === 'string') return this.readMarked(fields[TAG], fields.v, declared);
    for (const key of Object.keys(fields)) {
      const field = fields[key];
      if (typeof field === 'object' && field !== null) fields[key] = this.read(field, declared && this.fieldClass(declared, key));
    }
    return declared ? instanceWith(declared, fields) : fields;
  }

  private readEntries(entries: readonly [string, unknown][], declared: Class<object> | undefined): object {
    const fields = {};
    for (const [key, field] of entries) define(fields, key, this.read(field, declared && this.fieldClass(declared, key)));
    return declared ? instanceWith(declared, fields) : fields;
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
        return this.readEntries(content as [string, unknown][], declared);
      default:
        throw new UsageError(
          'CODEC_TAG_UNKNOWN',
          `The journal holds a value marked "${tag}", which this version cannot read. Use a newer version.`,
        );
    }
  }
}

/** An instance without its constructor having run. */
export function instanceWith(type: Class<object>, fields: object): object {
  const instance: object = Object.create(type.prototype);
  for (const key of Object.keys(fields)) {
    const value = (fields as Record<string, unknown>)[key];
    // A plain assignment is faster, and the same where nothing of that name is inherited.
    if (key in instance) define(instance, key, value);
    else (instance as Record<string, unknown>)[key] = value;
  }
  return instance;
}

/** Not an assignment: a key such as __proto__ must stay a key, and a setter of the class must not run. */
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

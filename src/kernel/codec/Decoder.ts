/** Reads back what the Encoder wrote. */
import type { Class } from '../Class.js';
import { UsageError } from '../errors.js';
import { type CarriedError, errorOf } from './carriedError.js';
import { type FieldClass, TAG } from './marks.js';

export class Decoder {
  constructor(private readonly fieldClass: FieldClass) {}

  read(json: unknown, declared: Class<object> | undefined): unknown {
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

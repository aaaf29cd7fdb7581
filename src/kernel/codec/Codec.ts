/**
 * The one codec (R8): what the journal holds and what digests are made of. Canonical: equal values give equal text,
 * whatever the order of their keys. It carries what JSON loses (Date, BigInt, Map, Set, bytes, undefined, NaN, -0) and
 * refuses, with the path, what it cannot carry. Libraries that carry as much are not canonical: they keep key order and
 * shared references.
 *
 * A class instance is carried where its class is declared: at the root, or at a field that `fieldClass` knows.
 */
import { inspect } from 'node:util';
import type { Class } from '../Class.js';
import { UsageError } from '../errors.js';
import { bareError } from './carriedError.js';
import { Decoder } from './Decoder.js';
import { Encoder, NotCarried } from './Encoder.js';
import type { FieldClass } from './marks.js';

export class Codec {
  private readonly encoder: Encoder;
  private readonly decoder: Decoder;

  constructor(fieldClass: FieldClass = () => undefined) {
    this.encoder = new Encoder(fieldClass);
    this.decoder = new Decoder(fieldClass);
  }

  /**
   * The canonical text of a value.
   *
   * @param what names the value in errors, such as `the input of inventory.reserve`.
   * @throws UsageError `VALUE_NOT_CARRIED` naming the path and what stands there.
   */
  encode(value: unknown, what: string, declared?: Class<object>): string {
    try {
      return this.encoder.encode(value, declared);
    } catch (error) {
      if (!(error instanceof NotCarried)) throw error;
      throw new UsageError('VALUE_NOT_CARRIED', `${what} cannot be kept in the journal: ${error.place} is ${error.what}. ${error.remedy}`, {
        details: { path: error.place, found: error.what },
      });
    }
  }

  /**
   * The text of anything that was thrown. Never throws itself: an error with something about it that cannot be carried is
   * kept with its class, code, message and stack.
   */
  encodeError(thrown: unknown): string {
    const error = thrown instanceof Error ? thrown : new Error(typeof thrown === 'string' ? thrown : inspect(thrown, { depth: 2 }));
    try {
      return this.encoder.encode(error, undefined);
    } catch {
      return this.encoder.encode(bareError(error), undefined);
    }
  }

  /** The value of a text that `encode` made with the same declaration. */
  decode(text: string, declared?: Class<object>): unknown {
    return this.decoder.read(JSON.parse(text), declared);
  }
}

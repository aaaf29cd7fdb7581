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
import { Carried, flatFieldsOf } from './Carried.js';
import { bareError, inspectedText } from './carriedError.js';
import { Decoder, instanceWith } from './Decoder.js';
import { Encoder, NotCarried } from './Encoder.js';
import { type FieldClass, marked } from './marks.js';

const UNDEFINED = marked('undefined', 'null');

/** Takes values out of texts. While it is idle it has none to take out. */
export interface Redactor {
  readonly idle: boolean;
  redact(text: string): string;
}

interface Writing {
  readonly value: unknown;
  readonly what: string;
  readonly declared: Class<object> | undefined;
  readonly redact: ((text: string) => string) | undefined;
}

export class Codec {
  private readonly encoder: Encoder;
  private readonly decoder: Decoder;

  /** @param redactor takes out of every text what must not be kept */
  constructor(
    fieldClass: FieldClass = () => undefined,
    private readonly redactor: Redactor = { idle: true, redact: (text) => text },
  ) {
    this.encoder = new Encoder(fieldClass);
    this.decoder = new Decoder(fieldClass);
  }

  /**
   * The canonical text of a value, as the journal keeps it: without secrets.
   *
   * @param what names the value in errors, such as `the input of inventory.reserve`.
   * @throws UsageError `VALUE_NOT_CARRIED` naming the path and what stands there.
   */
  encode(value: unknown, what: string, declared?: Class<object>): string {
    return this.write({ value, what, declared, redact: this.redact });
  }

  /**
   * The canonical text of a value as it is, for what is not kept: which secrets are known to a process must not change
   * the identity of a step.
   *
   * @throws UsageError `VALUE_NOT_CARRIED`
   */
  exactText(value: unknown, what: string, declared?: Class<object>): string {
    return this.write({ value, what, declared, redact: undefined });
  }

  private get redact(): ((text: string) => string) | undefined {
    return this.redactor.idle ? undefined : (text) => this.redactor.redact(text);
  }

  private write({ value, what, declared, redact }: Writing): string {
    if (value === undefined) return UNDEFINED;
    try {
      return this.encoder.encode(value, declared, redact);
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
    const error = thrown instanceof Error ? thrown : new Error(typeof thrown === 'string' ? thrown : inspectedText(thrown));
    try {
      return this.encoder.encode(error, undefined, this.redact);
    } catch {
      return this.encoder.encode(bareError(error), undefined, this.redact);
    }
  }

  /** The value of a text that `encode` made with the same declaration. */
  decode(text: string, declared?: Class<object>): unknown {
    if (text === UNDEFINED) return undefined; // The principal of most runs.
    return this.decoder.read(JSON.parse(text), declared);
  }

  /** As `encode`, with the text made when it is read where that is possible. @throws UsageError `VALUE_NOT_CARRIED` */
  carry(value: unknown, what: string, declared?: Class<object>): Carried {
    const fields = this.redactor.idle && typeof value === 'object' && value !== null ? flatFieldsOf(value, declared) : undefined;
    return fields
      ? Carried.ofFields(fields, () => this.encode(fields, what, declared))
      : Carried.ofText(this.encode(value, what, declared));
  }

  /** As `carry`, and as it is: what a caller gave must be the same in every process, whatever secrets it knows. */
  carryExact(value: object, what: string, declared?: Class<object>): Carried {
    const fields = flatFieldsOf(value, declared);
    return fields
      ? Carried.ofFields(fields, () => this.exactText(fields, what, declared))
      : Carried.ofText(this.exactText(value, what, declared));
  }

  /** As `decode`: a new value each time. */
  revive(carried: Carried, declared?: Class<object>): unknown {
    const { fields } = carried;
    if (!fields) return this.decode(carried.text, declared);
    return declared ? instanceWith(declared, fields) : { ...fields };
  }
}

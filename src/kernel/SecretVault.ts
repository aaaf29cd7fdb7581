/**
 * Resolves references to secrets at their use, and keeps the values out of what is written (R9).
 *
 * Owns: which values were resolved, for as long as the process lives. Does not own: the secrets; a provider is asked at
 * every use, so that a rotated one is met.
 * Invariant: a value that was resolved appears in no text that went through `redact`, as it is, escaped for JSON or
 * encoded for a URL. A value that code takes apart or encodes otherwise is not recognised.
 */
import { UsageError } from './errors.js';
import { parseSecretReference } from './secretReference.js';

/** Where secrets come from: the environment, files, a vault service. */
export interface SecretProvider {
  /** What stands before the colon of a reference. Lower case letters, digits, hyphens. */
  readonly name: string;
  /** The value, or undefined when there is none of that name. Asked at every use. */
  resolve(name: string): string | undefined | Promise<string | undefined>;
}

/** A shorter value cannot be told from ordinary text, so it could not be kept out of logs. */
const CHARACTERS_MIN = 4;
/** Of a value of several lines, each line from this length on is kept out by itself. */
const LINE_CHARACTERS_MIN = 8;
/** Values beyond this are forgotten, the oldest first. */
const VALUES_MAX = 10_000;

export class SecretVault {
  private readonly providers: ReadonlyMap<string, SecretProvider>;
  /** What stands in the place of each value. */
  private readonly markers = new Map<string, string>();
  /** The same, longest value first, so that one that contains another goes as a whole. */
  private longestFirst: readonly (readonly [string, string])[] = [];

  constructor(providers: readonly SecretProvider[]) {
    this.providers = new Map(providers.map((provider) => [provider.name, provider]));
  }

  /** @throws UsageError `SECRET_NOT_FOUND`, `SECRET_TOO_SHORT`, with the reference and never the value. */
  async resolve(reference: string): Promise<string> {
    const parsed = parseSecretReference(reference);
    const provider = parsed && this.providers.get(parsed.provider);
    if (!provider) {
      // What is no reference may be the secret itself, so it is not shown.
      const asked = parsed ? `"${parsed.provider}" is no provider of secrets` : 'What was given is no reference to a secret';
      throw new UsageError(
        'SECRET_NOT_FOUND',
        `${asked}. Use provider:name; the providers are ${[...this.providers.keys()].join(', ') || 'none'}.`,
      );
    }
    const value = await provider.resolve(parsed.name);
    if (value === undefined) throw notFound(reference);
    if (value.length < CHARACTERS_MIN) throw tooShort(reference);
    this.remember(value, `[secret ${reference}]`);
    return value;
  }

  /** Nothing was resolved yet. */
  get idle(): boolean {
    return this.markers.size === 0;
  }

  /** The text without any value that was resolved. */
  redact(text: string): string {
    let redacted = text;
    for (const [value, marker] of this.longestFirst) redacted = redacted.replaceAll(value, marker);
    return redacted;
  }

  private remember(value: string, marker: string): void {
    if (this.markers.has(value)) return;
    const lines = value.split(/\r?\n/).filter((line) => line.length >= LINE_CHARACTERS_MIN); // Tools print keys line by line.
    for (const part of [value, ...lines]) {
      for (const form of [part, JSON.stringify(part).slice(1, -1), encodeURIComponent(part)]) this.markers.set(form, marker);
    }
    for (const oldest of this.markers.keys()) {
      if (this.markers.size <= VALUES_MAX) break;
      this.markers.delete(oldest);
    }
    this.longestFirst = [...this.markers].sort(([one], [other]) => other.length - one.length);
  }
}

function notFound(reference: string): UsageError {
  return new UsageError('SECRET_NOT_FOUND', `There is no secret ${reference}. Set it where its provider looks.`, {
    details: { reference },
  });
}

function tooShort(reference: string): UsageError {
  return new UsageError(
    'SECRET_TOO_SHORT',
    `The value of ${reference} has fewer than ${CHARACTERS_MIN} characters, so it could not be kept out of logs. Use a longer one.`,
    { details: { reference } },
  );
}

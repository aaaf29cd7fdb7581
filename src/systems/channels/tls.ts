/** Certificates and keys of a channel: where they come from, and what they are at a call. */
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Call } from '../../kernel/Call.js';
import { messageOf } from '../../kernel/errors.js';
import { parseSecretReference } from '../../kernel/secretReference.js';
import { channelInvalidUnseen } from './channelErrors.js';

/** Each is PEM text, the path of a file, or a reference to a secret such as `env:CLIENT_KEY`. */
export interface TlsSettings {
  /** Whom to trust. @default the authorities that Node knows */
  readonly ca?: string;
  /** What this side shows of itself, for mutual TLS; with `key`. */
  readonly cert?: string;
  readonly key?: string;
  /** The name that the certificate of the other side must have. @default the host of the address */
  readonly serverName?: string;
}

/** The same object for as long as nothing of it changed. */
export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

const FIELDS = ['ca', 'cert', 'key'] as const;
type Field = (typeof FIELDS)[number];

interface ReadFile {
  readonly modifiedMs: number;
  readonly text: string;
}

/** Asks for secrets at every call, and reads a file again when it was changed, so that rotated ones are met. */
export class TlsSource {
  private readonly files = new Map<Field, ReadFile>();
  private latest: TlsMaterial | undefined;

  /** @throws UsageError `CHANNEL_INVALID` for a certificate without key, or a key without certificate */
  constructor(private readonly settings: TlsSettings) {
    if ((settings.cert === undefined) !== (settings.key === undefined)) {
      throw channelInvalidUnseen(settings.cert === undefined ? 'tls.cert' : 'tls.key', 'is missing. Give tls.cert and tls.key together.');
    }
  }

  async material(call: Call): Promise<TlsMaterial> {
    const [ca, cert, key] = await Promise.all(FIELDS.map((field) => this.pem(field, call)));
    const { latest } = this;
    if (latest && latest.ca === ca && latest.cert === cert && latest.key === key) return latest;
    const material = { ca, cert, key };
    check(material);
    this.latest = material;
    return material;
  }

  private async pem(field: Field, call: Call): Promise<string | undefined> {
    const source = this.settings[field];
    if (source === undefined || source.includes('-----BEGIN')) return source;
    return isReference(source) ? call.secret(source) : this.read(field, source);
  }

  private async read(field: Field, path: string): Promise<string> {
    try {
      const { mtimeMs: modifiedMs } = await stat(path);
      const known = this.files.get(field);
      if (known?.modifiedMs === modifiedMs) return known.text;
      const text = await readFile(path, 'utf8');
      this.files.set(field, { modifiedMs, text });
      return text;
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? messageOf(error);
      throw channelInvalidUnseen(`tls.${field}`, `is neither PEM nor a reference, and as a file it cannot be read (${code}): ${path}.`);
    }
  }
}

/** A drive letter is no provider. */
function isReference(source: string): boolean {
  return (parseSecretReference(source)?.provider.length ?? 0) > 1;
}

/** OpenSSL says what is wrong, and never shows the text. */
function check(material: TlsMaterial): void {
  for (const field of FIELDS) {
    const alone = field === 'ca' ? { ca: material.ca } : { cert: material.cert, key: material.key };
    try {
      createSecureContext(alone);
    } catch (error) {
      throw channelInvalidUnseen(`tls.${field}`, `cannot be used: ${messageOf(error)}.`);
    }
  }
}

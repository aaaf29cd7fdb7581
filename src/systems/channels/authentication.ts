/** Who a channel says that it is. Credentials are asked for at every call, so that rotated ones are met, and are kept nowhere. */
import type { Call } from '../../kernel/Call.js';
import { type Clock, systemClock } from '../../kernel/Clock.js';
import { CommandFailure, messageOf, TransientError, UsageError } from '../../kernel/errors.js';
import { parseSecretReference } from '../../kernel/secretReference.js';
import { channelInvalid, channelInvalidUnseen, unreachable } from './channelErrors.js';

/** One header, or entry of metadata, of a request. */
export interface Credentials {
  /** In lower case. */
  readonly header: string;
  readonly value: string;
  /** What no message may show. */
  readonly secrets: readonly string[];
}

export interface Authentication {
  credentials(call: Call): Promise<Credentials>;
  /**
   * The system did not accept them, and did nothing.
   *
   * @returns others may be had, so that one more try makes sense
   */
  renew(rejected: Credentials): boolean;
}

export interface BearerToken {
  readonly token: string;
  /** It is not used in the last 30 seconds before. @default used until the system refuses it with 401 or UNAUTHENTICATED */
  readonly expiresAt?: Date;
}

/** Gets a token from who gives them out. What it throws means that nothing was sent. */
export type TokenSource = (call: Call) => Promise<BearerToken>;

const EXPIRY_MARGIN_MS = 30_000;
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
/** Visible ASCII and single spaces, as in RFC 9110 §5.5. */
const HEADER_VALUE = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/**
 * `Authorization: Bearer …` (RFC 6750).
 *
 * @param source a reference such as `env:TOKEN`, or a function that gets a token, asked again when the token expires or is refused
 * @throws UsageError `CHANNEL_INVALID` for a text that is no reference
 */
export function bearer(source: string | TokenSource, options: { readonly clock?: Clock } = {}): Authentication {
  if (typeof source === 'function') return new RefreshedBearer(source, options.clock ?? systemClock);
  checkReference('bearer', source);
  return perCall(async (call) => bearerOf(await call.secret(source), source));
}

/** `Authorization: Basic …` (RFC 7617). @param account the password is a reference such as `env:PASSWORD`; so may the user be */
export function basic(account: { readonly user: string; readonly password: string }): Authentication {
  checkReference('basic.password', account.password);
  if (account.user.includes(':') && !parseSecretReference(account.user)) {
    throw channelInvalid('basic.user', account.user, 'A user name with a colon cannot be sent by basic authentication.');
  }
  return perCall(async (call) => {
    const user = parseSecretReference(account.user) ? await call.secret(account.user) : account.user;
    const password = await call.secret(account.password);
    const encoded = Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
    return { header: 'authorization', value: `Basic ${encoded}`, secrets: [password, encoded] };
  });
}

/** A key in a header of the system's own. @param options the key is a reference such as `env:API_KEY` */
export function apiKey(options: { readonly header: string; readonly key: string }): Authentication {
  const header = options.header.toLowerCase();
  if (!HEADER_NAME.test(header)) throw channelInvalid('apiKey.header', options.header, 'Give the name of a header.');
  checkReference('apiKey.key', options.key);
  return perCall(async (call) => {
    const key = await call.secret(options.key);
    return { header, value: sendable(key, options.key), secrets: [key] };
  });
}

function perCall(credentials: Authentication['credentials']): Authentication {
  return { credentials, renew: () => false };
}

function bearerOf(token: string, source: string): Credentials {
  return { header: 'authorization', value: `Bearer ${sendable(token, source)}`, secrets: [token] };
}

function checkReference(field: string, text: string): void {
  if (typeof text !== 'string' || !parseSecretReference(text)) {
    throw channelInvalidUnseen(
      field,
      'is no reference to a secret. Use provider:name, such as env:TOKEN; the value itself does not belong here.',
    );
  }
}

function sendable(value: string, source: string): string {
  if (HEADER_VALUE.test(value)) return value;
  throw channelInvalidUnseen(source, 'has a value that cannot stand in a header: it is empty, or has line breaks or letters beyond ASCII.');
}

/**
 * Owns: the token, and the one request for another that may be under way.
 * Invariant: several calls that need a token at once ask once, and none suffers from the end of the call that asked.
 */
class RefreshedBearer implements Authentication {
  private held: BearerToken | undefined;
  private asking: Promise<unknown> | undefined;

  constructor(
    private readonly source: TokenSource,
    private readonly clock: Clock,
  ) {}

  async credentials(call: Call): Promise<Credentials> {
    while (!this.isFresh && this.asking) await this.asking.catch(() => undefined); // Another call's error is not this one's.
    if (!this.isFresh) {
      this.asking = this.ask(call);
      await this.asking;
    }
    return bearerOf(this.held?.token ?? '', 'The token of bearer()');
  }

  renew(rejected: Credentials): boolean {
    if (this.held && rejected.value === `Bearer ${this.held.token}`) this.held = undefined;
    return true;
  }

  private get isFresh(): boolean {
    if (!this.held) return false;
    const { expiresAt } = this.held;
    return expiresAt === undefined || expiresAt.getTime() - EXPIRY_MARGIN_MS > this.clock.now();
  }

  private async ask(call: Call): Promise<void> {
    try {
      this.held = await this.source(call);
    } catch (error) {
      // A lost reply here says nothing about the operation, which was not sent.
      if (error instanceof CommandFailure || error instanceof TransientError || error instanceof UsageError) throw error;
      call.signal.throwIfAborted();
      throw unreachable(`Nothing was sent: no token could be had: ${messageOf(error)}`, error);
    } finally {
      this.asking = undefined;
    }
  }
}

/** The text without any of the credentials, as they are, escaped for JSON or encoded for a URL. */
export function withoutSecrets(text: string, credentials: Credentials | undefined): string {
  let shown = text;
  for (const secret of credentials?.secrets ?? []) {
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
      shown = shown.replaceAll(form, '[secret]');
  }
  return shown;
}

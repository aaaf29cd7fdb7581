/** Checks of what channels are given. */
import { channelInvalid, channelInvalidUnseen } from './channelErrors.js';

/** @throws UsageError `CHANNEL_INVALID` unless it is a whole number of at least 1 */
export function positive(field: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 1) throw channelInvalid(field, value, 'Give a whole number of at least 1.');
  return value;
}

function isLoopback(host: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/i.test(host);
}

export interface Way {
  /** What was given as address. */
  readonly address: string;
  readonly host: string;
  readonly encrypted: boolean;
  readonly authenticated: boolean;
  readonly allowPlaintext: boolean;
}

/** @throws UsageError `CHANNEL_INVALID` where credentials would be sent in the clear over a network */
export function checkPlaintext({ address, host, encrypted, authenticated, allowPlaintext }: Way): void {
  if (encrypted || !authenticated || allowPlaintext || isLoopback(host)) return;
  throw channelInvalidUnseen('auth', `would send its credentials unencrypted to ${address}. Use TLS, or say allowPlaintext: true.`);
}

/** Printable ASCII without spaces goes as it is; anything else, and `%`, percent-encoded, so that different keys stay different. */
export function headerText(key: string): string {
  return key.replaceAll(/[^\x21-\x24\x26-\x7e]+/gu, (odd) => encodeURIComponent(odd.toWellFormed()));
}

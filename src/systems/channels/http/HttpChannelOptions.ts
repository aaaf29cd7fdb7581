import type { Clock } from '../../../kernel/Clock.js';
import type { Authentication } from '../authentication.js';
import type { TlsSettings } from '../tls.js';

export interface HttpChannelOptions {
  /** Such as `https://shop.test/api`; paths follow it. */
  readonly baseUrl: string | URL;
  /** By operation, for `invoke` and `stream`: `{ release: 'DELETE /reservations/{id}' }`. Fields in braces come from the input. */
  readonly routes?: Readonly<Record<string, string>>;
  readonly auth?: Authentication;
  readonly tls?: TlsSettings;
  /** Sends credentials unencrypted to another machine. @default false */
  readonly allowPlaintext?: boolean;
  /** How long an idle connection is kept, in milliseconds, unless the server says. @default 4000 */
  readonly keepAliveMs?: number;
  /** Connections at once; further requests wait for one. @default 64 */
  readonly connectionsMax?: number;
  /** To establish a connection, TLS included, in milliseconds. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** For the head of a reply, and between two parts of its body, in milliseconds. @default 300_000 */
  readonly replyTimeoutMs?: number;
  /** Of a reply, or of one line of a stream. @default 16 MiB */
  readonly replyBytesMax?: number;
  /** A route that is answered 2xx while the system can be used. @default any answer but 429 and 5xx to `HEAD` of the base URL */
  readonly health?: string;
  /** Where the system says its version. @default nowhere */
  readonly versionFrom?: HttpVersionSource;
  /** What deadlines and dates are compared with. @default that of the machine */
  readonly clock?: Clock;
}

/** Where in the reply of a route the version stands. */
export interface HttpVersionSource {
  /** Such as `GET /openapi.json`. */
  readonly route: string;
  /** Of the JSON: names joined by dots, such as `info.version`. @default 'version' */
  readonly field?: string;
  /** A header instead of a field. */
  readonly header?: string;
}

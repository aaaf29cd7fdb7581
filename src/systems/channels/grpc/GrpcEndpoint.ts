/**
 * The server that a channel talks to: makes one call at one address, as somebody.
 *
 * Owns: the connections. Does not own: retries (the run's policy makes them, with the same key) or what a reply says.
 * Invariants: a call is made once; only one that was refused for its token is made again, with another token. An address that could
 * not be reached is tried afresh by the next call, so that no back-off outlasts the return of the server.
 */
import type { Call } from '../../../kernel/Call.js';
import { type Clock, systemClock } from '../../../kernel/Clock.js';
import { CommandFailure, TransientError } from '../../../kernel/errors.js';
import type { Authentication, Credentials } from '../authentication.js';
import { beforeSending } from '../CallEnd.js';
import { Connections } from '../Connections.js';
import { unreachable } from '../channelErrors.js';
import { checkPlaintext, positive } from '../settings.js';
import { TlsSource } from '../tls.js';
import type { GrpcChannelOptions } from './GrpcChannelOptions.js';
import { GrpcConnection } from './GrpcConnection.js';
import { GrpcExchange } from './GrpcExchange.js';
import type { GrpcRequest } from './GrpcService.js';
import { hostOf } from './hostOf.js';

const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 300_000;
const REPLY_BYTES_MAX = 16 * 1024 * 1024;

type Items = AsyncGenerator<unknown, void, undefined>;

export class GrpcEndpoint {
  readonly connections: Connections<GrpcConnection>;
  private readonly address: string;
  private readonly auth: Authentication | undefined;
  private readonly clock: Clock;
  private readonly connectTimeoutMs: number;
  private readonly replyTimeoutMs: number;

  constructor(options: Omit<GrpcChannelOptions, 'service' | 'methods'>) {
    const { address, auth, tls, allowPlaintext = false } = options;
    const host = hostOf(address);
    if (host !== undefined)
      checkPlaintext({ address, host, encrypted: tls !== undefined, authenticated: auth !== undefined, allowPlaintext });
    this.address = address;
    this.auth = auth;
    this.clock = options.clock ?? systemClock;
    this.connectTimeoutMs = positive('connectTimeoutMs', options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
    this.replyTimeoutMs = positive('replyTimeoutMs', options.replyTimeoutMs ?? REPLY_TIMEOUT_MS);
    const replyBytesMax = positive('replyBytesMax', options.replyBytesMax ?? REPLY_BYTES_MAX);
    const target = { address, serverName: tls?.serverName, replyBytesMax };
    this.connections = new Connections(
      { open: (material) => GrpcConnection.open(target, material), close: (connection) => connection.close() },
      tls && new TlsSource(tls),
    );
  }

  async unary(request: GrpcRequest, call: Call): Promise<unknown> {
    const credentials = await this.credentials(call);
    try {
      return await this.reply(request, call, credentials);
    } catch (error) {
      if (!this.isRenewed(credentials, error)) throw error;
    }
    return this.reply(request, call, await this.credentials(call));
  }

  async *stream(request: GrpcRequest, call: Call): Items {
    const credentials = await this.credentials(call);
    let isBegun = false;
    try {
      for await (const item of this.replies(request, call, credentials)) {
        isBegun = true;
        yield item;
      }
      return;
    } catch (error) {
      if (isBegun || !this.isRenewed(credentials, error)) throw error;
    }
    yield* this.replies(request, call, await this.credentials(call));
  }

  private async credentials(call: Call): Promise<Credentials | undefined> {
    call.signal.throwIfAborted();
    return this.auth && beforeSending(call, this.clock, this.auth.credentials(call));
  }

  /** The system did not accept them, and others can be had. */
  private isRenewed(credentials: Credentials | undefined, error: unknown): boolean {
    const isRefused = error instanceof CommandFailure && error.details.status === 'UNAUTHENTICATED';
    return isRefused && credentials !== undefined && this.auth?.renew(credentials) === true;
  }

  private async reply(request: GrpcRequest, call: Call, credentials: Credentials | undefined): Promise<unknown> {
    const connection = await beforeSending(call, this.clock, this.connections.of(call));
    const end = connection.begin();
    try {
      if (!connection.isReady) await this.connected(connection, request, call);
      return await this.exchange(request, call, { credentials, connection }).reply();
    } catch (error) {
      this.leaveUnreachable(connection, error);
      throw error;
    } finally {
      end();
    }
  }

  private async *replies(request: GrpcRequest, call: Call, credentials: Credentials | undefined): Items {
    const connection = await beforeSending(call, this.clock, this.connections.of(call));
    const end = connection.begin();
    try {
      if (!connection.isReady) await this.connected(connection, request, call);
      yield* this.exchange(request, call, { credentials, connection }).replies();
    } catch (error) {
      this.leaveUnreachable(connection, error);
      throw error;
    } finally {
      end();
    }
  }

  private async connected(connection: GrpcConnection, request: GrpcRequest, call: Call): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = this.clock.after(this.connectTimeoutMs, () =>
      reject(unreachable(`${this.words(request)} was not sent: no connection within ${this.connectTimeoutMs} ms`)),
    );
    try {
      await beforeSending(call, this.clock, Promise.race([connection.settled(), late]));
    } finally {
      cancel();
    }
  }

  private leaveUnreachable(connection: GrpcConnection, error: unknown): void {
    if (error instanceof TransientError && error.code === 'CHANNEL_UNREACHABLE') this.connections.discard(connection);
  }

  private exchange(
    request: GrpcRequest,
    call: Call,
    on: { readonly credentials: Credentials | undefined; readonly connection: GrpcConnection },
  ): GrpcExchange {
    return new GrpcExchange({ request, call, ...on, clock: this.clock, replyTimeoutMs: this.replyTimeoutMs, words: this.words(request) });
  }

  private words({ path }: GrpcRequest): string {
    return `${path.slice(1)} at ${this.address}`;
  }
}

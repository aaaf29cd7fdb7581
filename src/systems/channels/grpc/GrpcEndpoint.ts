/**
 * The server that a channel talks to: makes one call at one address, as somebody.
 *
 * Owns: the connections. Does not own: retries (the run's policy makes them, with the same key) or what a reply says.
 * Invariants: a call is made once; only one that was refused for its token is made again, with another token. An address that could
 * not be reached is tried afresh by the next call, so that no back-off outlasts the return of the server.
 */
import type { ClientReadableStream, Metadata, ServiceError } from '@grpc/grpc-js';
import type { Call } from '../../../kernel/Call.js';
import { type Clock, systemClock } from '../../../kernel/Clock.js';
import { CommandFailure, type SixfoldError, TransientError } from '../../../kernel/errors.js';
import { type Authentication, type Credentials, withoutSecrets } from '../authentication.js';
import { beforeSending, whenCallEnds } from '../CallEnd.js';
import { Connections } from '../Connections.js';
import { channelInvalid, reasonOf, replyLost, unreachable } from '../channelErrors.js';
import { checkPlaintext, headerText, positive } from '../settings.js';
import { TlsSource } from '../tls.js';
import type { GrpcChannelOptions } from './GrpcChannelOptions.js';
import { GrpcConnection } from './GrpcConnection.js';
import type { GrpcRequest } from './GrpcService.js';
import { hostOf } from './hostOf.js';
import { statusError } from './statusErrors.js';

const CONNECT_TIMEOUT_MS = 10_000;
const REPLY_TIMEOUT_MS = 300_000;
const REPLY_BYTES_MAX = 16 * 1024 * 1024;

type Items = AsyncGenerator<unknown, void, undefined>;

/** One call on the connection that it was given. */
interface Exchange {
  readonly request: GrpcRequest;
  readonly call: Call;
  readonly credentials: Credentials | undefined;
  readonly connection: GrpcConnection;
}

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

  /** The one reply. On the wire a unary call is a stream of one. */
  async unary(request: GrpcRequest, call: Call): Promise<unknown> {
    const replies: unknown[] = [];
    for await (const item of this.stream(request, call)) replies.push(item);
    if (replies.length === 1) return replies[0];
    throw replyLost(`${this.words(request)} was answered OK with ${replies.length} messages instead of one.`);
  }

  /** The replies as they come; made again when the system did not accept the token, and another can be had. */
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
      if (isBegun || !isUnauthenticated(error) || !credentials || !this.auth?.renew(credentials)) throw error;
    }
    yield* this.replies(request, call, await this.credentials(call));
  }

  private async credentials(call: Call): Promise<Credentials | undefined> {
    call.signal.throwIfAborted();
    return this.auth && beforeSending(call, this.clock, this.auth.credentials(call));
  }

  private async *replies(request: GrpcRequest, call: Call, credentials: Credentials | undefined): Items {
    const connection = await beforeSending(call, this.clock, this.connections.of(call));
    const end = connection.begin();
    try {
      await this.connected(connection, request, call);
      yield* this.received({ request, call, credentials, connection });
    } catch (error) {
      if (error instanceof TransientError && error.code === 'CHANNEL_UNREACHABLE') await this.connections.discard(connection);
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

  private async *received(exchange: Exchange): Items {
    const { request, call, connection } = exchange;
    const stream = this.start(exchange);
    stream.on('error', () => undefined); // After the loop has ended nobody else listens.
    let cut: { readonly reason: unknown } | undefined;
    const giveUp = (reason: unknown): void => {
      cut = { reason };
      stream.cancel();
      stream.destroy();
    };
    const stopWatching = whenCallEnds(call, this.clock, giveUp);
    const late = new Error(`no reply within ${this.replyTimeoutMs} ms`);
    const stopTimer = request.isUnary ? this.clock.after(this.replyTimeoutMs, () => giveUp(late)) : undefined;
    try {
      yield* stream;
    } catch (error) {
      call.signal.throwIfAborted();
      const peer = stream.getPeer();
      throw this.failure(cut ? cut.reason : error, exchange, peer !== connection.client.getChannel().getTarget());
    } finally {
      stopWatching();
      stopTimer?.();
      stream.cancel();
    }
  }

  private start({ request, call, credentials, connection }: Exchange): ClientReadableStream<unknown> {
    const metadata: Metadata = new connection.grpc.Metadata();
    metadata.set('idempotency-key', headerText(call.key));
    if (call.traceparent !== undefined) metadata.set('traceparent', call.traceparent);
    if (credentials?.header.endsWith('-bin')) throw channelInvalid('apiKey.header', credentials.header, 'gRPC has bytes under such names.');
    if (credentials) metadata.set(credentials.header, credentials.value);
    // The deadline of gRPC is one of the machine's clock.
    const options = call.deadline ? { deadline: Date.now() + (call.deadline.getTime() - this.clock.now()) } : {};
    return connection.client.makeServerStreamRequest(request.path, asItIs, request.deserialize, request.bytes, metadata, options);
  }

  private failure(error: unknown, { request, credentials }: Exchange, isSent: boolean): SixfoldError {
    const words = this.words(request);
    const { code, details, metadata } = error as Partial<ServiceError>;
    if (typeof code !== 'number') return replyLost(`${words} was sent, and the reply was lost: ${reasonOf(error)}`, error);
    const message = withoutSecrets(details ?? '', credentials);
    return statusError({ request: words, code, message, metadata, isSent });
  }

  private words({ path }: GrpcRequest): string {
    return `${path.slice(1)} at ${this.address}`;
  }
}

function isUnauthenticated(error: unknown): boolean {
  return error instanceof CommandFailure && error.details.status === 'UNAUTHENTICATED';
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

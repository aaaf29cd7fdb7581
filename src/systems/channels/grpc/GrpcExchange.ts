/**
 * One call on a connection, and its reply or replies.
 *
 * Owns: the call of grpc-js. Does not own: the connection. Invariant: every error that leaves is one of the port's, or the reason of the
 * call's signal; once that is aborted the server is told, also when nobody waits for a reply.
 */
import type { CallOptions, ClientReadableStream, ClientUnaryCall, Metadata, ServiceError } from '@grpc/grpc-js';
import type { Call } from '../../../kernel/Call.js';
import type { Clock } from '../../../kernel/Clock.js';
import type { SixfoldError } from '../../../kernel/errors.js';
import { type Credentials, withoutSecrets } from '../authentication.js';
import { whenCallEnds } from '../CallEnd.js';
import { channelInvalid, reasonOf, replyLost } from '../channelErrors.js';
import { headerText } from '../settings.js';
import type { GrpcConnection } from './GrpcConnection.js';
import type { GrpcRequest } from './GrpcService.js';
import { statusError } from './statusErrors.js';

export interface ExchangeParts {
  readonly request: GrpcRequest;
  readonly call: Call;
  readonly credentials: Credentials | undefined;
  readonly connection: GrpcConnection;
  readonly clock: Clock;
  readonly replyTimeoutMs: number;
  /** The request in words. */
  readonly words: string;
}

export class GrpcExchange {
  /** Why it was given up. */
  private cut: { readonly reason: unknown } | undefined;

  constructor(private readonly parts: ExchangeParts) {}

  /** The one reply. */
  async reply(): Promise<unknown> {
    const { connection, request, call, clock, replyTimeoutMs } = this.parts;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const made = connection.client.makeUnaryRequest(
      request.path,
      asItIs,
      request.deserialize,
      request.bytes,
      this.metadata(),
      this.options(),
      (error, reply) => (error ? reject(error) : resolve(reply)),
    );
    const giveUp = (reason: unknown): void => {
      this.cut = { reason };
      reject(reason);
      made.cancel();
    };
    const stopWatching = whenCallEnds(call, clock, giveUp);
    const stopTimer = clock.after(replyTimeoutMs, () => giveUp(new Error(`no reply within ${replyTimeoutMs} ms`)));
    try {
      return await promise;
    } catch (error) {
      throw this.failure(error, made);
    } finally {
      stopWatching();
      stopTimer();
    }
  }

  /** The replies as they come. */
  async *replies(): AsyncGenerator<unknown, void, undefined> {
    const { connection, request, call, clock } = this.parts;
    const made = connection.client.makeServerStreamRequest(
      request.path,
      asItIs,
      request.deserialize,
      request.bytes,
      this.metadata(),
      this.options(),
    );
    made.on('error', () => undefined); // After the loop has ended nobody else listens.
    const stopWatching = whenCallEnds(call, clock, (reason) => {
      this.cut = { reason };
      made.cancel();
      made.destroy();
    });
    try {
      yield* made;
    } catch (error) {
      throw this.failure(error, made);
    } finally {
      stopWatching();
      made.cancel();
    }
  }

  private metadata(): Metadata {
    const { connection, call, credentials } = this.parts;
    const metadata = new connection.grpc.Metadata();
    metadata.set('idempotency-key', headerText(call.key));
    if (call.traceparent !== undefined) metadata.set('traceparent', call.traceparent);
    if (credentials?.header.endsWith('-bin')) throw channelInvalid('apiKey.header', credentials.header, 'gRPC has bytes under such names.');
    if (credentials) metadata.set(credentials.header, credentials.value);
    return metadata;
  }

  /** The deadline of gRPC is one of the machine's clock. */
  private options(): CallOptions {
    const { call, clock } = this.parts;
    return call.deadline ? { deadline: Date.now() + (call.deadline.getTime() - clock.now()) } : {};
  }

  private failure(error: unknown, made: ClientUnaryCall | ClientReadableStream<unknown>): SixfoldError {
    const { connection, call, credentials, words } = this.parts;
    call.signal.throwIfAborted();
    if (this.cut) return replyLost(`${words} was sent, and the reply was lost: ${reasonOf(this.cut.reason)}`, this.cut.reason);
    const { code, details, metadata } = error as Partial<ServiceError>;
    if (typeof code !== 'number') return replyLost(`${words} was sent, and the reply was lost: ${reasonOf(error)}`, error);
    // Only a call that found no connection has the address that was asked for as its peer.
    const isSent = made.getPeer() !== connection.client.getChannel().getTarget();
    return statusError({ request: words, code, message: withoutSecrets(details ?? '', credentials), metadata, isSent });
  }
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

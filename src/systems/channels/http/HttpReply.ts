/**
 * An answer that has begun: its head is here, its body comes.
 *
 * Owns: the exchange, until it is closed. Invariant: every error that leaves is one of the port's, or the reason of the call's signal.
 */
import type { Call } from '../../../kernel/Call.js';
import type { SixfoldError } from '../../../kernel/errors.js';
import { type Credentials, withoutSecrets } from '../authentication.js';
import { replyLost } from '../channelErrors.js';
import type { Exchange, Head } from './Exchange.js';
import { PROBLEM_BYTES_MAX, statusError, transportError } from './statusErrors.js';

export interface ReplyParts {
  readonly exchange: Exchange;
  readonly head: Head;
  readonly call: Call;
  /** The request in words. */
  readonly request: string;
  readonly isSafe: boolean;
  readonly credentials: Credentials | undefined;
  readonly now: () => number;
  /** Takes back what watches the call. */
  readonly stopWatching: () => void;
}

export class HttpReply {
  constructor(private readonly parts: ReplyParts) {}

  get head(): Head {
    return this.parts.head;
  }

  get isSuccess(): boolean {
    return this.head.status >= 200 && this.head.status < 300;
  }

  /** Destroys what is left of it. */
  close(): void {
    this.parts.stopWatching();
    this.parts.exchange.giveUp(new Error('closed'));
  }

  /** What an answer that is no success means. The status stands, even if the body never comes. */
  async error(): Promise<SixfoldError> {
    const { head, request, isSafe, credentials, now, call } = this.parts;
    const bytes = await this.someBytes(PROBLEM_BYTES_MAX);
    call.signal.throwIfAborted();
    const text = withoutSecrets(bytes.toString('utf8'), credentials);
    return statusError({ head, text, request, isSafe, now: now() });
  }

  /** The whole body. @throws OutcomeUnknownError `REPLY_LOST` when it breaks off or is longer */
  async bytes(bytesMax: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of this.chunks()) {
      bytes += chunk.length;
      if (bytes > bytesMax) throw this.unreadable(`is longer than the ${bytesMax} bytes that replyBytesMax allows`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  /** The body as it comes. @throws OutcomeUnknownError `REPLY_LOST` when it breaks off */
  async *chunks(): AsyncGenerator<Buffer, void, undefined> {
    const { exchange, call, request } = this.parts;
    try {
      yield* exchange.body();
    } catch (error) {
      call.signal.throwIfAborted();
      throw transportError(error, request, true);
    }
  }

  /** For a body that cannot be understood: the system did what it did. */
  unreadable(fault: string, cause?: unknown): SixfoldError {
    return replyLost(`${this.parts.request} was answered ${this.head.status}, and the reply ${fault}.`, cause);
  }

  private async someBytes(bytesMax: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const chunk of this.parts.exchange.body()) {
        chunks.push(chunk);
        bytes += chunk.length;
        if (bytes > bytesMax) break;
      }
    } catch {
      // It broke off: what came is enough beside the status.
    }
    return Buffer.concat(chunks).subarray(0, bytesMax);
  }
}

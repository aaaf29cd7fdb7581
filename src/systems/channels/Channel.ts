/**
 * How a system is reached: one request for one reply. The same contract holds for every protocol; a suite in the tests says what it is.
 *
 * What went wrong is said by the class of the error (R5):
 * - CommandFailure `SYSTEM_REFUSED`: the system answered no; it did nothing.
 * - TransientError `CHANNEL_UNREACHABLE`: nothing was sent. `SYSTEM_OVERLOADED`: it was refused for now and nothing was done; how long to wait is in
 *   `details.retryAfterMs`, if the system said so.
 * - OutcomeUnknownError `REPLY_LOST`: it was sent, and there is no answer that says what became of it: reset, deadline, a server's own
 *   failure, a reply that cannot be read.
 * - UsageError `INPUT_INVALID`: the input cannot be sent in the way of the protocol. Nothing was sent.
 * - the reason of `call.signal`, at once when that aborts; the request is given up.
 *
 * No error shows a credential.
 */
import type { Call } from '../../kernel/Call.js';

export interface Channel {
  /** 'http', 'grpc', 'in-process'; of several channels 'grpc or http'. */
  readonly protocol: string;

  /**
   * Sends a request. The key of the call goes with it, and its deadline and trace context, in the way of the protocol. What comes back is plain
   * data: the operation's output class is checked by the caller.
   *
   * @param operation the name that the channel was told a way for
   * @throws UsageError `CHANNEL_INVALID` for an operation that it was told no way for
   */
  invoke<O>(operation: string, input: object | undefined, call: Call): Promise<O>;

  /** As `invoke`, for an operation that answers bit by bit. Ending the loop early ends the request. */
  stream<O>(operation: string, input: object | undefined, call: Call): AsyncIterable<O>;

  /** Rejects, with the reason, when the other side cannot be used now. */
  checkHealth(call: Call): Promise<void>;

  /** Semantic version of what the other side runs; undefined where it does not say. */
  version(call: Call): Promise<string | undefined>;

  /** A user more. Opens nothing: connections are made when they are needed. */
  acquire(): void;

  /** A user less; after the last one all connections are closed. */
  release(): Promise<void>;
}

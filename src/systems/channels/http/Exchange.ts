/**
 * One request and its response, as undici reports them.
 *
 * Owns: what came of the body and was not read yet. Does not own: the socket, or what a status means.
 * Invariants: `isSent` is false only while no byte of the request can have left; a reader that is slow holds the sender up; after
 * `giveUp` everybody who waits gets the reason at once, and the request is destroyed, now or when its turn would come.
 */
import type { Dispatcher } from 'undici';

export interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Beyond so many unread bytes the sender is held up. */
const UNREAD_BYTES_MAX = 256 * 1024;

type State = 'waiting' | 'sent' | 'answering' | 'ended' | 'failed';

export class Exchange implements Dispatcher.DispatchHandler {
  readonly head: Promise<Head>;
  private readonly answered = Promise.withResolvers<Head>();
  private controller: Dispatcher.DispatchController | undefined;
  private state: State = 'waiting';
  private wasSent = false;
  private failure: unknown;
  private readonly unread: Buffer[] = [];
  private unreadBytes = 0;
  private wake: (() => void) | undefined;

  constructor() {
    this.head = this.answered.promise;
    this.head.catch(() => undefined); // Whoever gave up may not wait for it.
  }

  /** The request was handed to a connection, so that the other side may have it. */
  get isSent(): boolean {
    return this.wasSent;
  }

  /** Ends the exchange, if it is not over. */
  giveUp(reason: unknown): void {
    if (this.isOver) return;
    this.fail(reason);
    this.controller?.abort(reason instanceof Error ? reason : new Error('given up'));
  }

  /** The body, as it comes. To be read once. */
  async *body(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const chunk = this.unread.shift();
      if (chunk) {
        this.unreadBytes -= chunk.length;
        if (this.unreadBytes <= UNREAD_BYTES_MAX && this.controller?.paused) this.controller.resume();
        yield chunk;
      } else if (this.state === 'failed') throw this.failure;
      else if (this.state === 'ended') return;
      else await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    if (this.isOver) {
      controller.abort(new Error('given up'));
      return;
    }
    this.state = 'sent';
    this.wasSent = true;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Head['headers']): void {
    if (status < 200 || this.isOver) return;
    this.state = 'answering';
    this.answered.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.isOver) return;
    this.unread.push(chunk);
    this.unreadBytes += chunk.length;
    if (this.unreadBytes > UNREAD_BYTES_MAX) controller.pause();
    this.wakeReader();
  }

  onResponseEnd(): void {
    if (this.isOver) return;
    this.state = 'ended';
    this.wakeReader();
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (!this.isOver) this.fail(error);
  }

  private get isOver(): boolean {
    return this.state === 'ended' || this.state === 'failed';
  }

  private fail(reason: unknown): void {
    this.state = 'failed';
    this.failure = reason;
    this.unread.length = 0;
    this.answered.reject(reason);
    this.wakeReader();
  }

  private wakeReader(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }
}

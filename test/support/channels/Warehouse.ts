/**
 * The other side of every channel: what its operations do, whatever the protocol. Each request that arrives is kept, so that a test can
 * look at what was sent.
 */
export interface Line {
  readonly sku: string;
  readonly quantity: number;
}

export interface Request {
  readonly operation: string;
  readonly input: Line;
  readonly key: string | undefined;
  readonly traceparent: string | undefined;
  readonly deadline: Date | undefined;
  /** The header `authorization`. */
  readonly authorization: string | undefined;
  /** When the caller does not wait any longer. */
  readonly gone: AbortSignal;
}

export type Answer =
  | { readonly as: 'reply'; readonly line: Line }
  | { readonly as: 'refusal'; readonly reason: string }
  | { readonly as: 'overload'; readonly retryAfterMs: number }
  | { readonly as: 'unauthenticated'; readonly reason: string }
  | { readonly as: 'silence' }
  /** So many lines; `Infinity` streams until the caller is gone. */
  | { readonly as: 'stream'; readonly lines: number };

export const OPERATIONS = ['reserve', 'refuse', 'overload', 'hang', 'large', 'count', 'endless'] as const;

export class Warehouse {
  readonly requests: Request[] = [];
  readonly version = '2.3.0';
  /** What `authorization` must be, if anything. */
  authorization: string | undefined;
  /** Answers what would be a stream with a no. */
  refusesStreams = false;
  /** Streams that came to their end, or whose caller was seen to be gone. */
  streamsEnded = 0;
  private readonly waiting = new Set<() => void>();

  /** Takes a request, and says what to answer. */
  receive(request: Request): Answer {
    this.requests.push(request);
    for (const look of this.waiting) look();
    const { operation, input, authorization } = request;
    if (this.authorization !== undefined && authorization !== this.authorization) {
      return { as: 'unauthenticated', reason: `who is ${authorization}?` };
    }
    if (operation === 'refuse') return { as: 'refusal', reason: `there are no ${input.sku}` };
    if (operation === 'overload') return { as: 'overload', retryAfterMs: 2000 };
    if (operation === 'hang') return { as: 'silence' };
    if (operation === 'large') return { as: 'reply', line: { sku: 'x'.repeat(input.quantity), quantity: 1 } };
    if (this.refusesStreams) return { as: 'refusal', reason: 'nothing is counted today' };
    if (operation === 'count') return { as: 'stream', lines: input.quantity };
    if (operation === 'endless') return { as: 'stream', lines: Number.POSITIVE_INFINITY };
    return { as: 'reply', line: input };
  }

  /** The next request of the operation, or the last that came. */
  async arrival(operation: string): Promise<Request> {
    for (;;) {
      const found = this.requests.findLast((request) => request.operation === operation);
      if (found) return found;
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.waiting.delete(look);
          resolve();
        };
        this.waiting.add(look);
      });
    }
  }
}

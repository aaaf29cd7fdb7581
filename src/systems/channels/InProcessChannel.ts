import type { Call } from '../../kernel/Call.js';
import { type Clock, systemClock } from '../../kernel/Clock.js';
import { CommandFailure, messageOf, OutcomeUnknownError, TransientError, UsageError } from '../../kernel/errors.js';
import { whenCallEnds } from './CallEnd.js';
import type { Channel } from './Channel.js';
import { channelInvalid, noWayFor, replyLost } from './channelErrors.js';

export interface InProcessChannelOptions {
  /** Semantic version of what the handlers do. */
  readonly version?: string;
  /** Rejects, with the reason, when they cannot be used now. */
  readonly checkHealth?: (call: Call) => Promise<void>;
  /** What deadlines are compared with. @default that of the machine */
  readonly clock?: Clock;
}

type Handler = (input: unknown, call: Call) => unknown;

/**
 * Reaches what runs in this process: an object whose methods are called by the name of the operation, with its input and the call.
 * Both sides hold copies, as if there were a network in between: plain data, dates, maps, sets and bytes, without classes.
 *
 * An error that is a CommandFailure, TransientError or OutcomeUnknownError says what became of the call; after any other that is not
 * known. An aborted call is left at once; its handler sees `call.signal` and goes on unheard.
 */
export class InProcessChannel implements Channel {
  readonly protocol: string = 'in-process';
  private readonly clock: Clock;

  /** @param handlers an object or instance of a class. A handler for `stream` returns an async iterable. */
  constructor(
    private readonly handlers: object,
    private readonly options: InProcessChannelOptions = {},
  ) {
    if (typeof handlers !== 'object' || handlers === null)
      throw channelInvalid('handlers', typeof handlers, 'Give an object with methods.');
    this.clock = options.clock ?? systemClock;
  }

  async invoke<O>(operation: string, input: object | undefined, call: Call): Promise<O> {
    const handler = this.handlerOf(operation);
    const copied = copyOfInput(operation, input);
    call.signal.throwIfAborted();
    const work = (async () => handler(copied, call))();
    return copyOfReply(operation, await this.reply(operation, call, work)) as O;
  }

  async *stream<O>(operation: string, input: object | undefined, call: Call): AsyncGenerator<O, void, undefined> {
    const handler = this.handlerOf(operation);
    const copied = copyOfInput(operation, input);
    call.signal.throwIfAborted();
    const started = await this.reply(operation, call, (async () => handler(copied, call) as AsyncIterable<unknown>)());
    const items = iteratorOf(operation, started);
    let isOpen = true;
    try {
      for (;;) {
        const next = await this.reply(operation, call, items.next());
        if (next.done) {
          isOpen = false;
          return;
        }
        yield copyOfReply(operation, next.value) as O;
      }
    } finally {
      if (isOpen) void items.return?.()?.then(undefined, () => undefined); // It may never come to its end.
    }
  }

  async checkHealth(call: Call): Promise<void> {
    await this.options.checkHealth?.(call);
  }

  async version(): Promise<string | undefined> {
    return this.options.version;
  }

  /** There is nothing to open. */
  acquire(): void {}

  async release(): Promise<void> {}

  private async reply<T>(operation: string, call: Call, work: Promise<T>): Promise<T> {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const stop = whenCallEnds(call, this.clock, reject);
    try {
      return await Promise.race([work, ended]);
    } catch (error) {
      call.signal.throwIfAborted();
      throw definite(error) ? error : replyLost(`${operation} was begun in this process, and has no reply: ${messageOf(error)}`, error);
    } finally {
      stop();
    }
  }

  private handlerOf(operation: string): Handler {
    const handler: unknown =
      operation === 'constructor' || operation in Object.prototype ? undefined : Reflect.get(this.handlers, operation);
    if (typeof handler !== 'function') throw noWayFor(operation, namesOf(this.handlers));
    return (handler as Handler).bind(this.handlers);
  }
}

/** As `new InProcessChannel`. */
export function inProcessChannel(handlers: object, options: InProcessChannelOptions = {}): InProcessChannel {
  return new InProcessChannel(handlers, options);
}

function definite(error: unknown): boolean {
  return error instanceof CommandFailure || error instanceof TransientError || error instanceof OutcomeUnknownError;
}

function namesOf(handlers: object): string[] {
  const names = new Set<string>();
  for (
    let owner: object | null = handlers;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    for (const name of Object.getOwnPropertyNames(owner)) {
      if (name !== 'constructor' && typeof Reflect.get(handlers, name) === 'function') names.add(name);
    }
  }
  return [...names];
}

function copyOfInput(operation: string, input: object | undefined): unknown {
  try {
    return structuredClone(input);
  } catch (error) {
    throw new UsageError('INPUT_INVALID', `The input of ${operation} cannot be copied: ${messageOf(error)}. Nothing was called.`, {
      cause: error,
    });
  }
}

function copyOfReply(operation: string, reply: unknown): unknown {
  try {
    return structuredClone(reply);
  } catch (error) {
    throw replyLost(`${operation} was done, and its reply cannot be copied: ${messageOf(error)}`, error);
  }
}

function iteratorOf(operation: string, started: AsyncIterable<unknown>): AsyncIterator<unknown> {
  const make = (started as Partial<AsyncIterable<unknown>> | undefined)?.[Symbol.asyncIterator];
  if (typeof make !== 'function') throw replyLost(`${operation} was called, and returned no async iterable to stream from.`);
  return make.call(started);
}

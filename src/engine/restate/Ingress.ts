/**
 * Restate's ingress, by its HTTP interface.
 *
 * Owns: the connections, how often and how long a request is tried. Does not own: what is sent. Every request may be repeated: a run is begun once
 * for its key.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { messageOf, TransientError, UsageError } from '../../kernel/errors.js';
import { type Address, RUN } from './RunAddress.js';

/** Between two tries, in milliseconds; doubled each time up to the greatest. */
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 1000;
/** What Restate says of an invocation that has not ended. */
const NOT_READY = 470;
const NOT_FOUND = 404;
/** Says whether a reply is Restate's own or what an invocation ended with. */
const SOURCE = 'x-restate-error-source';

/** An invocation that ended without output: it was killed, or cancelled before it had begun. */
export class NoOutput {
  constructor(
    /** Restate's words. */
    readonly why: string,
  ) {}
}

export interface IngressOptions {
  readonly url: string;
  /** How long a request is tried in all. */
  readonly timeoutMs: number;
}

interface Reply {
  readonly status: number;
  readonly text: string;
  /** An error that an invocation ended with. */
  readonly isEnd: boolean;
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string | undefined;
  /** Besides those below 300. */
  readonly accepts?: readonly number[];
  /** Also what the invocation ended with. */
  readonly acceptsEnd?: true;
}

export class Ingress {
  private readonly url: string;
  private readonly agent = new Agent();
  private closed = false;

  constructor(private readonly options: IngressOptions) {
    this.url = options.url.replace(/\/+$/, '');
  }

  /** Begins an invocation, once for its key. @returns whether it was this one that began it */
  async submit(address: Address, input: unknown): Promise<boolean> {
    const { text } = await this.send({ method: 'POST', path: `/${pathOf(address)}/${RUN}/send`, body: input });
    const { status } = JSON.parse(text) as { readonly status?: string };
    return status !== 'PreviouslyAccepted';
  }

  /**
   * Begins an invocation and waits for what it gives.
   *
   * @returns undefined when one was begun with that key before, or nobody knows whether it was
   * @throws UsageError `RESTATE_REFUSED`
   */
  async invoke<T>(address: Address, input: unknown): Promise<T | undefined> {
    const path = `/${pathOf(address)}/${RUN}`;
    const reply = await this.once({ method: 'POST', path, body: input }, 0).catch(() => undefined);
    if (reply && reply.status < 300) return JSON.parse(reply.text) as T;
    if (reply?.status === NOT_FOUND) throw refused(path, reply.status, reply.text);
    return undefined;
  }

  /** Calls a handler beside the run, or of an object. @param idempotencyKey the handler is called once for it */
  async call<T>(address: Address, handler: string, input?: unknown, idempotencyKey?: string): Promise<T | undefined> {
    const { text } = await this.send({ method: 'POST', path: `/${pathOf(address)}/${handler}`, body: input, idempotencyKey });
    return text === '' ? undefined : (JSON.parse(text) as T);
  }

  /** What the invocation gave; undefined when it has not ended, null when there is none. */
  async output<T>({ service, key }: Address): Promise<T | NoOutput | undefined | null> {
    const path = `/restate/workflow/${service}/${encodeURIComponent(key)}/output`;
    const { status, text, isEnd } = await this.send({ method: 'GET', path, accepts: [NOT_FOUND, NOT_READY], acceptsEnd: true });
    if (isEnd) return new NoOutput(wordsOf(text));
    if (status === NOT_FOUND) return null;
    return status === NOT_READY ? undefined : (JSON.parse(text) as T);
  }

  /** What the invocation gives, when it ends, however long that takes; undefined when this was closed before, null when there is none. */
  async attach<T>(address: Address): Promise<T | NoOutput | undefined | null> {
    const path = `/restate/workflow/${address.service}/${encodeURIComponent(address.key)}/attach`;
    for (let pause = PAUSE_MS; !this.closed; pause = Math.min(pause * 2, PAUSE_MS_MAX)) {
      try {
        const { status, text, isEnd } = await this.once({ method: 'GET', path }, 0);
        if (status < 300) return JSON.parse(text) as T;
        // That there is none looks like one that ended with an error, which only the output tells apart.
        const end = isEnd || status === NOT_FOUND ? await this.output<T>(address) : undefined;
        if (end !== undefined) return end;
      } catch {
        // The server is away, or this was closed: asked again as long as it was not.
      }
      if (!this.closed) await wait(pause);
    }
    return undefined;
  }

  /** Asks again as long as the server is away; undefined when this was closed before. */
  async patiently<T>(ask: () => Promise<T>): Promise<T | undefined> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (this.closed) return undefined;
        if (!(error instanceof TransientError)) throw error;
      }
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.agent.destroy();
  }

  /** @throws TransientError `RESTATE_UNREACHABLE`, UsageError `RESTATE_REFUSED`, `ENGINE_CLOSED` */
  private async send(sent: Sent): Promise<Reply> {
    const { path, accepts = [], acceptsEnd } = sent;
    const until = Date.now() + this.options.timeoutMs;
    let failure: unknown;
    for (let pause = PAUSE_MS; Date.now() < until; pause = Math.min(pause * 2, PAUSE_MS_MAX)) {
      try {
        const reply = await this.once(sent, Math.max(1, until - Date.now()));
        const { status, text, isEnd } = reply;
        if (status < 300 || accepts.includes(status) || (acceptsEnd && isEnd)) return reply;
        if (status < 500 && status !== 429) throw refused(path, status, text);
        failure = `${status} ${text}`;
      } catch (error) {
        if (this.closed) throw closed();
        if (error instanceof UsageError) throw error;
        failure = messageOf(error);
      }
      await wait(Math.min(pause, Math.max(0, until - Date.now())));
    }
    throw this.unreachable(failure);
  }

  /** @param timeoutMs 0 waits for ever */
  private async once({ method, path, body, idempotencyKey }: Sent, timeoutMs: number): Promise<Reply> {
    const reply = await request(this.url + path, {
      method,
      dispatcher: this.agent,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const isEnd = reply.headers[SOURCE] === 'invocation';
    return { status: reply.statusCode, text: await reply.body.text(), isEnd };
  }

  private unreachable(failure: unknown): TransientError {
    return new TransientError(
      'RESTATE_UNREACHABLE',
      `Restate did not take the request at ${this.url} within ${this.options.timeoutMs} ms: ${String(failure)}. ` +
        'Whether a run was begun is not known: with a key it can be asked for again without beginning two.',
      { details: { url: this.url } },
    );
  }
}

export function closed(): UsageError {
  return new UsageError('ENGINE_CLOSED', 'The engine is not open. Start it with startSixfold, and use it before that is disposed.');
}

function refused(path: string, status: number, text: string): UsageError {
  const why =
    status === NOT_FOUND
      ? 'it knows no worker with this command. Start one with `sixfold worker`, or register it'
      : `${text}. Look at the log of the server`;
  return new UsageError('RESTATE_REFUSED', `Restate refused ${path} with ${status}: ${why}.`, { details: { path, status } });
}

/** The message of an error, which Restate gives as JSON. */
function wordsOf(text: string): string {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}

function pathOf({ service, key }: Address): string {
  return `${service}/${encodeURIComponent(key)}`;
}

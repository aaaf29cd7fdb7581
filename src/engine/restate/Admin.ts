/**
 * Restate's admin interface: workers are made known there, and it is asked for runs. It has no authentication of its own, so Sixfold never
 * passes it on.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { messageOf, TransientError, UsageError } from '../../kernel/errors.js';

/** Between two tries, in milliseconds; doubled each time up to the greatest. */
const PAUSE_MS = 50;
const PAUSE_MS_MAX = 500;
/** Of a query that is right: a partition has no leader, its leader is not reached, or it moves to another node. */
const IS_MOVING = /Datafusion error: .*External error: /;

export interface AdminOptions {
  readonly url: string;
  /** How long a request is tried in all. */
  readonly timeoutMs: number;
}

interface Deployment {
  readonly id: string;
  readonly uri?: string;
}

export class Admin {
  private readonly url: string;

  constructor(private readonly options: AdminOptions) {
    this.url = options.url.replace(/\/+$/, '');
  }

  /**
   * Makes the services of a worker known; runs that begin from then on are its.
   *
   * @returns the name of the deployment
   * @throws UsageError `RESTATE_REFUSED`, TransientError `RESTATE_UNREACHABLE`
   */
  async register(uri: string): Promise<string> {
    const reply = await this.send('POST', '/deployments', { uri, force: true });
    return ((await reply.json()) as Deployment).id;
  }

  /** Rows of a query over Restate's own tables. While partitions move, as they do for seconds when a node went or came, it is asked again. */
  async rows<T>(query: string): Promise<readonly T[]> {
    const reply = await this.send('POST', '/query', { query });
    return ((await reply.json()) as { readonly rows: readonly T[] }).rows;
  }

  /** Removes an invocation that has ended. */
  async purge(invocation: string): Promise<void> {
    await this.send('PATCH', `/invocations/${encodeURIComponent(invocation)}/purge`);
  }

  /** Goes on with an invocation that is paused. */
  async resume(invocation: string): Promise<void> {
    await this.send('PATCH', `/invocations/${encodeURIComponent(invocation)}/resume`);
  }

  /** Every request may be repeated. */
  private async send(method: string, path: string, body?: object): Promise<Response> {
    const until = Date.now() + this.options.timeoutMs;
    for (let pause = PAUSE_MS; ; pause = Math.min(pause * 2, PAUSE_MS_MAX)) {
      const reply = await this.once(method, path, { body, timeoutMs: Math.max(1, until - Date.now()) });
      if (reply instanceof Response && reply.ok) return reply;
      const why = reply instanceof Response ? await reply.text() : messageOf(reply);
      const isPassing = !(reply instanceof Response) || IS_MOVING.test(why);
      if (!isPassing) throw refused(path, reply.status, why);
      if (Date.now() + pause >= until) throw this.unreachable(why, reply);
      await wait(pause);
    }
  }

  /** @returns the error of a request that had no reply */
  private once(method: string, path: string, { body, timeoutMs }: { readonly body?: object | undefined; readonly timeoutMs: number }) {
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = fetch(this.url + path, { method, headers, body: body === undefined ? null : JSON.stringify(body), signal });
    return sent.catch((error: unknown) => error);
  }

  private unreachable(why: string, cause: unknown): TransientError {
    const { url } = this;
    return new TransientError(
      'RESTATE_UNREACHABLE',
      `Restate's admin interface at ${url} does not answer: ${why}. Start the server, or correct adminUrl.`,
      { cause: cause instanceof Error ? cause : undefined, details: { url } },
    );
  }
}

function refused(path: string, status: number, why: string): UsageError {
  return new UsageError(
    'RESTATE_REFUSED',
    `Restate's admin interface refused ${path} with ${status}: ${why}. For a worker, see that Restate reaches the address that it advertises and signs with a key of identityKeys.`,
    { details: { path, status } },
  );
}

/** As a string of SQL. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Restate's admin interface: workers are made known there, and it is asked for runs. It has no authentication of its own, so Sixfold never
 * passes it on.
 */
import { messageOf, TransientError, UsageError } from '../../kernel/errors.js';

export interface AdminOptions {
  readonly url: string;
  readonly timeoutMs: number;
}

export interface Deployment {
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

  /** Rows of a query over Restate's own tables. */
  async rows<T>(query: string): Promise<readonly T[]> {
    const reply = await this.send('POST', '/query', { query });
    return ((await reply.json()) as { readonly rows: readonly T[] }).rows;
  }

  /** Removes an invocation that has ended. */
  async purge(invocation: string): Promise<void> {
    await this.send('PATCH', `/invocations/${encodeURIComponent(invocation)}/purge`);
  }

  private async send(method: string, path: string, body?: object): Promise<Response> {
    const { timeoutMs } = this.options;
    const headers = { accept: 'application/json', 'content-type': 'application/json' };
    const reply = await fetch(this.url + path, {
      method,
      headers,
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw new TransientError('RESTATE_UNREACHABLE', `Restate's admin interface at ${this.url} does not answer: ${messageOf(error)}.`, {
        cause: error,
        details: { url: this.url },
      });
    });
    if (reply.ok) return reply;
    throw new UsageError('RESTATE_REFUSED', `Restate's admin interface refused ${path}: ${reply.status} ${await reply.text()}`, {
      details: { status: reply.status },
    });
  }
}

/** As a string of SQL. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Serves the commands of one application to Restate.
 *
 * Owns: the port. Does not own: the runs. Accepts only requests that Restate has signed, unless it was told otherwise.
 */
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../../kernel/errors.js';
import type { Logger } from '../../kernel/Logger.js';
import type { RestateSdk } from './sdk.js';

export interface ListenOptions {
  /** @default 9080; 0 takes a free one */
  readonly port?: number;
  /** The address it listens on. @default '127.0.0.1' */
  readonly host?: string;
  /** Workers on one machine share the port: the system gives each connection to one of them. @default false */
  readonly shared?: boolean;
  /** Where Restate finds this worker, such as the address of a load balancer. @default http://HOST:PORT */
  readonly advertised?: string;
}

export interface WorkerParts {
  readonly sdk: RestateSdk;
  readonly services: Parameters<RestateSdk['createEndpointHandler']>[0]['services'];
  readonly listen: ListenOptions;
  readonly identityKeys: readonly string[];
  readonly logger: Logger;
}

export class Worker {
  private readonly sessions = new Set<ServerHttp2Session>();

  private constructor(
    private readonly server: Http2Server,
    /** Where Restate finds it. */
    readonly url: string,
  ) {
    server.on('session', (session) => {
      this.sessions.add(session);
      session.on('close', () => this.sessions.delete(session));
      session.on('error', () => undefined); // The connection is gone, and the invocations on it are told.
    });
  }

  /** @throws UsageError `WORKER_NOT_STARTED` */
  static async start({ sdk, services, listen, identityKeys, logger }: WorkerParts): Promise<Worker> {
    const { port = 9080, host = '127.0.0.1', shared = false, advertised } = listen;
    const handler = sdk.createEndpointHandler({
      services,
      ...(identityKeys.length > 0 && { identityKeys: [...identityKeys] }),
      logger: ({ level }, ...said) => {
        if (level === 'error' || level === 'warn') logger.debug(`Restate: ${said.map(String).join(' ')}`);
      },
    });
    const server = createServer(handler);
    await new Promise<void>((resolve, reject) => {
      const fail = (cause: Error): void => {
        const where = `${host}:${port}`;
        reject(
          new UsageError('WORKER_NOT_STARTED', `The worker cannot listen on ${where}: ${cause.message}. Give another port.`, {
            cause,
            details: { host, port },
          }),
        );
      };
      server.once('error', fail);
      server.listen({ port, host, reusePort: shared }, () => {
        server.off('error', fail);
        resolve();
      });
    });
    const { port: taken } = server.address() as AddressInfo;
    return new Worker(server, advertised ?? `http://${host.includes(':') ? `[${host}]` : host}:${taken}`);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const session of this.sessions) session.destroy();
    await closed;
  }
}

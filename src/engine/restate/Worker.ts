/**
 * Serves the commands of one application to Restate.
 *
 * Owns: the port. Does not own: the runs. Accepts only requests that Restate has signed, unless it was told otherwise.
 */
import { once } from 'node:events';
import { createServer, type Http2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { messageOf, UsageError } from '../../kernel/errors.js';
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
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Http2Server,
    /** Where Restate finds it. */
    readonly url: string,
  ) {
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('session', (session) => session.on('error', () => undefined)); // The connection is gone, and the invocations on it are told.
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
    try {
      server.listen({ port, host, reusePort: shared });
      await once(server, 'listening');
    } catch (cause) {
      throw new UsageError('WORKER_NOT_STARTED', `The worker cannot listen on ${host}:${port}: ${messageOf(cause)}. Give another port.`, {
        cause,
        details: { host, port },
      });
    }
    const { port: taken } = server.address() as AddressInfo;
    return new Worker(server, advertised ?? `http://${host.includes(':') ? `[${host}]` : host}:${taken}`);
  }

  /** Does not wait for whoever is connected: a node that is gone without a word never answers. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}

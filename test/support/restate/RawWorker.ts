/** Services written against the Restate SDK itself, served on a free port of loopback. */
import { once } from 'node:events';
import { createServer, type Http2Server, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createEndpointHandler } from '@restatedev/restate-sdk';

type Endpoint = Parameters<typeof createEndpointHandler>[0];

export class RawWorker implements AsyncDisposable {
  private readonly sessions = new Set<ServerHttp2Session>();

  private constructor(private readonly server: Http2Server) {
    server.on('session', (session) => {
      this.sessions.add(session);
      session.once('close', () => this.sessions.delete(session));
    });
  }

  static async serve(services: Endpoint['services'], identityKeys: string[] = []): Promise<RawWorker> {
    const server = createServer(
      createEndpointHandler({ services, logger: () => undefined, ...(identityKeys.length > 0 && { identityKeys }) }),
    );
    const worker = new RawWorker(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return worker;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  register(adminUrl: string): Promise<Response> {
    return fetch(`${adminUrl}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: this.url }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const session of this.sessions) session.destroy();
    await closed;
  }
}

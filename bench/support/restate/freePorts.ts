/** Ports of loopback that nothing listens on. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** Below those that Linux, macOS and Windows give to clients: a server that is down finds its own free when it comes back. */
const FIRST = 20_000;
const LAST = 32_000;
const TRIES_MAX = 200;

export async function freePorts(count: number): Promise<number[]> {
  const open = new Map<number, Server>();
  for (let tries = 0; open.size < count; tries += 1) {
    if (tries === TRIES_MAX) throw new Error(`no ${count} free ports were found`);
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const server = createServer();
    server.listen(port, '127.0.0.1');
    const isFree = await once(server, 'listening').then(
      () => true,
      () => false,
    );
    if (isFree) open.set(port, server);
  }
  await Promise.all([...open.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...open.keys()];
}

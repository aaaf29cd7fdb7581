/**
 * What lies between a channel and a server: passes bytes on, until it is cut.
 *
 * Owns: the port that the channel knows, which stays the same while nobody listens on it.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class Wire implements AsyncDisposable {
  private readonly pairs = new Set<readonly [Socket, Socket]>();
  private listener: Server | undefined;
  private accepted = 0;

  private constructor(
    private readonly serverPort: number,
    private known: number,
  ) {}

  static async to(serverPort: number): Promise<Wire> {
    const wire = new Wire(serverPort, 0);
    await wire.open();
    return wire;
  }

  get port(): number {
    return this.known;
  }

  /** Now open. */
  get connections(): number {
    return this.pairs.size;
  }

  /** Ever made. */
  get connectionsMade(): number {
    return this.accepted;
  }

  /** Lets the channel connect again, at the same port. */
  async open(): Promise<void> {
    const listener = createServer((socket) => this.join(socket));
    listener.listen(this.known, 'localhost');
    await once(listener, 'listening');
    this.known = (listener.address() as AddressInfo).port;
    this.listener = listener;
  }

  /** Resets all connections. */
  reset(): void {
    for (const socket of [...this.pairs].flat()) {
      if (socket.writableEnded)
        socket.destroy(); // What was shut down cannot be reset as well.
      else socket.resetAndDestroy();
    }
  }

  /** As if the machine were gone: connections are reset, and nobody listens. */
  async close(): Promise<void> {
    const { listener } = this;
    if (!listener) return;
    this.listener = undefined;
    const closed = once(listener, 'close');
    listener.close();
    this.reset();
    await closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private join(near: Socket): void {
    const far = connect(this.serverPort, 'localhost');
    const pair = [near, far] as const;
    this.accepted += 1;
    this.pairs.add(pair);
    near.pipe(far);
    far.pipe(near);
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
        if (near.closed && far.closed) this.pairs.delete(pair);
      });
    }
  }
}

/**
 * A port in front of workers: which of them Restate reaches is said here, and the connections to it are cut as when its machine goes down.
 *
 * Owns: the port and what goes through it. Does not own: the workers, which hear nothing of it.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class WorkerDoor implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  private port: number | undefined;

  private constructor(private readonly server: Server) {
    server.on('connection', (from) => this.pass(from));
  }

  static async open(): Promise<WorkerDoor> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new WorkerDoor(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** New connections lead to the worker on this port. */
  leadTo(port: number): void {
    this.port = port;
  }

  /** Nothing goes through any more, at once and until it leads somewhere again. */
  cut(): void {
    this.port = undefined;
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(from: Socket): void {
    if (this.port === undefined) {
      from.destroy();
      return;
    }
    const to = connect(this.port, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.sockets.add(one);
      one.setNoDelay(true);
      one.on('error', () => undefined); // The other side is told below.
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}

/**
 * A way to a service on which somebody watches: what goes through is passed on as it is, and told to the watcher before.
 *
 * Owns: a listener on loopback, its connections. Does not own: the service.
 */
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/** A request, or the reply to one, as far as its first packet has it. */
export type Passing = { readonly request: string } | { readonly reply: string };

export class Gate implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.connect(socket));

  private constructor(
    private readonly port: number,
    private readonly watch: (passing: Passing) => void,
  ) {}

  /** @param port of the service on loopback */
  static async before(port: number, watch: (passing: Passing) => void): Promise<Gate> {
    const gate = new Gate(port, watch);
    await new Promise<void>((resolve) => gate.server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  /** When one end breaks the connection, the other end sees it broken. */
  private connect(caller: Socket): void {
    const service = createConnection(this.port, '127.0.0.1');
    caller.on('data', (chunk: Buffer) => {
      this.watch({ request: chunk.toString('latin1') });
      service.write(chunk);
    });
    service.on('data', (chunk: Buffer) => {
      this.watch({ reply: chunk.toString('latin1') });
      caller.write(chunk);
    });
    for (const [socket, other] of [
      [caller, service],
      [service, caller],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

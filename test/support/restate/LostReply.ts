/**
 * A port in front of a server at which the first reply gets lost: the request has come through, and the connection ends before its answer.
 *
 * Owns: the port and what goes through it.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export class LostReply implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** Resolves when it has lost the reply. */
    readonly lost: Promise<void>,
  ) {}

  /** @param before what happens between the answer and the end of the connection */
  static async open(port: number, before: () => Promise<void>): Promise<LostReply> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { promise, resolve } = Promise.withResolvers<void>();
    const door = new LostReply(server, promise);
    let isLost = false;
    server.on('connection', (from) => {
      const to = door.pass(from, port);
      const lose = async (): Promise<void> => {
        isLost = true;
        await before();
        from.destroy();
        resolve();
      };
      to.on('data', (bytes) => {
        if (isLost) from.write(bytes);
        else void lose();
      });
    });
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(from: Socket, port: number): Socket {
    const to = connect(port, '127.0.0.1');
    for (const socket of [from, to]) {
      this.sockets.add(socket);
      socket.on('error', () => undefined); // The server is killed behind it.
      socket.on('close', () => {
        this.sockets.delete(socket);
        if (socket === from) to.destroy();
        else from.end();
      });
    }
    from.pipe(to);
    return to;
  }
}

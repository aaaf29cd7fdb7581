/**
 * A port in front of a worker at which what Restate says comes late: Restate has cut the connection and made another by then, and the worker
 * hears of neither.
 *
 * Owns: the port and what goes through it.
 */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

interface Connection {
  readonly restate: Socket;
  readonly worker: Socket;
  readonly late: Buffer[];
  isCut: boolean;
}

export class LateDoor implements AsyncDisposable {
  private readonly connections = new Set<Connection>();
  private isLate = false;

  private constructor(private readonly server: Server) {}

  /** @param port of the worker */
  static async open(port: number): Promise<LateDoor> {
    const server = createServer();
    const door = new LateDoor(server);
    server.on('connection', (restate) => door.pass(restate, port));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return door;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on the worker does not hear what Restate says. */
  hold(): void {
    this.isLate = true;
  }

  /** Restate loses its connections, of which the worker does not hear. New ones are as any. */
  cut(): void {
    this.isLate = false;
    for (const connection of this.connections) {
      connection.isCut = true;
      connection.restate.resetAndDestroy();
    }
  }

  /** What was held back comes to the worker, and what Restate says from now on. */
  letThrough(): void {
    this.isLate = false;
    this.deliver();
  }

  /** What was held back comes to the worker. */
  deliver(): void {
    for (const { worker, late } of this.connections) for (const bytes of late.splice(0)) worker.write(bytes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { restate, worker } of this.connections) for (const socket of [restate, worker]) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private pass(restate: Socket, port: number): void {
    const worker = connect(port, '127.0.0.1');
    const connection: Connection = { restate, worker, late: [], isCut: false };
    this.connections.add(connection);
    for (const socket of [restate, worker]) {
      socket.setNoDelay(true);
      socket.on('error', () => undefined); // It was cut.
    }
    restate.on('data', (bytes) => {
      if (this.isLate) connection.late.push(bytes);
      else worker.write(bytes);
    });
    worker.on('data', (bytes) => restate.write(bytes));
    restate.on('close', () => {
      if (!connection.isCut) worker.destroy();
    });
    worker.on('close', () => {
      restate.destroy();
      this.connections.delete(connection);
    });
  }
}

/**
 * The sockets of one client of grpc-js, which never leaves a server by itself that accepts a connection and says nothing.
 *
 * Invariant: after `end` none is open, and one that connects later is closed at once.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { ChannelCredentials } from '@grpc/grpc-js';

export class HeldSockets {
  private readonly open = new Set<Socket>();
  private isEnded = false;

  /** The same credentials; what connects with them is held here. */
  of(credentials: ChannelCredentials): ChannelCredentials {
    const create = credentials._createSecureConnector.bind(credentials);
    credentials._createSecureConnector = (...given) => {
      const connector = create(...given);
      const connect = connector.connect.bind(connector);
      connector.connect = (socket) => {
        this.hold(socket);
        return connect(socket);
      };
      return connector;
    };
    return credentials;
  }

  async end(): Promise<void> {
    this.isEnded = true;
    for (const socket of this.open) socket.destroy();
    await Promise.all([...this.open].map((socket) => once(socket, 'close')));
  }

  private hold(socket: Socket): void {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    if (this.isEnded) socket.destroy();
  }
}

/**
 * Connects by TLS, and holds a connection back until the server has taken this side up.
 *
 * In TLS 1.3 a client is done before the server has looked at its certificate (RFC 8446 §2), so a request could be lost in a connection
 * that is about to be refused. A server says that it is done by a session ticket.
 */
import type { TLSSocket } from 'node:tls';
import { buildConnector } from 'undici';
import type { TlsMaterial } from '../tls.js';

/** So long a connection is held back where the server gives no tickets, once per connection. */
const TICKET_WAIT_MS = 100;
const ENDED = 'the server ended the TLS handshake, as one does that refuses the certificate of this side';

export function tlsConnector(timeoutMs: number, material: TlsMaterial, serverName: string | undefined): buildConnector.connector {
  const given = Object.entries({ ...material, servername: serverName }).filter(([, value]) => value !== undefined);
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false, ...Object.fromEntries(given) });
  return (options, callback) => {
    connect(options, (...result) => {
      const [error, socket] = result;
      if (error !== null) callback(error, null);
      else whenTakenUp(socket as TLSSocket, (refusal) => (refusal ? callback(refusal, null) : callback(null, socket)));
    });
  };
}

function whenTakenUp(socket: TLSSocket, done: (refusal?: Error) => void): void {
  // A session that is resumed was taken up before, and gets no ticket.
  if (socket.getProtocol() !== 'TLSv1.3' || socket.isSessionReused()) {
    done();
    return;
  }
  let reason: Error | undefined;
  const settle = (): void => {
    clearTimeout(timer);
    socket.off('session', settle).off('error', onError).off('close', settle);
    // Not inside the event of a ticket: what is written there stays in the connection.
    setImmediate(() => done(socket.destroyed ? (reason ?? new Error(ENDED)) : undefined));
  };
  const onError = (error: Error): void => {
    reason = error;
  };
  const timer = setTimeout(settle, TICKET_WAIT_MS);
  socket.on('session', settle).on('error', onError).on('close', settle);
}

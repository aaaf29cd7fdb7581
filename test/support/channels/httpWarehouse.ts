/** The warehouse as a server of HTTP and JSON. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Answer, Line, Warehouse } from './Warehouse.js';

export interface WarehouseServer extends AsyncDisposable {
  readonly port: number;
}

export async function httpWarehouse(warehouse: Warehouse, tls?: ServerOptions): Promise<WarehouseServer> {
  const listener: RequestListener = (request, response) => void answer(warehouse, request, response).catch(() => response.destroy());
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.on('tlsClientError', () => undefined);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(warehouse: Warehouse, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const operation = (request.url ?? '').slice(1);
  if (request.method === 'HEAD') return void response.end();
  if (operation === 'version') return sendJson(response, 200, { version: warehouse.version });
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const parts: Buffer[] = [];
  for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
  const deadline = header(request, 'sixfold-deadline');
  const said = warehouse.receive({
    operation,
    input: JSON.parse(Buffer.concat(parts).toString('utf8')) as Line,
    key: header(request, 'idempotency-key'),
    traceparent: header(request, 'traceparent'),
    deadline: deadline === undefined ? undefined : new Date(deadline),
    authorization: header(request, 'authorization'),
    gone: gone.signal,
  });
  await send(response, said, gone.signal);
}

async function send(response: ServerResponse, said: Answer, gone: AbortSignal): Promise<void> {
  switch (said.as) {
    case 'reply':
      return sendJson(response, 200, said.line);
    case 'refusal':
      response.setHeader('content-type', 'application/problem+json');
      return sendJson(response, 409, { title: said.reason });
    case 'unauthenticated':
      return sendJson(response, 401, { title: said.reason });
    case 'overload':
      response.setHeader('retry-after', String(said.retryAfterMs / 1000));
      return sendJson(response, 503, {});
    case 'stream':
      return sendLines(response, said.lines, gone);
    case 'silence':
  }
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  response.statusCode = status;
  response.end(JSON.stringify(body));
}

async function sendLines(response: ServerResponse, lines: number, gone: AbortSignal): Promise<void> {
  response.setHeader('content-type', 'application/x-ndjson');
  for (let quantity = 1; quantity <= lines && !gone.aborted; quantity += 1) {
    if (!response.write(`${JSON.stringify({ sku: 'bolt', quantity })}\n`)) {
      await once(response, 'drain', { signal: gone }).catch(() => undefined);
    } else await turn();
  }
  response.end();
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

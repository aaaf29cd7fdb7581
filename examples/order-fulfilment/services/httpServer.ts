/** A service over HTTP: its operations, `GET /health`, and the fault switches under `/admin/faults`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Fault } from './FaultSwitches.js';
import { type Caller, type Input, Refusal, type Service, Unavailable } from './Service.js';

interface Route {
  readonly name: string;
  readonly method: string;
  readonly path: URLPattern;
}

export function httpServer(service: Service): Server {
  const routes = Object.entries(service.operations).map(([name, { route }]): Route => {
    const [method = '', path = ''] = route.split(' ');
    return { name, method, path: new URLPattern({ pathname: path.replaceAll(/\{(\w+)\}/g, ':$1') }) };
  });
  const server = createServer((request, response) => {
    answer(service, routes, request, response).catch((error: unknown) => refuse(response, error));
  });
  server.keepAliveTimeout = 60_000;
  return server;
}

async function answer(service: Service, routes: readonly Route[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://service');
  const body = JSON.parse((await text(request)) || '{}') as object;
  if (url.pathname === '/health') return reply(response, { status: 'ok', version: service.spec.version });
  if (url.pathname === '/admin/faults') return reply(response, switchFaults(service, request.method, body as Fault[]));
  for (const { name, method, path } of routes) {
    const groups = method === request.method ? path.exec(url)?.pathname.groups : undefined;
    if (!groups) continue;
    const fields = Object.fromEntries(Object.entries(groups).map(([field, value]) => [field, decodeURIComponent(value ?? '')]));
    const input = Object.assign(Object.fromEntries(url.searchParams), body, fields) as unknown as Input; // What is missing, the database refuses.
    return reply(response, await service.perform(name, input, callerOf(request, response)));
  }
  throw new Refusal(404, `there is nothing at ${request.method} ${url.pathname}`);
}

function switchFaults({ faults }: Service, method: string | undefined, given: readonly Fault[]): readonly Fault[] {
  if (method === 'POST') faults.add(given);
  if (method === 'DELETE') faults.clear();
  return faults.list();
}

function callerOf(request: IncomingMessage, response: ServerResponse): Caller {
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const deadline = request.headers['sixfold-deadline'];
  return {
    key: decodeURIComponent(String(request.headers['idempotency-key'] ?? '')),
    deadline: deadline === undefined ? undefined : Date.parse(String(deadline)),
    gone: gone.signal,
    cut: () => request.socket.destroy(),
  };
}

function reply(response: ServerResponse, value: unknown): void {
  if (value === undefined) response.writeHead(204).end();
  else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, error: unknown): void {
  const status = error instanceof Refusal ? error.status : error instanceof Unavailable ? 503 : 500;
  if (error instanceof Unavailable) response.setHeader('retry-after', error.retryAfterS);
  response.writeHead(status, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ title: error instanceof Error ? error.message : String(error), status }));
}

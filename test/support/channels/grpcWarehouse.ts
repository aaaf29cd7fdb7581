/** The warehouse as a server of gRPC. */

import { once } from 'node:events';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceClientConstructor,
  type ServiceDefinition,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Certificates, Pair } from './certificates.js';
import type { WarehouseServer } from './httpWarehouse.js';
import { type Answer, type Line, OPERATIONS, type Request, type Warehouse } from './Warehouse.js';

interface WarehousePackage {
  readonly shop: { readonly Warehouse: ServiceClientConstructor };
}

const loaded = loadPackageDefinition(loadSync(join(__dirname, 'warehouse.proto'))) as unknown as WarehousePackage;
export const WAREHOUSE_SERVICE: ServiceDefinition = loaded.shop.Warehouse.service;

export async function grpcWarehouse(
  warehouse: Warehouse,
  tls?: { readonly own: Pair; readonly certificates: Certificates },
): Promise<WarehouseServer> {
  const server = new Server();
  const unary = (operation: string) => (call: ServerUnaryCall<Line, Line>, done: sendUnaryData<Line>) => {
    reply(warehouse.receive(requestOf(operation, call)), done);
  };
  const streamed = (operation: string) => (call: ServerWritableStream<Line, Line>) => {
    void sendLines(call, warehouse.receive(requestOf(operation, call)));
  };
  const isStreamed = (operation: string): boolean => operation === 'count' || operation === 'endless';
  const handlers = OPERATIONS.map((operation) => [upper(operation), isStreamed(operation) ? streamed(operation) : unary(operation)]);
  server.addService(WAREHOUSE_SERVICE, {
    ...Object.fromEntries(handlers),
    Version: (_: unknown, done: sendUnaryData<{ version: string }>) => done(null, { version: warehouse.version }),
  });
  const credentials = tls
    ? ServerCredentials.createSsl(
        Buffer.from(tls.certificates.authority.cert),
        [{ cert_chain: Buffer.from(tls.own.cert), private_key: Buffer.from(tls.own.key) }],
        true,
      )
    : ServerCredentials.createInsecure();
  const port = await promisify<string, ServerCredentials, number>(server.bindAsync.bind(server))('localhost:0', credentials);
  return { port, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

function upper(operation: string): string {
  return `${operation.charAt(0).toUpperCase()}${operation.slice(1)}`;
}

function requestOf(operation: string, call: ServerUnaryCall<Line, Line> | ServerWritableStream<Line, Line>): Request {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  const deadline = call.getDeadline();
  const text = (name: string): string | undefined => call.metadata.get(name)[0]?.toString();
  return {
    operation,
    input: call.request,
    key: text('idempotency-key'),
    traceparent: text('traceparent'),
    deadline: deadline === Number.POSITIVE_INFINITY ? undefined : new Date(deadline),
    authorization: text('authorization'),
    gone: gone.signal,
  };
}

function reply(said: Answer, done: sendUnaryData<Line>): void {
  if (said.as === 'reply') done(null, said.line);
  else if (said.as !== 'silence' && said.as !== 'stream') done(errorOf(said));
}

function errorOf(said: Extract<Answer, { as: 'refusal' | 'unauthenticated' | 'overload' }>) {
  const metadata = new Metadata();
  if (said.as === 'unauthenticated') return { code: status.UNAUTHENTICATED, details: said.reason, metadata };
  if (said.as === 'refusal') return { code: status.FAILED_PRECONDITION, details: said.reason, metadata };
  metadata.set('retry-after-ms', String(said.retryAfterMs));
  return { code: status.RESOURCE_EXHAUSTED, details: 'too much to do', metadata };
}

async function sendLines(call: ServerWritableStream<Line, Line>, said: Answer): Promise<void> {
  if (said.as === 'refusal' || said.as === 'unauthenticated') return void call.emit('error', errorOf(said));
  const lines = said.as === 'stream' ? said.lines : 0;
  for (let quantity = 1; quantity <= lines && !call.cancelled; quantity += 1) {
    if (call.write({ sku: 'bolt', quantity })) await turn();
    else await Promise.race([once(call, 'drain'), once(call, 'cancelled')]);
  }
  call.end();
}

/** The inventory over gRPC, on connections that a listener hands on, so that a fault can break one. */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type Caller, type Input, Refusal, type Service, Unavailable } from './Service.js';

/** The program runs in the folder of the package. */
const INVENTORY_PROTO = join('examples', 'order-fulfilment', 'services', 'inventory.proto');

type Unary = grpc.handleUnaryCall<Input, object>;

/** @returns takes connections of clients */
export function grpcConnections(service: Service): (socket: Socket) => void {
  const sockets = new Map<string, Socket>();
  const { shop } = grpc.loadPackageDefinition(loadSync(INVENTORY_PROTO)) as unknown as {
    shop: { Inventory: grpc.ServiceClientConstructor };
  };
  const server = new grpc.Server();
  const unary = (name: string): Unary => {
    return (call, answer) => {
      const cut = (): void => void sockets.get(call.getPeer())?.destroy();
      service.perform(name, call.request, callerOf(call, cut)).then(
        (reply) => answer(null, (reply ?? {}) as object),
        (error: unknown) => answer(statusOf(error)),
      );
    };
  };
  server.addService(shop.Inventory.service, { Reserve: unary('reserve'), Release: unary('release') });
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  return (socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    sockets.set(peer, socket);
    socket.on('close', () => sockets.delete(peer));
    injector.injectConnection(socket);
  };
}

function callerOf(call: grpc.ServerUnaryCall<Input, object>, cut: () => void): Caller {
  const gone = new AbortController();
  call.on('cancelled', () => gone.abort());
  const deadline = call.getDeadline();
  return {
    key: decodeURIComponent(String(call.metadata.get('idempotency-key')[0] ?? '')),
    deadline: deadline === Infinity ? undefined : Number(deadline),
    gone: gone.signal,
    cut,
  };
}

function statusOf(error: unknown): Partial<grpc.StatusObject> {
  const message = error instanceof Error ? error.message : String(error);
  const metadata = new grpc.Metadata();
  if (error instanceof Unavailable) metadata.set('grpc-retry-pushback-ms', String(error.retryAfterS * 1000));
  return { code: codeOf(error), details: message, metadata };
}

function codeOf(error: unknown): grpc.status {
  if (error instanceof Refusal) return grpc.status.FAILED_PRECONDITION;
  return error instanceof Unavailable ? grpc.status.RESOURCE_EXHAUSTED : grpc.status.INTERNAL;
}

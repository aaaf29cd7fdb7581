/** A process of its own that makes one call by HTTP or gRPC, prints the reply, and releases nothing. Its arguments are protocol and port. */
import type { Call } from '../../../src/kernel/Call.js';
import { GrpcChannel } from '../../../src/systems/channels/grpc/GrpcChannel.js';
import { HttpChannel } from '../../../src/systems/channels/http/HttpChannel.js';

const [protocol = '', port = ''] = process.argv.slice(2);
const LINE = { sku: 'bolt', quantity: 3 };
/** The line as protobuf; the reply of the warehouse is the same. */
const BYTES = Buffer.from([0x0a, 4, ...Buffer.from('bolt'), 0x10, 3]);
const asItIs = (bytes: Buffer): Buffer => bytes;

const service = {
  Reserve: {
    path: '/shop.Warehouse/Reserve',
    requestStream: false,
    responseStream: false,
    requestSerialize: () => BYTES,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: (bytes: Buffer) => (bytes.equals(BYTES) ? LINE : undefined),
  },
};

const call = { key: 'call', signal: new AbortController().signal } as Call;
const channel =
  protocol === 'HTTP'
    ? new HttpChannel({ baseUrl: `http://localhost:${port}`, routes: { reserve: 'POST /reserve' }, keepAliveMs: 60_000 })
    : new GrpcChannel({ address: `localhost:${port}`, service });

channel.invoke('reserve', LINE, call).then(
  (reply) => process.stdout.write(`${JSON.stringify(reply)}\n`),
  (error: { code: string; message: string }) => process.stdout.write(`${error.code} ${error.message}\n`),
);

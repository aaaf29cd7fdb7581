/** The channels that the contract suite runs on, each with a warehouse behind it. */
import type { Call } from '../../../src/kernel/Call.js';
import { CommandFailure, TransientError } from '../../../src/kernel/errors.js';
import type { Authentication } from '../../../src/systems/channels/authentication.js';
import type { Channel } from '../../../src/systems/channels/Channel.js';
import { GrpcChannel } from '../../../src/systems/channels/grpc/GrpcChannel.js';
import { HttpChannel } from '../../../src/systems/channels/http/HttpChannel.js';
import { inProcessChannel } from '../../../src/systems/channels/InProcessChannel.js';
import { offeredChannels } from '../../../src/systems/channels/offered/OfferedChannels.js';
import type { TlsSettings } from '../../../src/systems/channels/tls.js';
import { testCall } from '../call.js';
import { certificates, type Pair } from './certificates.js';
import { grpcWarehouse, WAREHOUSE_SERVICE } from './grpcWarehouse.js';
import { httpWarehouse, type WarehouseServer } from './httpWarehouse.js';
import { type Line, OPERATIONS, type Request, Warehouse } from './Warehouse.js';
import { Wire } from './Wire.js';

export interface ChannelSettings {
  readonly auth?: Authentication;
  readonly replyBytesMax?: number;
  readonly tls?: TlsSettings;
  readonly connectTimeoutMs?: number;
}

/** A warehouse that runs, and the way to it. */
export interface Opened extends AsyncDisposable {
  readonly warehouse: Warehouse;
  /** Undefined where there is no network in between. */
  readonly wire: Wire | undefined;
  readonly channel: (settings?: ChannelSettings) => Channel;
}

export interface ChannelKind {
  readonly name: string;
  /** @param own what a server with TLS shows of itself, instead of a good certificate */
  open(own?: Pair): Promise<Opened>;
}

async function opened(
  serve: (warehouse: Warehouse) => Promise<WarehouseServer>,
  channel: (port: number, settings: ChannelSettings) => Channel,
): Promise<Opened> {
  const warehouse = new Warehouse();
  const server = await serve(warehouse);
  const wire = await Wire.to(server.port);
  return {
    warehouse,
    wire,
    channel: (settings = {}) => channel(wire.port, settings),
    async [Symbol.asyncDispose]() {
      await wire[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const ROUTES = Object.fromEntries(OPERATIONS.map((operation) => [operation, `POST /${operation}`]));

function httpChannel(port: number, scheme: 'http' | 'https', settings: ChannelSettings): Channel {
  return new HttpChannel({ baseUrl: `${scheme}://localhost:${port}`, routes: ROUTES, versionFrom: { route: 'GET /version' }, ...settings });
}

function grpcChannel(port: number, settings: ChannelSettings): Channel {
  return new GrpcChannel({ address: `localhost:${port}`, service: WAREHOUSE_SERVICE, versionFrom: { method: 'Version' }, ...settings });
}

async function mutual(): Promise<TlsSettings> {
  const { authority, client } = await certificates();
  return { ca: authority.cert, cert: client.cert, key: client.key };
}

const inProcess: ChannelKind = {
  name: 'in-process',
  async open() {
    const warehouse = new Warehouse();
    const handlers = Object.fromEntries(OPERATIONS.map((operation) => [operation, handlerOf(warehouse, operation)]));
    return {
      warehouse,
      wire: undefined,
      channel: () => inProcessChannel(handlers, { version: warehouse.version }),
      async [Symbol.asyncDispose]() {},
    };
  },
};

const http: ChannelKind = {
  name: 'HTTP',
  open: () => opened(httpWarehouse, (port, settings) => httpChannel(port, 'http', settings)),
};

export const httpMutual: ChannelKind = {
  name: 'HTTP with mTLS',
  async open(own) {
    const { authority, server } = await certificates();
    const tls = await mutual();
    const shown = { ...(own ?? server), ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    return opened(
      (warehouse) => httpWarehouse(warehouse, shown),
      (port, settings) => httpChannel(port, 'https', { tls, ...settings }),
    );
  },
};

const grpc: ChannelKind = { name: 'gRPC', open: () => opened(grpcWarehouse, grpcChannel) };

export const grpcMutual: ChannelKind = {
  name: 'gRPC with mTLS',
  async open(own) {
    const all = await certificates();
    const tls = await mutual();
    return opened(
      (warehouse) => grpcWarehouse(warehouse, { own: own ?? all.server, certificates: all }),
      (port, settings) => grpcChannel(port, { tls, ...settings }),
    );
  },
};

/** The first of them speaks another version, so that the second is the one. */
const offered: ChannelKind = {
  name: 'offered',
  open: () =>
    opened(httpWarehouse, (port, settings) =>
      offeredChannels([
        { channel: inProcessChannel({}, { version: '1.9.0' }), versions: '>=2 <4' },
        { channel: httpChannel(port, 'http', settings), versions: '>=2 <4' },
      ]),
    ),
};

export const CHANNEL_KINDS: readonly ChannelKind[] = [inProcess, http, httpMutual, grpc, grpcMutual, offered];

function handlerOf(warehouse: Warehouse, operation: string) {
  return (input: Line, call: Call): unknown => {
    const said = warehouse.receive(requestOf(operation, input, call));
    switch (said.as) {
      case 'reply':
        return said.line;
      case 'refusal':
        throw new CommandFailure('SYSTEM_REFUSED', said.reason);
      case 'overload':
        throw new TransientError('SYSTEM_OVERLOADED', 'too much to do', { details: { retryAfterMs: said.retryAfterMs } });
      case 'stream':
        return lines(said.lines, warehouse);
      default:
        return new Promise(() => undefined);
    }
  };
}

async function* lines(count: number, warehouse: Warehouse): AsyncGenerator<Line> {
  try {
    for (let quantity = 1; quantity <= count; quantity += 1) yield { sku: 'bolt', quantity };
  } finally {
    warehouse.streamsEnded += 1;
  }
}

function requestOf(operation: string, input: Line, { key, traceparent, deadline, signal }: Call): Request {
  return { operation, input, key, traceparent, deadline, authorization: undefined, gone: signal };
}

export interface CallSettings {
  readonly key?: string;
  readonly signal?: AbortSignal;
  readonly deadline?: Date;
  readonly traceparent?: string;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** A call outside any run. */
export function callWith({ signal, secrets = {}, ...given }: CallSettings = {}): Call {
  return {
    ...testCall(signal ? { signal } : {}),
    ...given,
    secret: async (reference) => secrets[reference] ?? Promise.reject(new Error(`There is no secret ${reference}.`)),
  };
}

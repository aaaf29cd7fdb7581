/** How the services are reached: over HTTP; the inventory over gRPC as well, which is preferred. */
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { offeredChannels } from 'sixfold';
import { GrpcChannel } from 'sixfold/channels/grpc';
import { HttpChannel } from 'sixfold/channels/http';
import type { ServiceFleet } from './services/ServiceFleet.js';
import type { ShopChannels } from './shop.js';
import { INVENTORY_ROUTES } from './systems.js';

/** The program runs in the folder of the package. */
const INVENTORY_PROTO = 'examples/order-fulfilment/services/inventory.proto';

export function channelsTo(fleet: ServiceFleet): ShopChannels {
  const service = loadSync(INVENTORY_PROTO)['shop.Inventory'] as ServiceDefinition;
  return {
    user: httpChannel(fleet.url('user')),
    inventory: offeredChannels([
      { channel: new GrpcChannel({ address: fleet.inventoryGrpc, service }) },
      { channel: httpChannel(fleet.url('inventory'), INVENTORY_ROUTES) },
    ]),
    order: httpChannel(fleet.url('order')),
    payment: httpChannel(fleet.url('payment')),
  };
}

function httpChannel(baseUrl: string, routes: Readonly<Record<string, string>> = {}): HttpChannel {
  return new HttpChannel({ baseUrl, routes, health: 'GET /health', versionFrom: { route: 'GET /health' } });
}

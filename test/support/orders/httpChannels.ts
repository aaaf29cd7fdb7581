import type { ServiceName } from '../../../examples/order-fulfilment/services/ServiceFleet.js';
import type { ShopChannels } from '../../../examples/order-fulfilment/shop.js';
import { INVENTORY_ROUTES } from '../../../examples/order-fulfilment/systems.js';
import { HttpChannel } from '../../../src/systems/channels/http/index.js';

/** The channels of the example without gRPC, which takes a process long to load and lets one request break the connection of others. */
export function httpChannels(urls: Readonly<Record<ServiceName, string>>): ShopChannels {
  const channel = (name: ServiceName, routes = {}) => new HttpChannel({ baseUrl: urls[name], routes, health: 'GET /health' });
  return {
    user: channel('user'),
    inventory: channel('inventory', INVENTORY_ROUTES),
    order: channel('order'),
    payment: channel('payment'),
  };
}

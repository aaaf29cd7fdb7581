/** Takes orders with Sixfold. STORE in its environment is the file of its journal. */
import 'reflect-metadata';
import { type CommandRunner, startSixfold } from 'sixfold';
import { HttpChannel } from 'sixfold/channels/http';
import { FulfilOrder } from '../../../examples/order-fulfilment/FulfilOrder.js';
import { shop } from '../../../examples/order-fulfilment/shop.js';
import { INVENTORY_ROUTES } from '../../../examples/order-fulfilment/systems.js';
import { type Ending, openDesk, urlOf } from '../contest/orderDesk.js';
import type { Purchase } from '../messages.js';

const silent = (): void => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };
const runs = new Map<string, string>();

/** Places an order again that is turned away before anything was done, since a service is down at the moment. */
async function fulfil(runner: CommandRunner, purchase: Purchase, placed = 1): Promise<Ending> {
  const run = await runner.start(FulfilOrder, purchase, { key: `${purchase.orderId}/${placed}` });
  runs.set(purchase.orderId, run.id);
  const outcome = await run.outcome();
  if (outcome.status === 'failed' && outcome.error.code === 'SYSTEM_UNAVAILABLE') return fulfil(runner, purchase, placed + 1);
  return { how: outcome.status, ...('error' in outcome && { why: outcome.error.message }) };
}

async function main(): Promise<void> {
  const health = { health: 'GET /health', versionFrom: { route: 'GET /health' } };
  const channels = {
    user: new HttpChannel({ baseUrl: urlOf('user'), ...health }),
    inventory: new HttpChannel({ baseUrl: urlOf('inventory'), routes: INVENTORY_ROUTES, ...health }),
    order: new HttpChannel({ baseUrl: urlOf('order'), ...health }),
    payment: new HttpChannel({ baseUrl: urlOf('payment'), ...health }),
  };
  const runner = await startSixfold(shop(channels, process.env.STORE ?? '', { logger }));
  openDesk({
    fulfil: (purchase) => fulfil(runner, purchase),
    cancel: (orderId) => runner.cancel(runs.get(orderId) ?? '', 'the customer changed his mind'),
  });
}

void main();

import { FulfilOrder, type Shipment } from '../../../examples/order-fulfilment/FulfilOrder.js';
import type { CommandRunner, Outcome } from '../../../src/index.js';

const PLACED_MAX = 200;

export const ORDER = {
  customerId: 'ada',
  lines: [
    { sku: 'bolt', quantity: 2 },
    { sku: 'nut', quantity: 2 },
  ],
  cents: 4200,
};

/** Places an order, and places it again when it is turned away before anything was done, since a service is down at the moment. */
export async function placeOrder(runner: CommandRunner, orderId: string, placed = 1): Promise<Outcome<Shipment>> {
  const run = await runner.start(FulfilOrder, { ...ORDER, orderId }, { key: `${orderId} ${placed}` });
  const outcome = await run.outcome();
  const turnedAway = outcome.status === 'failed' && outcome.error.code === 'SYSTEM_UNAVAILABLE';
  return turnedAway && placed < PLACED_MAX ? placeOrder(runner, orderId, placed + 1) : outcome;
}

/** Takes orders with DBOS. STORE in its environment is the URL of its database. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { type Ending, openDesk } from '../contest/orderDesk.js';
import type { Purchase } from '../messages.js';
import { fulfilOrder } from './fulfilOrder.js';

async function fulfil(purchase: Purchase): Promise<Ending> {
  const handle = await DBOS.startWorkflow(fulfilOrder, { workflowID: purchase.orderId })(purchase);
  return handle.getResult().then(
    () => ({ how: 'completed' }),
    (error: unknown) => ({ how: 'failed', why: String(error) }),
  );
}

const silent = (): void => undefined;
const logger = { debug: silent, info: silent, warn: silent, error: silent };

async function main(): Promise<void> {
  DBOS.setConfig({ name: 'order-fulfilment', systemDatabaseUrl: process.env.STORE ?? '', logger });
  await DBOS.launch();
  openDesk({ fulfil, cancel: (orderId) => DBOS.send(orderId, true, 'cancel') });
}

void main();

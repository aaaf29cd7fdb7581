/** A host application in one file: its container, its journal, one order. Run it with `npm run example:place-order`. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Container } from 'inversify';
import { embeddedEngine, type Logger, sixfoldModule, startSixfold } from 'sixfold';
import { PlaceOrder } from './PlaceOrder.js';
import { Inventory, Payments } from './systems.js';

export async function placeOrders(print: (line: string) => void, logger?: Logger): Promise<void> {
  const container = new Container();
  container.bind(Inventory).toSelf().inSingletonScope();
  container.bind(Payments).toSelf().inSingletonScope();
  const file = join(mkdtempSync(join(tmpdir(), 'place-order-')), 'shop.db');
  container.load(sixfoldModule({ engine: embeddedEngine({ file }), commands: [PlaceOrder], ...(logger ? { logger } : {}) }));

  await using runner = await startSixfold(container);
  const order = { orderId: '42', skus: ['bolt', 'nut'] };
  const receipt = await runner.execute(PlaceOrder, order, { key: order.orderId });
  print(`order ${receipt.orderId}: ${receipt.reservations.join(' and ')}, paid by ${receipt.paymentId}`);

  const again = await runner.execute(PlaceOrder, order, { key: order.orderId });
  print(`asked again with the same key, nothing was reserved or charged twice: ${again.reservations.join(' and ')}`);

  const refused = await runner.start(PlaceOrder, { orderId: '43', skus: ['nut', 'nut', 'nut'] }, { key: '43' });
  const outcome = await refused.outcome();
  print(`order 43 ended ${outcome.status}: ${outcome.status === 'completed' ? '' : outcome.error.message}`);
}

import * as restate from '@restatedev/restate-sdk';
import { type Known, Purchase, Shipment } from '../messages.js';
import { chargeOnce } from './chargeOnce.js';
import { cancelOrder, confirmOrder, createOrder, release, reserve, shipOrder, verifyCustomer } from './services.js';
import { attempted, insisted } from './steps.js';

type Undo = () => Promise<void>;

/** What is undone is known by a key, so it is noted before it is done: where nothing was done, undoing does nothing. */
async function fulfil(ctx: restate.Context, purchase: Purchase): Promise<Shipment> {
  const { orderId } = purchase;
  const undos: Undo[] = [];
  let payment: Known;
  try {
    await attempted(ctx, 'verify', () => verifyCustomer(purchase));
    await reserveAll(ctx, purchase, undos);
    undos.push(() => insisted(ctx, 'cancel', () => cancelOrder(orderId)));
    await attempted(ctx, 'create', () => createOrder(purchase));
    payment = await chargeOnce(ctx, purchase);
  } catch (error) {
    if (error instanceof restate.TerminalError) for (const undo of undos.reverse()) await undo();
    throw error;
  }
  await insisted(ctx, 'confirm', () => confirmOrder(orderId, payment.id));
  const { trackingId } = await insisted(ctx, 'ship', () => shipOrder(orderId));
  return { orderId, paymentId: payment.id, trackingId };
}

/** Waits for all, so that none is under way when the first that failed is thrown. */
async function reserveAll(ctx: restate.Context, { orderId, lines }: Purchase, undos: Undo[]): Promise<void> {
  const reservations = lines.map((line, index) => {
    const key = `${orderId}/reservation-${index}`;
    undos.push(() => insisted(ctx, 'release', () => release(key)));
    return attempted(ctx, 'reserve', () => reserve(orderId, line, key));
  });
  const settled = await restate.RestatePromise.allSettled(reservations);
  const failed = settled.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

export const fulfilOrder = restate.service({
  name: 'FulfilOrder',
  handlers: {
    fulfil: restate.handlers.handler({ input: restate.serde.schema(Purchase), output: restate.serde.schema(Shipment) }, fulfil),
  },
  options: { retryPolicy: { initialInterval: 50, maxInterval: 1000 } },
});

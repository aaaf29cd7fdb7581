import { DBOS } from '@dbos-inc/dbos-sdk';
import { z } from 'zod';
import { type Known, type Line, Purchase, type Shipment } from '../messages.js';
import { chargeOnce } from './chargeOnce.js';
import { cancelOrder, confirmOrder, createOrder, release, reserve, shipOrder, verifyCustomer } from './services.js';

type Undo = () => Promise<void>;

/**
 * What is undone is known by a key, so it is noted before it is done: where nothing was done, undoing does nothing. A workflow that was
 * cancelled by `DBOS.cancelWorkflow` can take no steps, so an order is cancelled by a message.
 */
async function fulfil(purchase: Purchase): Promise<Shipment> {
  const { orderId } = purchase;
  const undos: Undo[] = [];
  let payment: Known;
  try {
    await verifyCustomer(purchase);
    await reserveAll(purchase, undos);
    undos.push(() => cancelOrder(orderId));
    await createOrder(purchase);
    if (await DBOS.recv('cancel', { timeoutSeconds: 0 })) throw new Error(`${orderId} was cancelled`);
    payment = await chargeOnce(purchase);
  } catch (error) {
    for (const undo of undos.reverse()) await undo();
    throw error;
  }
  await confirmOrder(orderId, payment.id);
  const { trackingId } = await shipOrder(orderId);
  return { orderId, paymentId: payment.id, trackingId };
}

/** Waits for all, so that none is under way when the first that failed is thrown. */
async function reserveAll({ orderId, lines }: Purchase, undos: Undo[]): Promise<void> {
  const reservations = await Promise.allSettled(
    lines.map((line: Line, index) => {
      const key = `${DBOS.workflowID}/reservation-${index}`;
      undos.push(() => release(key));
      return reserve(orderId, line, key);
    }),
  );
  const failed = reservations.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}

export const fulfilOrder = DBOS.registerWorkflow(fulfil, { name: 'fulfilOrder', inputSchema: z.tuple([Purchase]) });

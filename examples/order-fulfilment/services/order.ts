/** Keeps the orders: created, confirmed when they are paid, shipped; or cancelled before that. */
import { type Input, Refusal, type ServiceSpec } from './Service.js';
import type { Store } from './Store.js';

interface Order {
  readonly id: string;
  readonly key: string;
  readonly status: 'created' | 'confirmed' | 'shipped' | 'cancelled';
  readonly paymentId: string | null;
}

export const order: ServiceSpec = {
  version: '2.1.0',
  schema: `
    CREATE TABLE IF NOT EXISTS purchase (
      id TEXT PRIMARY KEY, key TEXT, customer_id TEXT, lines TEXT, cents INTEGER, status TEXT NOT NULL, payment_id TEXT) STRICT;`,
  operations: (store) => ({
    create: {
      route: 'POST /orders',
      orderOf: ({ orderId }) => orderId,
      perform: (input, key) => create(store, input, key),
    },
    cancel: {
      route: 'DELETE /orders/{orderId}',
      orderOf: ({ orderId }) => orderId,
      perform: ({ orderId }) => cancel(store, orderId),
    },
    confirm: {
      route: 'POST /orders/{orderId}/confirmation',
      orderOf: ({ orderId }) => orderId,
      perform: (input) => confirm(store, input),
    },
    ship: {
      route: 'POST /orders/{orderId}/shipment',
      orderOf: ({ orderId }) => orderId,
      perform: ({ orderId }) => ship(store, orderId),
    },
  }),
};

function orderIn(store: Store, id: string): Order | undefined {
  return store.get<Order>('SELECT id, key, status, payment_id AS paymentId FROM purchase WHERE id = ?', id);
}

/** The same key gives the same order. */
function create(store: Store, { orderId, customerId, lines, cents }: Input, key: string) {
  const known = orderIn(store, orderId);
  if (known && (known.status === 'cancelled' || known.key !== key)) throw new Refusal(409, `there was an order ${orderId} before`);
  if (!known) {
    store.run("INSERT INTO purchase VALUES (?, ?, ?, ?, ?, 'created', NULL)", orderId, key, customerId, JSON.stringify(lines), cents);
  }
  return { orderId, status: 'created' };
}

/** Can be repeated. Where no order was created, none will be: a request that comes later is refused. */
function cancel(store: Store, orderId: string): void {
  if (orderIn(store, orderId)?.status === 'shipped') throw new Refusal(409, `${orderId} was shipped`);
  store.run("INSERT INTO purchase (id, status) VALUES (?, 'cancelled') ON CONFLICT DO UPDATE SET status = 'cancelled'", orderId);
}

/** Can be repeated with the same payment. */
function confirm(store: Store, { orderId, paymentId }: Input) {
  const known = orderIn(store, orderId);
  if (!known || known.status === 'cancelled') throw new Refusal(409, `there is no order ${orderId}`);
  if (known.paymentId !== null && known.paymentId !== paymentId) throw new Refusal(409, `${orderId} was paid by ${known.paymentId}`);
  if (known.status === 'created') store.run("UPDATE purchase SET status = 'confirmed', payment_id = ? WHERE id = ?", paymentId, orderId);
  return { orderId, status: 'confirmed' };
}

/** Can be repeated. */
function ship(store: Store, orderId: string) {
  const known = orderIn(store, orderId);
  if (known?.status !== 'confirmed' && known?.status !== 'shipped') throw new Refusal(409, `${orderId} is not paid`);
  store.run("UPDATE purchase SET status = 'shipped' WHERE id = ?", orderId);
  return { orderId, status: 'shipped', trackingId: `T-${orderId}` };
}

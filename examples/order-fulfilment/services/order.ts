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
      orderOf: ({ id }) => id,
      perform: (input, key) => create(store, input, key),
    },
    cancel: { route: 'DELETE /orders/{id}', orderOf: ({ id }) => id, perform: ({ id }) => cancel(store, id) },
    confirm: {
      route: 'POST /orders/{id}/confirmation',
      orderOf: ({ id }) => id,
      perform: (input) => confirm(store, input),
    },
    ship: { route: 'POST /orders/{id}/shipment', orderOf: ({ id }) => id, perform: ({ id }) => ship(store, id) },
  }),
};

function orderIn(store: Store, id: string): Order | undefined {
  return store.get<Order>('SELECT id, key, status, payment_id AS paymentId FROM purchase WHERE id = ?', id);
}

/** The same key gives the same order. */
function create(store: Store, { id, customerId, lines, cents }: Input, key: string) {
  const known = orderIn(store, id);
  if (known && (known.status === 'cancelled' || known.key !== key)) throw new Refusal(409, `there was an order ${id} before`);
  if (!known) {
    store.run("INSERT INTO purchase VALUES (?, ?, ?, ?, ?, 'created', NULL)", id, key, customerId, JSON.stringify(lines), cents);
  }
  return { id, status: 'created' };
}

/** Can be repeated. Where no order was created, none will be: a request that comes later is refused. */
function cancel(store: Store, id: string): void {
  if (orderIn(store, id)?.status === 'shipped') throw new Refusal(409, `${id} was shipped`);
  store.run("INSERT INTO purchase (id, status) VALUES (?, 'cancelled') ON CONFLICT DO UPDATE SET status = 'cancelled'", id);
}

/** Can be repeated with the same payment. */
function confirm(store: Store, { id, paymentId }: Input) {
  const known = orderIn(store, id);
  if (!known || known.status === 'cancelled') throw new Refusal(409, `there is no order ${id}`);
  if (known.paymentId !== null && known.paymentId !== paymentId) throw new Refusal(409, `${id} was paid by ${known.paymentId}`);
  if (known.status === 'created') store.run("UPDATE purchase SET status = 'confirmed', payment_id = ? WHERE id = ?", paymentId, id);
  return { id, status: 'confirmed' };
}

/** Can be repeated. */
function ship(store: Store, id: string) {
  const known = orderIn(store, id);
  if (known?.status !== 'confirmed' && known?.status !== 'shipped') throw new Refusal(409, `${id} is not paid`);
  store.run("UPDATE purchase SET status = 'shipped' WHERE id = ?", id);
  return { id, status: 'shipped', trackingId: `T-${id}` };
}

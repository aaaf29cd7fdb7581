/** Knows what is in stock. A reservation is known by the idempotency key it was asked for with. */
import { type Input, Refusal, type ServiceSpec } from './Service.js';
import type { Store } from './Store.js';

interface Reservation {
  readonly orderId: string;
  readonly sku: string;
  readonly quantity: number;
  readonly status: 'held' | 'released';
}

const RESERVATION = 'SELECT order_id AS orderId, sku, quantity, status FROM reservation WHERE key = ?';

export const inventory: ServiceSpec = {
  version: '1.2.0',
  schema: `
    CREATE TABLE IF NOT EXISTS stock (sku TEXT PRIMARY KEY, initial INTEGER NOT NULL, left INTEGER NOT NULL CHECK (left >= 0)) STRICT;
    CREATE TABLE IF NOT EXISTS reservation (
      key TEXT PRIMARY KEY, order_id TEXT, sku TEXT, quantity INTEGER NOT NULL, status TEXT NOT NULL) STRICT;
    INSERT OR IGNORE INTO stock VALUES ('bolt', 100000, 100000), ('nut', 100000, 100000), ('yacht', 1, 1);`,
  operations: (store) => ({
    reserve: {
      route: 'POST /reservations',
      orderOf: ({ orderId }) => orderId,
      perform: (input, key) => reserve(store, input, key),
    },
    release: {
      route: 'DELETE /reservations/{id}',
      orderOf: ({ id }) => store.get<Reservation>(RESERVATION, id)?.orderId,
      perform: ({ id }) => release(store, id),
    },
  }),
};

/** The same key gives the same reservation. */
function reserve(store: Store, { orderId, sku, quantity }: Input, key: string) {
  if (key === '') throw new Refusal(400, 'a reservation needs an Idempotency-Key');
  const known = store.get<Reservation>(RESERVATION, key);
  if (known?.status === 'released') throw new Refusal(409, `${key} was released`);
  if (!known) {
    const left = store.get<{ readonly left: number }>('SELECT left FROM stock WHERE sku = ?', sku)?.left ?? 0;
    if (left < quantity) throw new Refusal(409, `there is not enough of ${sku}`);
    store.run('UPDATE stock SET left = left - ? WHERE sku = ?', quantity, sku);
    store.run("INSERT INTO reservation VALUES (?, ?, ?, ?, 'held')", key, orderId, sku, quantity);
  }
  return { id: key, orderId, sku, quantity };
}

/** Can be repeated. Where nothing was reserved, nothing will be: a request that comes later is refused. */
function release(store: Store, key: string): void {
  const known = store.get<Reservation>(RESERVATION, key);
  if (!known) store.run("INSERT INTO reservation VALUES (?, NULL, NULL, 0, 'released')", key);
  if (known?.status !== 'held') return;
  store.run('UPDATE stock SET left = left + ? WHERE sku = ?', known.quantity, known.sku);
  store.run("UPDATE reservation SET status = 'released' WHERE key = ?", key);
}

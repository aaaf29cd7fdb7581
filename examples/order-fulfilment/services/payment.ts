/** Takes money. A request that comes twice is charged twice: whoever lost a reply asks by the key before asking again. */
import { type Input, Refusal, type ServiceSpec } from './Service.js';
import type { Store } from './Store.js';

const CENTS_MAX = 1_000_000;
const CHARGE = 'SELECT id, order_id AS orderId, cents FROM charge';

export const payment: ServiceSpec = {
  version: '3.0.1',
  schema: `
    CREATE TABLE IF NOT EXISTS charge (
      id TEXT PRIMARY KEY, key TEXT NOT NULL, order_id TEXT NOT NULL, cents INTEGER NOT NULL, status TEXT NOT NULL) STRICT;
    CREATE INDEX IF NOT EXISTS charge_key ON charge (key);`,
  operations: (store) => ({
    charge: {
      route: 'POST /charges',
      orderOf: ({ orderId }) => orderId,
      perform: (input, key) => charge(store, input, key),
    },
    probe: {
      route: 'GET /charges',
      orderOf: ({ orderId }) => orderId,
      perform: (_input, key) => store.get(`${CHARGE} WHERE key = ?`, key),
    },
    refund: {
      route: 'DELETE /charges/{id}',
      orderOf: ({ id }) => store.get<{ readonly orderId: string }>(`${CHARGE} WHERE id = ?`, id)?.orderId,
      perform: ({ id }) => store.run("UPDATE charge SET status = 'refunded' WHERE id = ?", id),
    },
  }),
};

function charge(store: Store, { orderId, cents }: Input, key: string): unknown {
  if (cents > CENTS_MAX) throw new Refusal(402, 'the card has not so much');
  return store.get(
    "INSERT INTO charge SELECT 'P-' || (coalesce(max(rowid), 0) + 1), ?, ?, ?, 'charged' FROM charge RETURNING id, order_id AS orderId, cents",
    key,
    orderId,
    cents,
  );
}

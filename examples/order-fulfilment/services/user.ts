/** Knows who may order. */
import { Refusal, type ServiceSpec } from './Service.js';

export const user: ServiceSpec = {
  version: '1.0.0',
  schema: `
    CREATE TABLE IF NOT EXISTS customer (id TEXT PRIMARY KEY, name TEXT NOT NULL, blocked INTEGER NOT NULL) STRICT;
    INSERT OR IGNORE INTO customer VALUES ('ada', 'Ada Lovelace', 0), ('grace', 'Grace Hopper', 0), ('mallory', 'Mallory', 1);`,
  operations: (store) => ({
    verify: {
      route: 'GET /customers/{id}',
      orderOf: ({ orderId }) => orderId,
      perform({ id }) {
        const customer = store.get<{ readonly blocked: number }>('SELECT id, name, blocked FROM customer WHERE id = ?', id);
        if (!customer) throw new Refusal(404, `there is no customer ${id}`);
        const { blocked, ...known } = customer;
        if (blocked) throw new Refusal(403, `${id} may not order`);
        return known;
      },
    },
  }),
};

/** Compares what the databases of the services say about every order. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What the services know of one order. */
interface Entry {
  readonly orderId: string;
  /** Undefined where the order service does not know it. */
  readonly status: string | undefined;
  /** What was taken and not given back. */
  readonly charges: readonly { readonly id: string; readonly cents: number }[];
  /** What was taken from the stock and not given back. */
  readonly goods: readonly Line[];
  /** What is wrong, in sentences. */
  readonly faults: readonly string[];
}

interface Books {
  readonly entries: readonly Entry[];
  /** Of all orders, and of the stock. */
  readonly faults: readonly string[];
}

interface Line {
  readonly sku: string;
  readonly quantity: number;
}

interface Purchase {
  readonly id: string;
  readonly status: string;
  readonly lines: string | null;
  readonly cents: number | null;
  readonly paymentId: string | null;
}

/** Reads the databases, which may be in use. When an order is under way, its books need not balance. */
export function readBooks(folder: string): Books {
  const purchases = rows<Purchase>(folder, 'order', 'SELECT id, status, lines, cents, payment_id AS paymentId FROM purchase');
  const charges = rows<{ id: string; orderId: string; cents: number }>(
    folder,
    'payment',
    "SELECT id, order_id AS orderId, cents FROM charge WHERE status = 'charged'",
  );
  const held = rows<Line & { orderId: string }>(
    folder,
    'inventory',
    "SELECT order_id AS orderId, sku, quantity FROM reservation WHERE status = 'held'",
  );
  const purchaseOf = new Map(purchases.map((purchase) => [purchase.id, purchase]));
  const chargesOf = Map.groupBy(charges, ({ orderId }) => orderId);
  const heldOf = Map.groupBy(held, ({ orderId }) => orderId);
  const entries = [...new Set([...purchaseOf.keys(), ...chargesOf.keys(), ...heldOf.keys()])].map((orderId): Entry => {
    const purchase = purchaseOf.get(orderId);
    const known = { orderId, status: purchase?.status, charges: chargesOf.get(orderId) ?? [], goods: heldOf.get(orderId) ?? [] };
    return { ...known, faults: purchase?.status === 'shipped' ? shippedFaults(purchase, known) : deadFaults(known) };
  });
  return { entries, faults: [...entries.flatMap(({ faults }) => faults), ...stockFaults(folder, held)] };
}

type Known = Omit<Entry, 'faults'>;

/** No goods without money, and the right ones for the right sum. */
function shippedFaults({ id, cents, lines, paymentId }: Purchase, { charges, goods }: Known): string[] {
  const [charge] = charges;
  const asked = sorted(JSON.parse(lines ?? '[]') as Line[]);
  return [
    ...(charges.length === 1 ? [] : [`${id} was shipped and charged ${charges.length} times`]),
    ...(!charge || (charge.cents === cents && charge.id === paymentId) ? [] : [`${id} was charged ${charge.cents} by ${charge.id}`]),
    ...(sorted(goods) === asked ? [] : [`${id} was shipped with ${sorted(goods)} instead of ${asked}`]),
  ];
}

/** No money without goods, no stock held for the dead. */
function deadFaults({ orderId, status, charges, goods }: Known): string[] {
  return [
    ...(status === undefined || status === 'cancelled' ? [] : [`${orderId} is left ${status}`]),
    ...(charges.length === 0 ? [] : [`${orderId} was charged and is ${status ?? 'unknown'}`]),
    ...(goods.length === 0 ? [] : [`${orderId} holds ${sorted(goods)} and is ${status ?? 'unknown'}`]),
  ];
}

function stockFaults(folder: string, held: readonly Line[]): string[] {
  const stock = rows<{ sku: string; initial: number; left: number }>(folder, 'inventory', 'SELECT sku, initial, left FROM stock');
  const taken = (sku: string) => held.reduce((sum, line) => sum + (line.sku === sku ? line.quantity : 0), 0);
  const wrong = stock.filter(({ sku, initial, left }) => initial - left !== taken(sku));
  return wrong.map(({ sku, initial, left }) => `${initial - left} of ${sku} are gone, and ${taken(sku)} are held`);
}

function sorted(lines: readonly Line[]): string {
  const names = lines.map(({ sku, quantity }) => `${quantity} ${sku}`).toSorted();
  return names.join(', ') || 'nothing';
}

function rows<T>(folder: string, service: string, sql: string): T[] {
  using database = new DatabaseSync(join(folder, `${service}.db`), { readOnly: true, timeout: 5000 });
  return database.prepare(sql).all() as T[];
}

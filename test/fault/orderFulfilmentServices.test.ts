/** The services of the example without a command: what they promise, and what each fault switch does. */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { text } from 'node:stream/consumers';
import * as grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { readBooks } from '../../examples/order-fulfilment/services/books.js';
import type { FaultKind } from '../../examples/order-fulfilment/services/FaultSwitches.js';
import type { ServiceFleet, ServiceName } from '../../examples/order-fulfilment/services/ServiceFleet.js';
import { fleets } from '../support/orders/fleet.js';

const services = fleets();
const folder = services.folder();
let fleet: ServiceFleet;
beforeAll(async () => {
  fleet = await services.start({ folder });
});
afterAll(async () => fleet[Symbol.asyncDispose]());

interface Asked {
  readonly key?: string;
  readonly body?: object;
  readonly deadline?: Date;
  readonly timeoutMs?: number;
}

/** @returns status, and the reply or why there is none */
async function ask(service: ServiceName, route: string, { key = '', body, deadline, timeoutMs = 5000 }: Asked = {}): Promise<unknown[]> {
  const [method = '', path = ''] = route.split(' ');
  const headers = { 'idempotency-key': key, ...(deadline ? { 'sixfold-deadline': deadline.toISOString() } : {}) };
  try {
    const response = await fetch(fleet.url(service) + path, {
      method,
      headers,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const said = await response.text();
    return [response.status, said === '' ? undefined : JSON.parse(said)];
  } catch (error) {
    return [(error as Error).name];
  }
}

const chargesOf = (order: string): number => readBooks(folder).entries.find(({ orderId }) => orderId === order)?.charges.length ?? 0;
const heldBy = (order: string): unknown => readBooks(folder).entries.find(({ orderId }) => orderId === order)?.goods ?? [];

describe('a service of the example', () => {
  it('says which version it is when asked for its health', async () => {
    expect(await ask('user', 'GET /health')).toEqual([200, { status: 'ok', version: '1.0.0' }]);
  });

  it('knows who may order', async () => {
    expect(await ask('user', 'GET /customers/ada?orderId=1')).toEqual([200, { id: 'ada', name: 'Ada Lovelace' }]);
    expect(await ask('user', 'GET /customers/mallory')).toMatchObject([403, { title: 'mallory may not order' }]);
    expect(await ask('user', 'GET /customers/nobody')).toMatchObject([404, {}]);
  });

  it('reserves once for a key, and never again once that was released', async () => {
    const asked = { key: 'run/reserve', body: { orderId: 'twice', sku: 'bolt', quantity: 2 } };
    const first = await ask('inventory', 'POST /reservations', asked);
    expect(first).toEqual([200, { id: 'run/reserve', orderId: 'twice', sku: 'bolt', quantity: 2 }]);
    expect(await ask('inventory', 'POST /reservations', asked)).toEqual(first);
    expect(heldBy('twice')).toMatchObject([{ sku: 'bolt', quantity: 2 }]);
    for (const _ of [1, 2]) expect(await ask('inventory', 'DELETE /reservations/run%2Freserve')).toEqual([204, undefined]);
    expect(await ask('inventory', 'POST /reservations', asked)).toMatchObject([409, {}]);
    expect(heldBy('twice')).toEqual([]);
  });

  it('refuses what is released before it was reserved, and what is not in stock', async () => {
    await ask('inventory', 'DELETE /reservations/early');
    const body = { orderId: 'early', sku: 'bolt', quantity: 1 };
    expect(await ask('inventory', 'POST /reservations', { key: 'early', body })).toMatchObject([409, {}]);
    const yachts = { orderId: 'rich', sku: 'yacht', quantity: 2 };
    expect(await ask('inventory', 'POST /reservations', { key: 'rich', body: yachts })).toMatchObject([
      409,
      { title: /not enough of yacht/ },
    ]);
  });

  it('takes an order through its states, and cancels it only before it is shipped', async () => {
    const body = { orderId: 'o1', customerId: 'ada', lines: [], cents: 1 };
    expect(await ask('order', 'POST /orders', { key: 'k', body })).toEqual([200, { orderId: 'o1', status: 'created' }]);
    expect(await ask('order', 'POST /orders', { key: 'k', body })).toMatchObject([200, {}]);
    expect(await ask('order', 'POST /orders', { key: 'other', body })).toMatchObject([409, {}]);
    expect(await ask('order', 'POST /orders/o1/shipment')).toMatchObject([409, {}]);
    for (const _ of [1, 2]) {
      const paid = await ask('order', 'POST /orders/o1/confirmation', { body: { paymentId: 'P-0' } });
      expect(paid).toEqual([200, { orderId: 'o1', status: 'confirmed' }]);
    }
    expect(await ask('order', 'POST /orders/o1/confirmation', { body: { paymentId: 'P-9' } })).toMatchObject([409, {}]);
    for (const _ of [1, 2]) expect(await ask('order', 'POST /orders/o1/shipment')).toMatchObject([200, { trackingId: 'T-o1' }]);
    expect(await ask('order', 'DELETE /orders/o1')).toMatchObject([409, {}]);
    expect(await ask('order', 'DELETE /orders/o2')).toEqual([204, undefined]);
    expect(await ask('order', 'POST /orders', { key: 'k', body: { ...body, orderId: 'o2' } })).toMatchObject([409, {}]);
  });

  it('charges as often as it is asked to, knows charges by their key, and gives money back', async () => {
    const asked = { key: 'run/charge', body: { orderId: 'greedy', cents: 5 } };
    expect(await ask('payment', 'GET /charges', { key: 'run/charge' })).toEqual([204, undefined]);
    const [, charge] = await ask('payment', 'POST /charges', asked);
    expect(charge).toMatchObject({ orderId: 'greedy', cents: 5 });
    expect(await ask('payment', 'GET /charges', { key: 'run/charge' })).toEqual([200, charge]);
    await ask('payment', 'POST /charges', asked);
    expect(chargesOf('greedy')).toBe(2);
    for (const _ of [1, 2]) expect(await ask('payment', `DELETE /charges/${(charge as { id: string }).id}`)).toEqual([204, undefined]);
    expect(chargesOf('greedy')).toBe(1);
    expect(await ask('payment', 'POST /charges', { body: { orderId: 'rich', cents: 2_000_000 } })).toMatchObject([402, {}]);
  });

  it('does nothing for a caller whose deadline has passed', async () => {
    const asked = { key: 'late', body: { orderId: 'late', cents: 5 }, deadline: new Date(Date.now() - 1) };
    expect(await ask('payment', 'POST /charges', asked)).toMatchObject([503, {}]);
    await fleet.plant('payment', { operation: 'charge', kind: 'slow', order: 'late', ms: 60 });
    expect(await ask('payment', 'POST /charges', { ...asked, deadline: new Date(Date.now() + 30) })).toMatchObject([503, {}]);
    expect(chargesOf('late')).toBe(0);
  });

  it('ends when the process that started it is killed', async () => {
    const code = `require('node:child_process').fork(process.argv[1], ['user', ${JSON.stringify(join(services.folder(), 'user.db'))}], { stdio: 'inherit' })`;
    const parent = spawn(process.execPath, ['-e', code.replace("'inherit'", "['ignore', 'inherit', 'inherit', 'ipc']"), services.program]);
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    expect(JSON.parse(line.toString())).toMatchObject({ service: 'user', port: expect.any(Number) });
    const said = text(parent.stdout);
    parent.kill('SIGKILL');
    expect(await said).toBe(''); // The pipe is closed by the last one that holds it.
  });
});

/** What a client sees of each fault, over HTTP and over gRPC, and whether something was done. */
const SEEN: readonly (readonly [kind: FaultKind, http: string | number, code: grpc.status, done: boolean])[] = [
  ['refuse', 409, grpc.status.FAILED_PRECONDITION, false],
  ['unavailable', 503, grpc.status.RESOURCE_EXHAUSTED, false],
  ['error', 500, grpc.status.INTERNAL, false],
  ['hang', 'TimeoutError', grpc.status.DEADLINE_EXCEEDED, false],
  ['slow', 200, grpc.status.OK, true],
  ['reply-lost', 'TypeError', grpc.status.UNAVAILABLE, true],
  ['crash-before', 'TypeError', grpc.status.UNAVAILABLE, false],
  ['crash-after', 'TypeError', grpc.status.UNAVAILABLE, true],
];

/** Long enough for everything but a hang. */
const TIMEOUT_MS = 500;

describe('a fault switch of the example', () => {
  it.each(SEEN)('%s, over HTTP, is seen as %s', async (kind, seen, _code, done) => {
    await fleet.plant('payment', { operation: 'charge', kind, order: kind, ms: kind === 'slow' ? 50 : 0 });
    const [got] = await ask('payment', 'POST /charges', { key: kind, body: { orderId: kind, cents: 1 }, timeoutMs: TIMEOUT_MS });
    expect(got).toBe(seen);
    expect(chargesOf(kind)).toBe(done ? 1 : 0);
  });

  it.each(SEEN)('%s, over gRPC, is seen as such', async (kind, _seen, code, done) => {
    await fleet.plant('inventory', { operation: 'reserve', kind, order: kind, ms: kind === 'slow' ? 50 : 0 });
    expect(await reserveOverGrpc(kind)).toBe(code);
    expect(heldBy(kind)).toEqual(done ? [expect.objectContaining({ sku: 'nut', quantity: 1 })] : []);
  });

  async function reserveOverGrpc(orderId: string): Promise<grpc.status> {
    const proto = loadSync('examples/order-fulfilment/services/inventory.proto');
    const { shop } = grpc.loadPackageDefinition(proto) as unknown as { shop: { Inventory: grpc.ServiceClientConstructor } };
    const client = new shop.Inventory(fleet.inventoryGrpc, grpc.credentials.createInsecure());
    const metadata = new grpc.Metadata();
    metadata.set('idempotency-key', orderId);
    const deadline = Date.now() + TIMEOUT_MS;
    try {
      return await new Promise((resolve) => {
        client.Reserve?.({ orderId, sku: 'nut', quantity: 1 }, metadata, { deadline }, (error: grpc.ServiceError | null) =>
          resolve(error?.code ?? grpc.status.OK),
        );
      });
    } finally {
      client.close();
    }
  }

  it('is for one order, as often as it says, one after the other, and survives a crash', async () => {
    await fleet.plant(
      'order',
      { operation: 'ship', kind: 'error', order: 's', times: 2 },
      { operation: 'ship', kind: 'unavailable', order: 's' },
    );
    const ship = async (id: string) => (await ask('order', `POST /orders/${id}/shipment`))[0];
    expect([await ship('other'), await ship('s')]).toEqual([409, 500]);
    fleet.kill('order');
    await fleet.whenUp('order');
    expect([await ship('s'), await ship('s'), await ship('s')]).toEqual([500, 503, 409]);
  });

  it('can be given to a new service by its environment', async () => {
    const env = { FAULTS: JSON.stringify([{ operation: 'verify', kind: 'refuse' }]) };
    const args = ['user', join(services.folder(), 'user.db')];
    const child = fork(services.program, args, { env: { ...process.env, ...env }, silent: true });
    const [{ port }] = (await once(child, 'message')) as [{ readonly port: number }];
    const asked = async () => (await fetch(`http://127.0.0.1:${port}/customers/ada`)).status;
    expect([await asked(), await asked()]).toEqual([409, 200]);
    child.kill();
    await once(child, 'exit');
  });
});

describe('the books of the example', () => {
  const SOLD = `INSERT INTO purchase VALUES ('sold', 'k', 'ada', '[{"sku":"nut","quantity":3}]', 70, 'shipped', 'P-1')`;
  const PAID = `INSERT INTO charge VALUES ('P-1', 'k', 'sold', 70, 'charged')`;
  const TAKEN = `INSERT INTO reservation VALUES ('k', 'sold', 'nut', 3, 'held'); UPDATE stock SET left = left - 3 WHERE sku = 'nut'`;
  const RIGHT = { order: SOLD, payment: PAID, inventory: TAKEN };

  async function faultsOf(entries: Partial<Record<ServiceName, string>>): Promise<readonly string[]> {
    const own = services.folder();
    await using _fleet = await services.start({ folder: own });
    for (const [service, sql] of Object.entries(entries)) {
      using database = new DatabaseSync(join(own, `${service}.db`));
      database.exec(sql);
    }
    return readBooks(own).faults;
  }

  it('balance when an order was charged and shipped, or neither', async () => {
    expect(await faultsOf(RIGHT)).toEqual([]);
    expect(await faultsOf({ order: "INSERT INTO purchase (id, status) VALUES ('dead', 'cancelled')" })).toEqual([]);
  });

  it.each<readonly [string, Partial<Record<ServiceName, string>>, readonly string[]]>([
    ['goods without money', { ...RIGHT, payment: '' }, ['sold was shipped and charged 0 times']],
    ['money taken twice', { ...RIGHT, payment: `${PAID}, ('P-2', 'k', 'sold', 70, 'charged')` }, ['sold was shipped and charged 2 times']],
    ['the wrong sum', { ...RIGHT, payment: PAID.replace('70', '71') }, ['sold was charged 71 by P-1']],
    ['money without goods', { payment: PAID }, ['sold was charged and is unknown']],
    ['stock held by the dead', { inventory: TAKEN }, ['sold holds 3 nut and is unknown']],
    ['goods from nowhere', { order: SOLD, payment: PAID }, ['sold was shipped with nothing instead of 3 nut']],
    ['an order left half way', { order: SOLD.replace('shipped', 'confirmed') }, ['sold is left confirmed']],
    ['stock that is gone', { inventory: "UPDATE stock SET left = 7 WHERE sku = 'bolt'" }, ['99993 of bolt are gone, and 0 are held']],
  ])('name %s', async (_what, entries, faults) => {
    expect(await faultsOf(entries)).toEqual(faults);
  });
});

/** The example as a whole: ten orders over four real services, most of which go wrong. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { channelsTo } from '../../examples/order-fulfilment/channels.js';
import { FulfilOrder } from '../../examples/order-fulfilment/FulfilOrder.js';
import { fulfilOrders } from '../../examples/order-fulfilment/main.js';
import { ORDERS } from '../../examples/order-fulfilment/orders.js';
import { readBooks } from '../../examples/order-fulfilment/services/books.js';
import type { Fault } from '../../examples/order-fulfilment/services/FaultSwitches.js';
import type { ServiceName } from '../../examples/order-fulfilment/services/ServiceFleet.js';
import { shop } from '../../examples/order-fulfilment/shop.js';
import { startSixfold } from '../../src/index.js';
import { silent } from '../support/engineHarness.js';
import { ORDER, placeOrder } from '../support/orders/customer.js';
import { fleets } from '../support/orders/fleet.js';

jest.setTimeout(60_000);
const services = fleets();

/** Processes that work in a folder. Linux only. */
function processesIn(folder: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder);
    } catch {
      return false; // It has ended meanwhile.
    }
  });
}

describe('examples/order-fulfilment', () => {
  it('ends ten orders under mixed faults as they should, shows one, balances the books and leaves no process', async () => {
    const { program, env } = services;
    const folder = services.folder();
    const printed: string[] = [];
    expect(await fulfilOrders({ folder, program, env, print: (text) => printed.push(text), logger: silent })).toBe(true);
    const [orders, [report = '', ...rest]] = [printed.slice(0, ORDERS.length), printed.slice(ORDERS.length)];
    expect(orders.map((line) => line.split(/\s+/).at(-1))).toEqual(ORDERS.map(({ ends }) => ends));
    expect(report).toContain('# fulfil-order: compensated');
    expect(report).toMatch(/undo orders\.create .* succeeded/);
    expect(rest).toEqual(['10 orders: 6 charged and shipped, 4 neither; services died 4 times', 'the books balance']);
    expect(processesIn(folder)).toEqual([]);
  });

  it('goes back when it is cancelled before the charge has happened, and forward after', async () => {
    const folder = services.folder();
    await using fleet = await services.start({ folder });
    await using runner = await startSixfold(shop(channelsTo(fleet), join(folder, 'journal.db'), { logger: silent }));
    const endOf = async (step: string, service: ServiceName, fault: Pick<Fault, 'operation' | 'kind'>): Promise<string> => {
      const orderId = `${step} ${fault.kind}`;
      await fleet.plant(service, { ...fault, order: orderId, ms: 150 });
      const run = await runner.start(FulfilOrder, { ...ORDER, orderId });
      for await (const event of run.progress()) if (event.type === 'step-started' && event.step === step) break;
      await run.cancel('not wanted any more');
      const { status } = await run.outcome();
      return status;
    };
    expect(await endOf('users.verify', 'user', { operation: 'verify', kind: 'slow' })).toBe('cancelled');
    expect(await endOf('inventory.reserve', 'inventory', { operation: 'reserve', kind: 'hang' })).toBe('cancelled');
    expect(await endOf('orders.create', 'order', { operation: 'create', kind: 'slow' })).toBe('cancelled');
    const inDoubt = await endOf('payments.charge', 'payment', { operation: 'charge', kind: 'hang' }); // Either, but all of it.
    expect(await endOf('payments.charge', 'payment', { operation: 'charge', kind: 'slow' })).toBe('completed');
    expect(await endOf('orders.confirm', 'order', { operation: 'confirm', kind: 'slow' })).toBe('completed');
    expect(await endOf('orders.ship', 'order', { operation: 'ship', kind: 'hang' })).toBe('completed');
    const { entries, faults } = readBooks(folder);
    expect(faults).toEqual([]);
    expect(entries.filter(({ status }) => status === 'shipped')).toHaveLength(inDoubt === 'completed' ? 4 : 3);
  });

  it('waits for a person where nobody can say whether money was taken, and goes on with what that person says', async () => {
    const folder = services.folder();
    await using fleet = await services.start({ folder });
    await using runner = await startSixfold(shop(channelsTo(fleet), join(folder, 'journal.db'), { logger: silent }));
    for (const orderId of ['paid', 'unpaid']) {
      await fleet.plant('payment', { operation: 'probe', kind: 'refuse', order: orderId, times: 0 });
      await fleet.plant('payment', { operation: 'charge', kind: orderId === 'paid' ? 'reply-lost' : 'error', order: orderId });
    }
    const unknown = await Promise.all(['paid', 'unpaid'].map((orderId) => placeOrder(runner, orderId)));
    expect(unknown.map(({ status }) => status)).toEqual(['unknown', 'unknown']);
    expect(readBooks(folder).faults).toContain('paid was charged and is created');

    const [paid, unpaid] = unknown.map(({ runId }) => runId);
    const word = { by: 'Ada', reason: 'the bank says so' };
    const done = await runner.settle(paid ?? '', 'payments.charge', { as: 'done', output: { id: 'P-1' }, ...word });
    const undone = await runner.settle(unpaid ?? '', 'payments.charge', { as: 'not-done', ...word });
    expect([(await done.outcome()).status, (await undone.outcome()).status]).toEqual(['completed', 'compensated']);
    expect(readBooks(folder).faults).toEqual([]);
  });
});

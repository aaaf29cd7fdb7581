/** Every fault of the example's services at every call, and in pairs: the order ends as declared, and the books balance. */
import { join } from 'node:path';
import { channelsTo } from '../../examples/order-fulfilment/channels.js';
import { readBooks } from '../../examples/order-fulfilment/services/books.js';
import type { ServiceFleet } from '../../examples/order-fulfilment/services/ServiceFleet.js';
import { shop } from '../../examples/order-fulfilment/shop.js';
import { startSixfold } from '../../src/index.js';
import { SeededChance } from '../../src/kernel/SeededChance.js';
import { silent } from '../support/engineHarness.js';
import { placeOrder } from '../support/orders/customer.js';
import { crashes, endingsOf, type FaultRow, nameOf, pairwise, SINGLE, switchesOf } from '../support/orders/faultTable.js';
import { fleets } from '../support/orders/fleet.js';

jest.setTimeout(120_000);
const SEED = process.env.SEED ?? String(Date.now() % 1_000_000);
/** Orders at a time: where services die, so few that they are up most of the time. */
const LANES = { alive: 60, dying: 2 };
const FLEETS = 3;
const services = fleets();

/** @returns what is not as declared, in sentences */
async function faultsOf(rows: readonly FaultRow[], lanes: number): Promise<readonly string[]> {
  const folder = services.folder();
  await using fleet = await services.start({ folder });
  await plantAll(fleet, rows);
  await using runner = await startSixfold(shop(channelsTo(fleet), join(folder, 'journal.db'), { logger: silent }));
  const waiting = [...rows];
  const wrong: string[] = [];
  const lane = async (): Promise<void> => {
    for (let row = waiting.shift(); row; row = waiting.shift()) {
      const { status } = await placeOrder(runner, nameOf(row));
      if (!endingsOf(row).includes(status)) wrong.push(`${nameOf(row)} ended ${status} instead of ${endingsOf(row).join(' or ')}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  const { entries, faults } = readBooks(folder);
  const shipped = new Set(entries.flatMap(({ orderId, status }) => (status === 'shipped' ? [orderId] : [])));
  const unlike = rows.filter((row) => shipped.has(nameOf(row)) !== endingsOf(row).includes('completed'));
  return [...wrong, ...unlike.map((row) => `${nameOf(row)} is shipped, or not, against its ending`), ...faults];
}

/** Those in which services die are apart, with several of each service. */
async function allFaultsOf(rows: readonly FaultRow[]): Promise<readonly string[]> {
  const alive = await faultsOf(
    rows.filter((row) => !crashes(row)),
    LANES.alive,
  );
  const dying = Object.values(Object.groupBy(rows.filter(crashes), (row) => rows.indexOf(row) % FLEETS));
  const wrong = await Promise.all(dying.map((part = []) => faultsOf(part, LANES.dying)));
  return [...alive, ...wrong.flat()];
}

async function plantAll(fleet: ServiceFleet, rows: readonly FaultRow[]): Promise<void> {
  const switches = rows.flatMap((row) => switchesOf(row, nameOf(row)));
  for (const [name, own] of Map.groupBy(switches, ([service]) => service)) await fleet.plant(name, ...own.map(([, fault]) => fault));
}

describe('an order', () => {
  it('ends as declared under every fault at every call', async () => {
    const wrong = await allFaultsOf(SINGLE);
    console.log(`${SINGLE.length} orders under one fault: ${wrong.length} wrong`);
    expect(wrong).toEqual([]);
  });

  it('ends as declared under every pair of faults', async () => {
    const { rows, pairs } = pairwise(new SeededChance(SEED));
    const wrong = await allFaultsOf(rows);
    console.log(
      `seed ${SEED}: ${pairs} pairs of faults in ${rows.length} orders, ${rows.filter(crashes).length} of which services died in: ${wrong.length} wrong`,
    );
    expect(wrong).toEqual([]);
  });
});

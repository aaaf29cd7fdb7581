/** Starts the services, runs ten orders while things go wrong, and looks into the books. `npm run example:order-fulfilment`. */
import { join } from 'node:path';
import { type CommandRunner, type Engine, type Logger, type Outcome, runRecordMarkdown, startSixfold } from 'sixfold';
import { channelsTo } from './channels.js';
import { FulfilOrder, type Shipment } from './FulfilOrder.js';
import { LINES, ORDERS, type PlannedOrder } from './orders.js';
import { readBooks } from './services/books.js';
import { type FleetOptions, SERVICE_NAMES, ServiceFleet } from './services/ServiceFleet.js';
import { shop } from './shop.js';

export interface ExampleOptions extends FleetOptions {
  readonly print: (text: string) => void;
  readonly logger: Logger;
  /** @default the embedded one, with its journal in the folder */
  readonly engine?: Engine;
}

/** @returns every order ended as it should, and the books balance */
export async function fulfilOrders({ print, logger, engine, ...options }: ExampleOptions): Promise<boolean> {
  await using fleet = await ServiceFleet.start(options);
  await using runner = await startSixfold(shop(channelsTo(fleet), join(options.folder, 'journal.db'), { logger }), engine && { engine });
  let asPlanned = true;
  for (const [index, order] of ORDERS.entries()) {
    const orderId = `order-${index + 1}`;
    const outcome = await fulfil(orderId, order, fleet, runner);
    asPlanned &&= outcome.status === order.ends;
    print(`${orderId.padEnd(9)} ${order.title.padEnd(78)} ${outcome.status}`);
  }
  print(`\n${await reportOf('order-8', runner)}`);
  const { entries, faults } = readBooks(options.folder);
  const shipped = entries.filter(({ status }) => status === 'shipped').length;
  print(
    `${ORDERS.length} orders: ${shipped} charged and shipped, ${ORDERS.length - shipped} neither; services died ${fleet.restarts} times`,
  );
  print(faults.length === 0 ? 'the books balance' : `the books do not balance:\n${faults.join('\n')}`);
  return asPlanned && faults.length === 0;
}

async function fulfil(
  orderId: string,
  { faults, lines = LINES }: PlannedOrder,
  fleet: ServiceFleet,
  runner: CommandRunner,
): Promise<Outcome<Shipment>> {
  for (const name of SERVICE_NAMES) await fleet.plant(name, ...(faults[name] ?? []).map((fault) => ({ ...fault, order: orderId })));
  const run = await runner.start(FulfilOrder, { orderId, customerId: 'ada', lines: [...lines], cents: 4200 }, { key: orderId });
  return run.outcome();
}

async function reportOf(key: string, runner: CommandRunner): Promise<string> {
  const runs = await runner.runs();
  const run = runs.find((one) => one.key === key);
  return run ? runRecordMarkdown(await runner.document(run.id)) : '';
}

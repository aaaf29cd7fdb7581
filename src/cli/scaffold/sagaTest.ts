import type { CommandNames } from './CommandNames.js';

/** The test of the command that `sixfold new command --saga` writes. */
export function sagaTest({ command, type }: CommandNames, testImport: string): string {
  return `import assert from 'node:assert/strict';
${testImport}
import { Container } from 'inversify';
import { embeddedEngine, sixfoldModule, startSixfold } from 'sixfold';
import { ${type} } from './${type}.js';
import { Inventory, Payments } from './Systems.js';

/** A runner with a journal in memory, and the systems that it coordinates. */
async function open() {
  const container = new Container();
  container.bind(Inventory).toSelf().inSingletonScope();
  container.bind(Payments).toSelf().inSingletonScope();
  container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), commands: [${type}] }));
  const runner = await startSixfold(container);
  return {
    runner,
    inventory: container.get(Inventory),
    payments: container.get(Payments),
    [Symbol.asyncDispose]: () => runner[Symbol.asyncDispose](),
  };
}

const order = { orderId: '42', sku: 'bolt', quantity: 3, cents: 1250 };

test('${command} reserves, then charges', async () => {
  await using opened = await open();
  const { runner, inventory, payments } = opened;
  const { reservationId, paymentId } = await runner.execute(${type}, order);
  assert.equal(inventory.reserved.get(reservationId)?.quantity, 3);
  assert.equal(payments.charged.get(paymentId), 1250);
});

test('${command} releases the reservation when the charge is refused', async () => {
  await using opened = await open();
  const { runner, inventory, payments } = opened;
  const run = await runner.start(${type}, { ...order, cents: payments.limitCents + 1 });
  const outcome = await run.outcome();
  assert.equal(outcome.status, 'compensated');
  assert.deepEqual(outcome.undone, ['inventory.reserve']);
  assert.equal(inventory.reserved.size, 0);
  assert.equal(payments.charged.size, 0);
});

test('${command} charges once for a key, however often it is asked', async () => {
  await using opened = await open();
  const { runner, payments } = opened;
  const first = await runner.execute(${type}, order, { key: order.orderId });
  payments.charged.clear();
  assert.deepEqual(await runner.execute(${type}, order, { key: order.orderId }), first);
  assert.equal(payments.charged.size, 0);
});
`;
}

/** A person says what became of a step whose outcome nobody knows, through the public door. */
import { join } from 'node:path';
import { CommandFailure, type CommandRunner, OutcomeUnknownError } from '../../../src/index.js';
import { open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';
import { type SagaSettings, Shop, sagaOf } from '../../support/shopSystems.js';

const folder = journalFolder();
let files = 0;
const BY = { by: 'Ada', reason: 'looked at the bank' } as const;
const lost = () => new OutcomeUnknownError('REPLY_LOST', 'no reply');

/** Mails, whose reply is lost, then goes on with what it gave. */
const mailing = (shop: Shop, settings: SagaSettings = {}) =>
  sagaOf(
    shop,
    async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      const { id } = await systems.shop.mail({ sku: 'b' });
      await systems.shop.look({ sku: id });
      return id;
    },
    settings,
  );

async function unknownRun(runner: CommandRunner, Command: ReturnType<typeof mailing>) {
  const run = await runner.start(Command, {});
  expect((await run.outcome()).status).toBe('unknown');
  return run.id;
}

function losing(): Shop {
  const shop = new Shop();
  shop.work = (what) => {
    if (what.startsWith('mail')) throw lost();
  };
  return shop;
}

describe.each([{ where: 'in memory' }, { where: 'in a file' }])('a step whose outcome is unknown, $where', ({ where }) => {
  const engine = () => (where === 'in a file' ? { file: join(folder, `${files++}.db`) } : {});

  it.each([
    { settlement: { as: 'done' as const, output: { id: 'M-b', left: 0 }, ...BY }, status: 'completed', after: ['look M-b'] },
    { settlement: { as: 'not-done' as const, ...BY }, status: 'compensated', after: ['release R-a'] },
  ])('that was the pivot lets the run go forward or back: $status', async ({ settlement, status, after }) => {
    const shop = losing();
    const Command = mailing(shop, { pivot: 'shop.mail' });
    await using runner = await open([Command], { engine: engine() });
    const id = await unknownRun(runner, Command);
    const settled = await runner.settle(id, 'shop.mail', settlement);
    expect(await settled.outcome()).toMatchObject({ status });
    expect(shop.told).toEqual(['reserve a', 'mail b', ...after]);
  });

  it.each([
    { settlement: { as: 'done' as const, output: { id: 'M-b', left: 0 }, ...BY } },
    { settlement: { as: 'not-done' as const, ...BY } },
  ])('of a run that was to be undone is known, so that it is: $settlement.as', async ({ settlement }) => {
    const shop = losing();
    const Command = mailing(shop);
    await using runner = await open([Command], { engine: engine() });
    const id = await unknownRun(runner, Command);
    expect(await (await runner.settle(id, 'shop.mail', settlement)).outcome()).toMatchObject({ status: 'compensated' });
    expect(shop.told).toEqual(['reserve a', 'mail b', 'release R-a']);
  });

  it('is settled one after the other where there are several, by identity', async () => {
    const shop = losing();
    const Command = sagaOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      await Promise.all([systems.shop.mail({ sku: 'b' }), systems.shop.mail({ sku: 'c' })]);
    });
    await using runner = await open([Command], { engine: engine() });
    const run = await runner.start(Command, {});
    await run.outcome();
    const refused: unknown = await runner.settle(run.id, 'shop.mail', { as: 'not-done', ...BY }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SETTLE_REFUSED' });
    const identities = (refused as Error).message.match(/execution\/shop\.mail\/[^,.\s]+/g) ?? [];
    expect(identities).toHaveLength(2);
    const first = await runner.settle(run.id, identities[0] ?? '', { as: 'not-done', ...BY });
    expect((await first.outcome()).status).toBe('unknown');
    const second = await runner.settle(run.id, 'shop.mail', { as: 'not-done', ...BY });
    expect((await second.outcome()).status).toBe('compensated');
    expect(shop.told.filter((what) => what.startsWith('mail'))).toHaveLength(2);
  });

  it('has who said so and why in the record of the run', async () => {
    const shop = losing();
    const Command = mailing(shop, { pivot: 'shop.mail' });
    await using runner = await open([Command], { engine: engine() });
    const id = await unknownRun(runner, Command);
    const settled = await runner.settle(id, 'shop.mail', { as: 'not-done', ...BY });
    const outcome = await settled.outcome();
    expect(outcome).toMatchObject({ error: { code: 'STEP_SETTLED', message: expect.stringMatching(/Ada.*looked at the bank/) } });
    expect(JSON.stringify((await runner.history(id)).records)).toContain('looked at the bank');
  });

  it.each([
    { name: 'of a run that ended well', step: 'shop.look', fails: false, by: BY, said: /is completed, and no outcome of it is unknown/ },
    {
      name: 'that nobody doubts',
      step: 'shop.reserve',
      fails: true,
      by: BY,
      said: /"shop.reserve" is not in doubt; what is: execution\/shop\.mail/,
    },
    { name: 'by nobody', step: 'shop.mail', fails: true, by: { ...BY, by: ' ' }, said: /does not say who found out/ },
  ])('$name is not settled', async ({ step, fails, by, said }) => {
    const shop = fails ? losing() : new Shop();
    const Command = mailing(shop);
    await using runner = await open([Command], { engine: engine() });
    const run = await runner.start(Command, {});
    await run.outcome();
    const error: unknown = await runner.settle(run.id, step, { as: 'not-done', ...by }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'SETTLE_REFUSED', message: expect.stringMatching(said) });
  });
});

it('a settled run is gone on with by another process as by the one that settled it', async () => {
  const file = join(folder, `${files++}.db`);
  const shop = losing();
  const Command = mailing(shop, { pivot: 'shop.mail' });
  const first = await open([Command], { engine: { file } });
  const id = await unknownRun(first, Command);
  shop.work = (what, { signal }) =>
    what.startsWith('look')
      ? new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      : undefined;
  await first.settle(id, 'shop.mail', { as: 'done', output: { id: 'M-b', left: 0 }, ...BY });
  while (!shop.told.includes('look M-b')) await new Promise((resolve) => setImmediate(resolve));
  await first[Symbol.asyncDispose]();
  shop.work = () => {
    throw new CommandFailure('SYSTEM_REFUSED', 'no');
  };
  await using second = await open([Command], { engine: { file } });
  expect(await (await second.resume(id)).outcome()).toMatchObject({ status: 'failed', undone: [] });
  expect(shop.told).toEqual(['reserve a', 'mail b', 'look M-b', 'look M-b']);
});

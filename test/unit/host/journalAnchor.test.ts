/** What an anchor of a journal notices, and what it cannot tell. */
import { join } from 'node:path';
import { anchorOf, readAnchor, verifyJournal } from '../../../src/host/journalAnchor.js';
import { commandOf, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';

const folder = journalFolder();
const KEY = 'a key of the auditors';
const NOW = new Date('2026-11-22T10:00:00.000Z');

describe('an anchor', () => {
  it('is the same however its file is laid out, and holds no value', async () => {
    const Pay = commandOf((ctx) => ctx.step('pay', async () => 'the-secret-result'));
    await using runner = await open([Pay], { engine: { file: join(folder, 'anchor.db') } });
    for (let n = 0; n < 3; n += 1) await runner.execute(Pay, {});
    const anchor = await anchorOf(runner, KEY, NOW);
    expect(readAnchor(JSON.stringify(anchor), KEY)).toEqual(anchor);
    const { signature, ...rest } = anchor;
    expect(readAnchor(JSON.stringify({ signature, ...rest }, undefined, 8), KEY)).toEqual(anchor);
    expect(JSON.stringify(anchor)).not.toMatch(/the-secret-result|anchor\.db/);
    expect(anchor).toMatchObject({ format: 1, at: NOW.toISOString(), runs: [{ ended: true }, { ended: true }, { ended: true }] });
  });

  it.each([
    ['a hash', (text: string) => text.replace(/"hash":"./, '"hash":"_')],
    ['that a run had ended', (text: string) => text.replace('"ended":true', '"ended":false')],
    ['its time', (text: string) => text.replace('2026', '2025')],
    ['a run less', (text: string) => JSON.stringify({ ...JSON.parse(text), runs: [] })],
  ])('is refused when it was changed: %s', async (_what, change) => {
    const Pay = commandOf((ctx) => ctx.step('pay', async () => 1));
    await using runner = await open([Pay]);
    await runner.execute(Pay, {}, { key: 'a' });
    const text = JSON.stringify(await anchorOf(runner, KEY, NOW));
    expect(() => readAnchor(change(text), KEY)).toThrow(/Its signature is not that of its content/);
  });
});

it('a run that was in a named part is unconfirmed once the part has ended, and confirmed by a later anchor', async () => {
  const Long = commandOf((ctx) =>
    ctx.branch('large', async () => {
      await ctx.step('begin', async () => 1);
      await ctx.waitFor('go', { schema: Object as never });
    }),
  );
  await using runner = await open([Long], { engine: { file: join(folder, 'part.db') } });
  const run = await runner.start(Long, {});
  while ((await runner.history(run.id)).steps === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  const early = await anchorOf(runner, undefined, NOW);
  expect(await verifyJournal(runner, early)).toEqual({ checked: 1, confirmed: 1, findings: [] });
  await run.notify('go', {});
  await run.outcome();
  expect((await verifyJournal(runner, early)).findings).toMatchObject([{ run: run.id, verdict: 'unconfirmed' }]);
  const late = await anchorOf(runner, undefined, NOW);
  expect(await verifyJournal(runner, late)).toMatchObject({ confirmed: 1, findings: [] });
});

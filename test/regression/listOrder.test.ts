import { join } from 'node:path';
import { begin, journalFolder, openEngine } from '../support/engineHarness.js';

const folder = journalFolder();

it('lists the newest runs of a file first, and cuts off the oldest: ids are random and do not order them', async () => {
  const engine = await openEngine(join(folder, 'many.db'), async () => 1);
  const begun: string[] = [];
  for (let n = 0; n < 12; n += 1) {
    const handle = await begin(engine);
    await handle.ended();
    begun.push(handle.id);
  }
  expect((await engine.list(5)).map(({ id }) => id)).toEqual(begun.toReversed().slice(0, 5));
  await engine.close();
});

/** A run with many steps in named parts: what it leaves in the journal, and what it takes to go on with it. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';

const folder = journalFolder();
const PARTS = 100;
const STEPS = 200;

class Word {
  text!: string;
}

it('is back at its frontier at once, and its journal does not grow with its steps', async () => {
  const file = join(folder, 'long.db');
  let steps = 0;
  const atFrontier = Promise.withResolvers<void>();
  const Command = commandOf(async (ctx) => {
    let sum = 0;
    for (let part = 0; part < PARTS; part += 1) {
      sum += await ctx.branch('part', async () => {
        let partial = 0;
        for (let n = 0; n < STEPS; n += 1) {
          partial += await ctx.step('count', async () => {
            steps += 1;
            return 1;
          });
        }
        return partial;
      });
    }
    ctx.publish({ sum });
    atFrontier.resolve();
    return `${sum} ${(await ctx.waitFor('word', { schema: Word })).text}`;
  });
  const first = await open([Command], { engine: { file } });
  const run = await first.start(Command, {});
  await atFrontier.promise;
  expect(await first.query(run.id)).toEqual({ sum: PARTS * STEPS });
  const { records } = await first.history(run.id);
  expect(records.length).toBe(1 + PARTS);
  await first[Symbol.asyncDispose]();
  expect(statSync(file).size).toBeLessThan(1_000_000);
  const before = performance.now();
  await using second = await open([Command], { engine: { file } });
  const resumed = await second.resume(run.id);
  await resumed.notify('word', { text: 'done' });
  expect(await resumed.result()).toBe(`${PARTS * STEPS} done`);
  expect(performance.now() - before).toBeLessThan(2000);
  expect(steps).toBe(PARTS * STEPS);
}, 60_000);

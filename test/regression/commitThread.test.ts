/** A journal goes on where the thread that should write it cannot be started. */
import { join } from 'node:path';
import type { Logger } from '../../src/kernel/Logger.js';
import { commandOf, open } from '../support/application.js';
import { journalFolder, silent } from '../support/engineHarness.js';

const folder = journalFolder();

/** As a bundler does that keeps names: the text of every function names a piece of the program that no other thread has. */
jest.mock('../../src/engine/embedded/sqlite/commitWriter.js', () => {
  const original: { readonly commitWriter: () => unknown } = jest.requireActual('../../src/engine/embedded/sqlite/commitWriter.js');
  const { commitWriter } = original;
  return {
    ...original,
    commitWriter: Object.assign(commitWriter.bind(undefined), { toString: () => `keepName(${commitWriter.toString()})` }),
  };
});
jest.mock('../../src/engine/embedded/sqlite/CommitTimes.js', () => ({
  CommitTimes: class {
    readonly slow = true;
    add(): void {}
  },
}));

it('it is written on the main thread, and says so once', async () => {
  const warnings: string[] = [];
  const logger: Logger = { ...silent, warn: (message) => warnings.push(message) };
  const Command = commandOf(async (ctx) => {
    for (let n = 0; n < 50; n += 1) await ctx.step(`step ${n}`, () => new Promise((resolve) => setImmediate(() => resolve(n))));
    return 'done';
  });
  await using runner = await open([Command], { engine: { file: join(folder, 'threadless.db') }, logger });
  expect(await runner.execute(Command, {})).toBe('done');
  while (warnings.length === 0) expect(await runner.execute(Command, {})).toBe('done');
  expect(await runner.execute(Command, {})).toBe('done');
  expect(warnings).toEqual([expect.stringMatching(/^The thread that writes the journal could not be started \(keepName is not defined\)/)]);
});

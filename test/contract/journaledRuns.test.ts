/** What only a journal of one's own can do: tell whether open runs agree with new code, and lose the values of old ones. */
import { join } from 'node:path';
import type { RunCheck } from '../../src/index.js';
import { commandOf, open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';
import { all, DAY, settle, Word } from '../support/longRuns.js';
import { ManualClock } from '../support/ManualClock.js';

const folder = journalFolder();

it.each([':memory:', join(folder, 'pruned.db')])('prune removes ended runs by age, or their bodies only: %s', async (file) => {
  const clock = new ManualClock();
  const Command = commandOf(async (ctx) => ctx.step('a', async () => 'private'));
  await using runner = await open([Command], { engine: { file, clock } });
  const old = await runner.start(Command, {}, { key: 'old' });
  await old.result();
  clock.advance(DAY);
  const young = await runner.start(Command, {}, { key: 'young' });
  await young.result();
  expect(await runner.prune({ endedBefore: new Date(clock.now()), what: 'bodies' })).toBe(1);
  const history = await runner.history(old.id);
  expect(history.records.map(({ kind }) => kind)).toEqual(['started', 'step-ended', 'ended']);
  expect(JSON.stringify(history)).not.toContain('private');
  expect(await runner.prune({ endedBefore: new Date(clock.now()), what: 'runs' })).toBe(1);
  expect((await runner.runs()).map(({ id }) => id)).toEqual([young.id]);
});

it('changed code is checked against every open run without effects', async () => {
  const file = join(folder, 'checked.db');
  const done: string[] = [];
  const named = (name: string, label: string) =>
    commandOf(
      async (ctx) => {
        await ctx.step(label, async () => done.push(label));
        await ctx.waitFor('word', { schema: Word });
      },
      { name },
    );
  const [same, renamed, gone] = [named('same', 'a'), named('renamed', 'a'), named('gone', 'a')];
  const first = await open([same, renamed, gone], { engine: { file } });
  for (const command of [same, renamed, gone]) await first.start(command, {});
  await settle();
  await first[Symbol.asyncDispose]();
  await using second = await open([same, named('renamed', 'b')], { engine: { file }, start: { resume: false } });
  const before = await Promise.all((await second.runs()).map(({ id }) => second.history(id)));
  const verdicts = new Map((await all<RunCheck>(second.check())).map((check) => [check.command, check]));
  expect(verdicts.get('same')).toMatchObject({ verdict: 'continues' });
  expect(verdicts.get('renamed')).toMatchObject({ verdict: 'refused', reason: expect.stringContaining('execution/a') });
  expect(verdicts.get('gone')).toMatchObject({ verdict: 'unknown-command' });
  expect(await Promise.all((await second.runs()).map(({ id }) => second.history(id)))).toEqual(before);
  expect(done).toEqual(['a', 'a', 'a']);
});

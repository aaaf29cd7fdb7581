/** What an engine declares works, and the rest is refused by name with what to do instead. */
import type { Engine, RunCheck } from '../../src/index.js';
import { journalFolder } from '../support/engineHarness.js';
import { all, Word } from '../support/longRuns.js';
import { environments } from './environments.js';

describe.each(environments(journalFolder()))('%s', (_name, environment) => {
  let capabilities: Engine['capabilities'];
  beforeAll(async () => {
    await using world = environment.world();
    ({ capabilities } = await world.engine());
  });

  it('checks open runs against the code without effects, or says that they end with their own', async () => {
    await using world = environment.world();
    const done: string[] = [];
    const Command = world.commandOf(async (ctx) => {
      await ctx.step('a', async () => done.push('a'));
      await ctx.waitFor('word', { schema: Word });
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {});
    await world.untilAside(runner, run.id);
    const before = await runner.history(run.id);
    if (capabilities.check) expect(await all<RunCheck>(runner.check())).toMatchObject([{ id: run.id, verdict: 'continues' }]);
    else
      expect(() => runner.check()).toThrow(
        expect.objectContaining({ code: 'NOT_ON_ENGINE', message: expect.stringContaining('deployment') }),
      );
    expect(await runner.history(run.id)).toEqual(before);
    expect(done).toEqual(['a']);
    await run.cancel('enough');
  });

  it('erases the values of ended runs while what they did stays, or says what can be removed', async () => {
    await using world = environment.world();
    const Command = world.commandOf(async (ctx) => ctx.step('a', async () => 'private'));
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {}, { key: 'k' });
    await run.result();
    await world.passTo(world.clock.now() + world.shortMs);
    const erasing = runner.prune({ endedBefore: new Date(world.clock.now()), what: 'bodies' });
    if (capabilities.erase) {
      expect(await erasing).toBe(1);
      expect(JSON.stringify(await runner.history(run.id))).not.toContain('private');
    } else await expect(erasing).rejects.toMatchObject({ code: 'NOT_ON_ENGINE', message: expect.stringContaining('Prune whole runs') });
    expect((await runner.history(run.id)).records.map(({ kind }) => kind)).toEqual(['started', 'step-ended', 'ended']);
  });

  it('keeps a key until its run is pruned, or for a time', async () => {
    await using world = environment.world();
    let executed = 0;
    const Command = world.commandOf((ctx) => ctx.step('a', async () => (executed += 1)));
    const runner = await world.open([Command]);
    for (let n = 0; n < 2; n += 1) expect(await runner.execute(Command, {}, { key: 'k' })).toBe(1);
    await world.passTo(world.clock.now() + world.shortMs);
    await runner.prune({ endedBefore: new Date(world.clock.now()), what: 'runs' });
    expect(await runner.execute(Command, {}, { key: 'k' })).toBe(2);
    expect(['until-pruned', 'limited']).toContain(capabilities.keyRetention);
  });

  it('records that an effect with an undo is about to begin, and chains what it records', async () => {
    await using world = environment.world();
    let seen: readonly string[] = [];
    const Command = world.commandOf(async (ctx) => {
      await ctx.step(
        'reserve',
        async () => {
          seen = (await runner.history(ctx.runId)).records.map(({ kind }) => kind);
          return 1;
        },
        { undo: async () => undefined },
      );
    });
    const runner = await world.open([Command]);
    const run = await runner.start(Command, {}, { key: 'k' });
    await run.result();
    expect(seen.includes('step-intended')).toBe(capabilities.undoIntent === 'recorded');
    const { records } = await runner.history(run.id);
    expect(records.every(({ hash }) => hash.length > 0)).toBe(capabilities.auditChain);
  });
});

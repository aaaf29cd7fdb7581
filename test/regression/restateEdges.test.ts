/** What Restate cannot take at once, or at all. */
import { ask, begin, type Code, journalFolder, resultOf, setupOf } from '../support/engineHarness.js';
import { hasRestate, restateServers } from '../support/restate/engines.js';

jest.setTimeout(60_000);
const restate = restateServers(journalFolder());
const MIB = 1024 * 1024;

const opened = async (code: Code) => {
  const engine = await restate.engine();
  await engine.open(setupOf(code));
  await engine.adopt();
  return engine;
};

const describeRestate = hasRestate()
  ? describe
  : (process.stderr.write('skipped: npm has no Restate server for this platform\n'), describe.skip);

describeRestate('values on Restate', () => {
  it('are recorded in several entries where one would be too large for it', async () => {
    const engine = await opened(async (run) => {
      const texts = await Promise.all(Array.from({ length: 48 }, (_, n) => ask(run, 'text', n, () => 'x'.repeat(MIB))));
      return texts.reduce((sum, text) => sum + text.length, 0);
    });
    expect(await resultOf(await begin(engine))).toBe(48 * MIB);
    await engine.close();
  });

  it('that are too large for an entry leave the run standing with the step and the remedy, until it is cancelled', async () => {
    const engine = await opened(async (run) => {
      await ask(run, 'small', null, () => 1);
      return ask(run, 'huge', null, () => 'x'.repeat(11 * MIB));
    });
    const run = await begin(engine);
    await expect(run.ended()).rejects.toMatchObject({
      code: 'RUN_HANDED_BACK',
      message: expect.stringMatching(/What was recorded of huge has 11\d+ characters.*Keep large values elsewhere/),
    });
    expect((await engine.history(run.id)).state).toBe('stopped');
    await engine.cancel(run.id, 'too large');
    expect(await (await engine.resume(run.id)).ended()).toMatchObject({ status: 'cancelled' });
    await engine.close();
  });
});

/** An engine that was closed while a step's start was being committed gave its time limit up, and waited for the step for ever. */
import { ask, begin, openEngine } from '../support/engineHarness.js';

it('closes within its limit when a step is started while it closes', async () => {
  let closing: Promise<void> | undefined;
  const engine = await openEngine(':memory:', async (run) => {
    // Comes just before the immediate in which the start of the step is committed.
    setImmediate(() => {
      closing = engine.close();
    });
    await ask(run, 'endless', null, () => new Promise(() => undefined));
  });
  const handle = await begin(engine);
  await expect(handle.ended()).rejects.toMatchObject({ code: 'RUN_HANDED_BACK' });
  await closing;
});

/** Cancels a command of ten steps at every point of its life. */
import type { CommandContext, RunEvent } from '../../src/index.js';
import { commandOf, open } from '../support/application.js';

const STEPS = 10;

/** Opens something before each step, works, and passes a gate in the middle. */
function tenSteps(opened: string[], closed: string[]) {
  return commandOf(async (ctx: CommandContext) => {
    for (let n = 1; n <= STEPS; n += 1) {
      await ctx.activity(`part ${n}`, async () => {
        opened.push(`thing ${n}`);
        ctx.defer(() => void closed.push(`thing ${n}`));
        ctx.use({ [Symbol.asyncDispose]: async () => void closed.push(`resource ${n}`) });
        opened.push(`resource ${n}`);
        await ctx.step(`step ${n}`, async (call) => {
          call.progress(1, 2);
          await new Promise<void>((resolve, reject) => {
            setImmediate(resolve);
            call.signal.addEventListener('abort', () => reject(call.signal.reason as Error));
          });
        });
        if (n === STEPS / 2) await ctx.gate('half-way', () => true);
      });
    }
    return 'all';
  });
}

/** What observers see of a run that nobody cancels. */
async function eventsOf(): Promise<readonly RunEvent[]> {
  const Command = tenSteps([], []);
  await using runner = await open([Command]);
  const run = await runner.start(Command, {});
  const events: RunEvent[] = [];
  for await (const event of run.progress()) events.push(event);
  expect(await run.result()).toBe('all');
  return events;
}

it('ends cancelled wherever it is cancelled, and closes what was opened exactly once, in reverse', async () => {
  const points = (await eventsOf()).filter(({ type }) => type !== 'ended');
  expect(points.filter(({ type }) => type === 'step-ended')).toHaveLength(STEPS + 1);
  const statuses: string[] = [];
  for (let point = 0; point < points.length; point += 1) {
    const opened: string[] = [];
    const closed: string[] = [];
    const Command = tenSteps(opened, closed);
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    let seen = 0;
    for await (const _event of run.progress()) {
      if (seen === point) await run.cancel(`at point ${point}`);
      seen += 1;
    }
    const outcome = await run.outcome();
    statuses.push(outcome.status);
    expect([point, closed]).toEqual([point, opened.toReversed()]);
    expect(outcome.timeline.at(-1)?.phase).toBe('cleanup');
    if (outcome.status === 'cancelled') expect(outcome.error.message).toContain(`at point ${point}`);
  }
  // When the last step has ended nothing is asked for any more, so the run has completed before the wish is heard.
  const last = points.findLastIndex(({ type }) => type === 'step-ended');
  expect(statuses).toEqual(points.map((_event, point) => (point < last ? 'cancelled' : 'completed')));
});

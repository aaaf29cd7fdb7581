/** Journals that earlier versions wrote are read, replayed and gone on with. A fixture is never made anew. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { IsInt } from 'class-validator';
import { type CommandContext, CommandFailure, command, PlainCommand } from '../../src/index.js';
import { open } from '../support/application.js';
import { journalFolder } from '../support/engineHarness.js';

const folder = journalFolder();
const executed: string[] = [];
let files = 0;

class Walked {
  @IsInt()
  n!: number;
}

/** As the command that wrote the fixtures was, up to the names of its class and parts. */
@command({ name: 'walk', params: Walked })
class Walk extends PlainCommand<Walked, unknown> {
  async run(_params: Walked, ctx: CommandContext): Promise<unknown> {
    const out: unknown[] = [];
    for (const name of ['first', 'second', 'third']) {
      out.push(
        await ctx.step(name, async () => {
          executed.push(name);
          return { name, when: new Date(0), big: 10n };
        }),
      );
    }
    return { out };
  }
}

const step = (name: string) => ({ name, when: new Date(0), big: 10n });

describe('the journal of 0.1.0 before gates and time limits', () => {
  async function opened() {
    executed.splice(0);
    const file = join(folder, `${files++}.db`);
    copyFileSync(join(__dirname, '../fixtures/journals/0.1.0.db'), file);
    return open([Walk], { engine: { file }, start: { resume: false } });
  }

  it('shows its runs with params, principal, steps and an unbroken chain', async () => {
    await using runner = await opened();
    const runs = await runner.runs();
    expect(runs.map(({ key, state, params, principal, steps }) => ({ key, state, params, principal, steps }))).toEqual([
      { key: 'k2', state: 'interrupted', params: { n: 2 }, principal: { user: 'ada' }, steps: 1 },
      { key: 'k3', state: 'failed', params: { n: 3 }, principal: { user: 'ada' }, steps: 3 },
      { key: 'k1', state: 'completed', params: { n: 1 }, principal: { user: 'ada' }, steps: 3 },
    ]);
    for (const { id } of runs) expect((await runner.history(id)).records.length).toBeGreaterThan(1);
  });

  it('gives the outcomes of ended runs by their keys, with class, code and cause of an error', async () => {
    await using runner = await opened();
    const options = { principal: { user: 'ada' } };
    expect(await runner.execute(Walk, { n: 1 }, { key: 'k1', ...options })).toEqual({
      out: [step('first'), step('second'), step('third')],
    });
    const failed = await runner.execute(Walk, { n: 3 }, { key: 'k3', ...options }).catch((error: unknown) => error as Error);
    expect(failed).toBeInstanceOf(CommandFailure);
    expect(failed).toMatchObject({ code: 'SYSTEM_UNAVAILABLE', cause: expect.any(TypeError) });
    const outcome = await (await runner.start(Walk, { n: 3 }, { key: 'k3', ...options })).outcome();
    expect(outcome).toMatchObject({ status: 'failed', findings: [], degraded: [], timeline: [], steps: [] });
    expect(executed).toEqual([]);
  });

  it('is gone on with where it was cut off', async () => {
    await using runner = await opened();
    const [interrupted] = await runner.runs();
    const run = await runner.resume(interrupted?.id ?? '');
    expect(await run.result()).toEqual({ out: [step('first'), step('second'), step('third')] });
    expect(executed).toEqual(['second', 'third']);
    expect((await run.outcome()).timeline.at(-1)?.phase).toBe('cleanup');
  });
});

/** Journals that earlier versions wrote are read, replayed and gone on with. A fixture is never made anew. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { IsInt, IsString } from 'class-validator';
import { type CommandContext, CommandFailure, command, PlainCommand, TransientError } from '../../src/index.js';
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

class Word {
  @IsString()
  text!: string;
}

/** As the command that wrote the fixture of format 2 was. */
@command({ name: 'journey', params: Walked })
class Journey extends PlainCommand<Walked, unknown> {
  async run({ n }: Walked, ctx: CommandContext): Promise<unknown> {
    const packed = await ctx.branch('pack', async () => {
      const parts: string[] = [];
      for (const part of ['tent', 'map']) parts.push(await ctx.step(part, async () => note(`${part} packed`)));
      return parts;
    });
    const ticket = await ctx.step('ticket', async ({ attempt }) => sold(attempt), {
      retry: { attemptsMax: 3, backoffMs: 1 },
      undo: async (given) => note(`${given} given back`),
    });
    if (n === 2) throw new CommandFailure('SYSTEM_UNAVAILABLE', 'no train');
    if (n === 3) return ctx.continueAs({ n: 1 });
    const { text } = await ctx.waitFor('word', { schema: Word });
    return { packed, ticket, text };
  }
}

function note(what: string): string {
  executed.push(what);
  return what;
}

function sold(attempt: number): string {
  if (attempt === 1) throw new TransientError('SYSTEM_UNAVAILABLE', 'busy');
  return note(`ticket at attempt ${attempt}`);
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

describe('a journal of format 2', () => {
  async function opened() {
    executed.splice(0);
    const file = join(folder, `${files++}.db`);
    copyFileSync(join(__dirname, '../fixtures/journals/format-2.db'), file);
    return open([Journey], { engine: { file } });
  }

  it('shows runs that wait, were undone and went on as others, with an unbroken chain over what was dropped', async () => {
    await using runner = await opened();
    const runs = await runner.runs();
    expect(runs.map(({ key, state, waits }) => [key, state, ...waits.map(({ what, name }) => `${what} ${name}`)])).toEqual([
      [null, 'waiting', 'signal word'],
      ['continued', 'continued'],
      ['undone', 'compensated'],
      ['waiting', 'waiting', 'signal word'],
    ]);
    const kinds = await Promise.all(runs.map(async ({ id }) => (await runner.history(id)).records.map(({ kind }) => kind)));
    expect(kinds.at(-1)).toEqual(['started', 'branch-ended', 'step-intended', 'step-attempted', 'step-ended']);
    expect(executed).toEqual([]);
  });

  it('is gone on with: what was recorded in a part, after a retry and before a continuation is not done again', async () => {
    await using runner = await opened();
    const outcomes = ['waiting', 'continued'].map(async (key) => {
      const run = await runner.start(Journey, { n: key === 'waiting' ? 1 : 3 }, { key });
      await run.notify('word', { text: key });
      return run.result();
    });
    const packed = ['tent packed', 'map packed'];
    expect(await Promise.all(outcomes)).toEqual([
      { packed, ticket: 'ticket at attempt 2', text: 'waiting' },
      { packed, ticket: 'ticket at attempt 2', text: 'continued' },
    ]);
    expect(executed).toEqual([]);
    const undone = await (await runner.start(Journey, { n: 2 }, { key: 'undone' })).outcome();
    expect(undone).toMatchObject({ status: 'compensated', undone: ['ticket'], error: { message: 'no train' } });
  });
});

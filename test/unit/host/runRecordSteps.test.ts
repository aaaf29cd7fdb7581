/** What the document of a run says of attempts, undoing, parts, signals, and of a run that waits or was reopened. */
import { join } from 'node:path';
import { waitBriefly, waitWords } from '../../../src/host/runRecord/waitWords.js';
import { roughDuration, stepStatusText } from '../../../src/host/runRecord/wording.js';
import {
  CommandFailure,
  type RecordedStep,
  type RunRecordDocument,
  runRecordHtml,
  runRecordMarkdown,
  TransientError,
} from '../../../src/index.js';
import { commandOf, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';

const folder = journalFolder();

async function documentOf<R>(Command: ReturnType<typeof commandOf<R>>): Promise<RunRecordDocument> {
  await using runner = await open([Command]);
  const run = await runner.start(Command, {});
  await run.outcome();
  return runner.document(run.id);
}

const stepsNamed = ({ steps }: RunRecordDocument, name: string): readonly RecordedStep[] => steps.filter((step) => step.name === name);

describe('a step that was tried several times', () => {
  let tries = 0;
  const Charge = commandOf((ctx) => {
    tries = 0;
    const body = async (): Promise<string> => {
      tries += 1;
      if (tries < 3) throw new TransientError('SYSTEM_UNAVAILABLE', `busy ${tries}`);
      return 'paid';
    };
    return ctx.step('charge', body, { retry: { attemptsMax: 5, backoffMs: 5, jitter: 0 } });
  });

  it('has its attempts with what each came to, and when the next was due', async () => {
    const document = await documentOf(Charge);
    expect(stepsNamed(document, 'charge')).toMatchObject([
      {
        status: 'succeeded',
        attempt: 3,
        attempts: [
          { status: 'failed', error: { code: 'SYSTEM_UNAVAILABLE', message: 'busy 1' }, nextAt: expect.stringMatching(/Z$/) },
          { status: 'failed', error: { message: 'busy 2' }, durationMs: expect.any(Number) },
        ],
      },
    ]);
    const markdown = runRecordMarkdown(document);
    expect(markdown).toContain('| charge | execution | succeeded (attempt 3) |');
    expect(markdown).toMatch(/## Attempts that did not succeed[\s\S]*\| charge \| 2 \| failed \|.*SYSTEM\\_UNAVAILABLE: busy 2/);
    const html = runRecordHtml(document);
    expect(html).toContain('attempt 2</span> <span>failed after');
    expect(html.match(/class="bar failed"/g)).toHaveLength(2);
    expect(html.match(/class="bar rest"/g)).toHaveLength(2);
  });
});

describe('what a failed run undid', () => {
  const Trip = commandOf(async (ctx) => {
    for (const seat of [1, 2]) await ctx.step('book', async () => seat, { key: 'seat', undo: async () => undefined });
    await ctx.branch('hotel', () => ctx.step('book', async () => 'room', { undo: async () => undefined }));
    await ctx.step('note', async () => 1);
    await ctx.step('pay', () => Promise.reject(new CommandFailure('SYSTEM_REFUSED', 'no money')));
  });

  it('stands with the steps that were undone, each with its own undo, newest first', async () => {
    const document = await documentOf(Trip);
    expect(document.state).toBe('compensated');
    const [first, second, room] = stepsNamed(document, 'book');
    const undos = stepsNamed(document, 'undo book');
    expect(undos.map(({ part, status }) => [part, status])).toEqual(Array(3).fill(['undo', 'succeeded']));
    expect([room, second, first].map((step) => step?.undo?.seq)).toEqual(undos.map(({ seq }) => seq));
    expect(room?.part).toBe('hotel');
    expect(stepsNamed(document, 'note')[0]?.undo).toBeNull();
    expect(stepsNamed(document, 'pay')[0]?.undo).toBeNull();
    expect(runRecordMarkdown(document)).toContain('| book | execution / hotel | succeeded, undone |');
    expect(runRecordHtml(document)).toContain('<strong class="warn">compensated</strong>');
  });
});

describe('a part that has ended', () => {
  it('is one record, and the document says how many it stands for', async () => {
    const file = join(folder, 'part.db');
    const Parts = commandOf((ctx) =>
      ctx.branch('count', async () => [await ctx.step('a', async () => 1), await ctx.step('b', async () => 2)]),
    );
    await using runner = await open([Parts], { engine: { file } });
    const run = await runner.start(Parts, {});
    await run.outcome();
    const { course, integrity, steps } = await runner.document(run.id);
    expect(course.map(({ kind, label }) => [kind, label])).toContainEqual(['branch-ended', 'count']);
    expect(steps.map(({ name }) => name)).not.toContain('a');
    expect(integrity).toMatchObject({
      dropped: 2,
      statement: expect.stringContaining('2 records inside parts that have ended were dropped'),
    });
  });
});

describe('a run that waits', () => {
  const Approval = commandOf(
    async (ctx) => {
      await ctx.sleep(1);
      await ctx.waitFor('approval', { schema: Object as never, timeoutMs: 3_600_000 });
    },
    { name: 'approval' },
  );

  it('says for what, and until when', async () => {
    await using runner = await open([Approval], { engine: { file: join(folder, 'waits.db'), unloadAfterMs: 1 } });
    const run = await runner.start(Approval, {});
    while ((await runner.runs())[0]?.state !== 'waiting') await new Promise<void>((resolve) => setImmediate(resolve));
    const document = await runner.document(run.id);
    expect(document).toMatchObject({ state: 'waiting', waits: [{ what: 'signal', name: 'approval', until: expect.stringMatching(/Z$/) }] });
    expect(document.course.map(({ kind }) => kind)).toContain('timer-fired');
    for (const text of [runRecordMarkdown(document), runRecordHtml(document)])
      expect(text).toContain('waits for the signal approval (until ');
    await run.notify('approval', { by: 'ada', password: 'hunter2' });
    await run.outcome();
    const ended = await runner.document(run.id);
    expect(ended.waits).toEqual([]);
    expect(ended.course.find(({ kind }) => kind === 'signal')).toMatchObject({
      label: 'approval',
      detail: '{"by":"ada","password":"[redacted]"}',
    });
  });
});

describe('a run that was reopened', () => {
  it('says which outcome does not count any more, and what came after', async () => {
    let mended = false;
    const Pay = commandOf(async (ctx) => {
      await ctx.step('pay', async () => {
        if (!mended) throw new CommandFailure('SYSTEM_REFUSED', 'no money');
      });
    });
    await using runner = await open([Pay], { engine: { file: join(folder, 'reopened.db') } });
    const run = await runner.start(Pay, {});
    await run.outcome();
    mended = true;
    expect((await (await runner.reopen(run.id)).outcome()).status).toBe('completed');
    const document = await runner.document(run.id);
    expect(document).toMatchObject({ state: 'completed', error: null });
    expect(document.steps.map((step) => [stepStatusText(step), step.attempt])).toEqual([
      ['failed, superseded', 1],
      ['succeeded (attempt 2)', 2],
    ]);
    expect(document.course.find(({ kind }) => kind === 'reopened')?.detail).toBe('the outcome of pay does not count any more');
  });
});

describe('waits in words', () => {
  const NOW = Date.parse('2026-11-22T07:00:00.000Z');
  const UNTIL = '2026-11-22T10:00:00.000Z';
  const wait = { until: null, detail: null };

  it.each([
    [{ ...wait, what: 'signal', name: 'approval', until: UNTIL }, 'waits for the signal approval (until 2026-11-22 10:00:00 UTC, in 3 h)'],
    [{ ...wait, what: 'signal', name: 'approval' }, 'waits for the signal approval'],
    [{ ...wait, what: 'timer', name: '9', until: UNTIL }, 'sleeps until 2026-11-22 10:00:00 UTC (in 3 h)'],
    [{ ...wait, what: 'gate', name: 'stock', detail: 'two missing' }, 'waits for a person to let gate "stock" pass: two missing'],
    [{ ...wait, what: 'child', name: 'place-order', detail: '3f2a91c0-9f3e' }, 'waits for its child place-order 3f2a91c0'],
    [
      { what: 'retry', name: 'charge', until: '2026-11-22T07:00:12.000Z', detail: 'attempt 3 failed: busy' },
      'tries charge again in 12 s (attempt 3 failed: busy)',
    ],
    [{ what: 'retry', name: 'charge', until: '2026-11-22T06:00:00.000Z', detail: null }, 'tries charge again now'],
    [{ ...wait, what: 'queue', name: 'place-order' }, 'is queued behind the limits of place-order'],
    [{ ...wait, what: 'person', name: 'it asks for another step.' }, 'stopped: it asks for another step.'],
  ] as const)('%j', (given, words) => {
    expect(waitWords(given, { now: NOW })).toBe(words);
  });

  it('say nothing that is true for a moment only where no time is given', () => {
    expect(waitWords({ ...wait, what: 'retry', name: 'charge', until: UNTIL })).toBe('tries charge again at 2026-11-22 10:00:00 UTC');
    expect(waitWords({ ...wait, what: 'timer', name: '9', until: UNTIL })).toBe('sleeps until 2026-11-22 10:00:00 UTC');
  });

  it('are short in a table', () => {
    expect(waitBriefly({ ...wait, what: 'timer', name: '9', until: UNTIL }, NOW)).toBe('sleeps 3 h');
    expect(waitBriefly({ ...wait, what: 'signal', name: 'approval' }, NOW)).toBe('signal approval');
  });

  it.each([
    [0, '1 s'],
    [89_400, '89 s'],
    [90_000, '2 min'],
    [5_400_000, '2 h'],
    [172_799_000, '48 h'],
    [172_800_000, '2 days'],
    [400 * 86_400_000, '400 days'],
  ])('a duration of %d ms is about %s', (ms, words) => {
    expect(roughDuration(ms)).toBe(words);
  });
});

/** What the document of a run says of its systems: what an attempt came to, who said so, figures, quarantined replies, the plan. */

import { join } from 'node:path';
import { attemptFate } from '../../../src/host/runRecord/attemptFate.js';
import { calledOperation, type RecordedReport, systemsOf } from '../../../src/host/runRecord/calledSystems.js';
import {
  CancelledError,
  CommandFailure,
  command,
  InvariantViolation,
  OutcomeUnknownError,
  type RunRecordDocument,
  runRecordHtml,
  runRecordMarkdown,
  TimeoutError,
  TransientError,
  UsageError,
} from '../../../src/index.js';
import { commandOf, NoParams, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';
import { ManualClock } from '../../support/ManualClock.js';
import { type SagaSettings, Shop, sagaOf } from '../../support/shopSystems.js';

const folder = journalFolder();
const lost = () => new OutcomeUnknownError('REPLY_LOST', 'reset');
const doubt = (cause: unknown) => new OutcomeUnknownError('OUTCOME_UNKNOWN', 'nobody knows', { cause });

async function documentOf(shop: Shop, body: Parameters<typeof sagaOf>[1], settings: SagaSettings = {}): Promise<RunRecordDocument> {
  const clock = new ManualClock();
  const Command = sagaOf(shop, body, settings);
  await using runner = await open([Command], { engine: { clock } });
  const run = await runner.start(Command, {});
  let ended = false;
  const outcome = run.outcome().finally(() => {
    ended = true;
  });
  while (!ended) {
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(100);
  }
  await outcome;
  return runner.document(run.id);
}

describe('an attempt', () => {
  it.each([
    ['succeeded', undefined, 'answered'],
    ['failed', new CommandFailure('SYSTEM_REFUSED', 'no'), 'refused'],
    ['failed', new TypeError('no'), 'refused'],
    ['failed', undefined, 'erased'],
    ['unknown', undefined, 'erased'],
    ['failed', new TransientError('SYSTEM_OVERLOADED', 'busy'), 'transient'],
    ['unknown', doubt(new TransientError('CHANNEL_UNREACHABLE', 'nobody there')), 'transient'],
    ['failed', new TimeoutError('STEP_TIMED_OUT', 'slow'), 'timed-out'],
    ['unknown', doubt(new TimeoutError('STEP_TIMED_OUT', 'slow')), 'timed-out'],
    ['unknown', lost(), 'unknown'],
    ['unknown', doubt(new Error('odd')), 'unknown'],
    ['failed', new CommandFailure('REPLY_INVALID', 'breaks'), 'invalid-reply'],
    ['unknown', new OutcomeUnknownError('REPLY_LOST', 'breaks', { details: { reply: 1 } }), 'invalid-reply'],
    ['failed', new TransientError('BREAKER_OPEN', 'open'), 'not-called'],
    ['failed', new TransientError('BULKHEAD_FULL', 'full'), 'not-called'],
    ['failed', new UsageError('INPUT_INVALID', 'wrong'), 'not-called'],
    ['failed', new InvariantViolation('JOURNAL_ALTERED', 'ours'), 'not-called'],
    ['cancelled', new CancelledError('RUN_CANCELLED', 'enough'), 'stopped'],
    ['unknown', doubt(new CancelledError('RUN_CANCELLED', 'enough')), 'stopped'],
    ['unknown', new TimeoutError('DEADLINE_PASSED', 'late'), 'stopped'],
    ['unknown', doubt(new TimeoutError('PHASE_TIMED_OUT', 'late')), 'stopped'],
  ] as const)('that was %s with %s is %s', (status, error, fate) => {
    expect(attemptFate(status, error)).toBe(fate);
  });
});

describe('the systems of a run', () => {
  const step = (name: string, phase = 'execution', part: string | null = null) => ({ name, phase, part });
  const steps = [step('a.go'), step('pack box.large'), step('count'), step('v1.2'), step('b.checkHealth', 'validation')];

  it.each([
    {
      of: 'its interactions and checks, where an older journal has no plan',
      report: { interactions: [{ system: 'c' }] } as unknown as RecordedReport,
      systems: ['b', 'c'],
    },
    { of: 'nothing, for a command without systems', report: {}, systems: [] },
    { of: 'the names of its steps, as long as it has no report', report: undefined, systems: ['a', 'b'] },
  ])('are those of $of', ({ report, systems }) => {
    expect([...systemsOf(report, steps)].toSorted()).toEqual(systems);
  });

  it.each([
    { name: 'regions.eu.go', phase: 'execution', part: null, called: { system: 'regions.eu', operation: 'go', kind: 'operation' } },
    { name: 'undo shards[0].go', phase: 'execution', part: 'undo', called: { system: 'shards[0]', operation: 'go', kind: 'undo' } },
    { name: 'regions.eu.checkHealth', phase: 'validation', part: null, called: { operation: 'checkHealth', kind: 'check' } },
    { name: 'regions.eu.version', phase: 'execution', part: null, called: { operation: 'version', kind: 'operation' } },
    { name: 'other.go', phase: 'execution', part: null, called: undefined },
    { name: 'undo regions.eu.go', phase: 'execution', part: null, called: undefined },
  ])('$name in $phase, part $part', ({ called, ...named }) => {
    const known = calledOperation(named, new Set(['regions.eu', 'shards[0]']));
    if (called) expect(known).toMatchObject(called);
    else expect(known).toBeUndefined();
  });
});

describe('a step that is done once', () => {
  it('tells its attempt from the answers of its probe', async () => {
    const shop = new Shop();
    let asked = 0;
    shop.work = (what) => {
      if (what.startsWith('charge')) throw lost();
    };
    shop.found = () => {
      asked += 1;
      if (asked === 1) throw new TransientError('SYSTEM_OVERLOADED', 'busy');
      return { id: 'P', left: 0 };
    };
    const { steps, metrics } = await documentOf(shop, async ({ systems }) => (await systems.shop.charge({ sku: 'a' })).id);
    expect(steps).toMatchObject([
      {
        name: 'shop.charge',
        attempt: 1,
        source: 'probe',
        fate: 'answered',
        attempts: [
          { attempt: 1, source: 'attempt', fate: 'unknown' },
          { attempt: 1, source: 'probe', fate: 'transient' },
        ],
      },
    ]);
    expect(metrics).toMatchObject({ interactions: 1, attempts: 1, retries: 0, unanswered: 1, unknown: 0 });
    expect(metrics.timings).toMatchObject([{ name: 'shop.charge', count: 1, attempts: 1, p50Ms: null }]);
  });

  it('says that it did not happen, and that it was done then', async () => {
    const shop = new Shop();
    let charges = 0;
    shop.work = (what) => {
      if (what.startsWith('charge') && ++charges === 1) throw lost();
    };
    const { steps } = await documentOf(shop, async ({ systems }) => (await systems.shop.charge({ sku: 'a' })).id);
    expect(steps[0]).toMatchObject({ attempt: 2, source: 'attempt', attempts: [{ source: 'attempt' }, { source: 'probe', attempt: 1 }] });
    expect(runRecordMarkdown({ ...(await documentOf(new Shop(), async () => 1)), steps })).toContain(
      '| shop.charge | probe of 1 | failed |',
    );
  });
});

describe('the figures of a run', () => {
  it('count what its records say', async () => {
    const shop = new Shop();
    let [busy, looks] = [2, 0];
    shop.work = (what) => {
      if (what.startsWith('reserve a') && busy-- > 0) throw new TransientError('SYSTEM_OVERLOADED', 'busy');
      if (what.startsWith('look') && ++looks === 2) throw new CommandFailure('SYSTEM_REFUSED', 'no');
      if (what.startsWith('grant')) throw lost();
    };
    const document = await documentOf(shop, async ({ systems, ctx }) => {
      await systems.shop.reserve({ sku: 'a' });
      await systems.shop.look({ sku: 'b' });
      await ctx.step('count', async () => 1);
      await ctx.gate('stock', () => true);
      await systems.shop.grant({ sku: 'c' }).catch(() => undefined);
      await systems.shop.look({ sku: 'd' });
    });
    expect(document.state).toBe('compensated');
    expect(document.metrics).toMatchObject({
      interactions: 4,
      attempts: 8,
      retries: 2,
      refused: 1,
      unanswered: 3,
      unknown: 0,
      undone: 2,
      checks: 0,
      ownSteps: 2,
    });
    expect(document.metrics.timings.find(({ name }) => name === 'shop.reserve')).toMatchObject({ count: 1, attempts: 3 });
    const markdown = runRecordMarkdown(document);
    expect(markdown).toContain('| Without answer | 3 |');
    expect(markdown).toMatch(
      /## Undone[\s\S]*\| shop.grant \| execution \| succeeded \|[\s\S]*\| shop.reserve \| execution \| succeeded \|/,
    );
    expect(runRecordHtml(document)).toContain('<dt>Undone</dt><dd>2</dd>');
  });
});

describe('a reply that breaks its contract', () => {
  it('stands in the document with what it breaks, and without what is secret', async () => {
    const shop = new Shop();
    shop.work = (what) => {
      if (what.startsWith('look')) return { id: 7, left: 1, token: 'hunter2' };
      return what.startsWith('mail') ? { id: '<b>', left: '`x`' } : undefined;
    };
    const document = await documentOf(shop, async ({ systems }) => {
      await systems.shop.look({ sku: 'a' }).catch(() => undefined);
      await systems.shop.mail({ sku: 'b' });
    });
    expect(document.replies).toMatchObject([
      { step: 'shop.look', code: 'REPLY_INVALID', violations: ['id: must be a string'], reply: { id: 7, left: 1, token: '[redacted]' } },
      { step: 'shop.mail', code: 'REPLY_LOST', violations: ['left: must be an integer number'], reply: { id: '<b>', left: '`x`' } },
    ]);
    expect(document.replies[0]?.seq).toBe(document.steps.find(({ name }) => name === 'shop.look')?.seq);
    const [markdown, html] = [runRecordMarkdown(document), runRecordHtml(document)];
    for (const text of [markdown, html]) {
      expect(text).toContain('Replies that broke their contract');
      expect(text).not.toContain('hunter2');
    }
    expect(html).toContain('&quot;id&quot;: &quot;&lt;b&gt;&quot;');
    expect(markdown).toContain('- **REPLY\\_LOST**: shop.mail, record ');
  });

  it('is also that of an attempt that another followed, and of an error that the code made', async () => {
    const shop = new Shop();
    let odd = 1;
    const found = { reply: { at: new Date(0), token: 'hunter2' }, violations: ['too old'] };
    shop.work = (what) => {
      if (what.startsWith('grant')) throw new OutcomeUnknownError('REPLY_LOST', 'too old', { details: found });
      return what.startsWith('reserve') && odd-- > 0 ? { id: 7 } : undefined;
    };
    const { replies, steps } = await documentOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      await systems.shop.grant({ sku: 'b' });
    });
    expect(steps[0]).toMatchObject({ status: 'succeeded', attempts: [{ fate: 'invalid-reply' }] });
    expect(replies).toMatchObject([
      { step: 'shop.reserve', violations: expect.arrayContaining(['id: must be a string']), reply: { id: 7 } },
      { step: 'shop.grant', violations: ['too old'], reply: { at: '1970-01-01T00:00:00.000Z', token: '[redacted]' } },
    ]);
    expect(replies[0]?.seq).toBe(steps[0]?.attempts[0]?.seq);
  });
});

describe('the plan', () => {
  it('stands in the readable forms with systems, operations, the point of no return and risks', async () => {
    const Command = sagaOf(new Shop(), async () => 1, {
      pivot: 'shop.charge',
      constraints: { latencyMsMax: 5000, availabilityMin: 0.999 },
    });
    await using runner = await open([Command]);
    const plan = await runner.plan(Command, {});
    const run = await runner.start(Command, {});
    await run.outcome();
    const document = { ...(await runner.document(run.id)), plan };
    const markdown = runRecordMarkdown(document);
    expect(markdown).toContain('| Point of no return | shop.charge |');
    expect(markdown).toContain('| Availability at least | 99.9 % |');
    expect(markdown).toContain('| shop | Shop | 0.0.0 | in-process | yes | – |');
    expect(markdown).toContain('| shop.reserve | idempotent | release | – | 3 | – |');
    expect(markdown).toContain('| shop.charge (point of no return) | once | refund | whatBecameOf | 1 | 1.0 s |');
    expect(markdown).toMatch(/\| Subject \| Risk \| Found \| What to do \|[\s\S]*once-without-probe \(warning\)/);
    const html = runRecordHtml(document);
    for (const text of ['shop.charge (point of no return)', 'whatBecameOf', 'once-without-probe (warning)']) expect(html).toContain(text);
  });

  it('is that of the present code, which says whether it is that of the run, and names its systems', async () => {
    const file = join(folder, 'planned.db');
    const body = async () => 1;
    const Command = sagaOf(new Shop(), body);
    const first = await open([Command], { engine: { file } });
    const run = await first.start(Command, {});
    await run.outcome();
    expect(await first.document(run.id)).toMatchObject({
      plan: await first.plan(Command, {}),
      plannedBy: 'its own code',
      systems: ['shop', 'spare'],
    });
    await first[Symbol.asyncDispose]();
    const Edited = sagaOf(new Shop(), body);
    command({ name: 'saga', params: NoParams, version: '2' })(Edited);
    await using second = await open([Edited], { engine: { file } });
    const document = await second.document(run.id);
    expect(document).toMatchObject({ plannedBy: 'other code', systems: ['shop', 'spare'] });
    expect(runRecordMarkdown(document)).toContain('by other code than that of the run');
    expect(runRecordHtml(document)).toContain('by other code than that of the run');
  });

  it('is missing from a run of a command without systems', async () => {
    const Plain = commandOf(async (ctx) => ctx.step('a.go', async () => 1));
    await using runner = await open([Plain]);
    const run = await runner.start(Plain, {});
    await run.outcome();
    const document = await runner.document(run.id);
    expect(document).toMatchObject({ plan: null, systems: [], metrics: { interactions: 0, ownSteps: 1 } });
    expect(runRecordMarkdown(document)).not.toMatch(/## (What happened|Plan)/);
    expect(runRecordHtml(document)).not.toContain('<svg');
  });
});

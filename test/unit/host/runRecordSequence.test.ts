/** The sequence of a run: who is in it, in which order, what is said of attempts, doubts and undoing, and what is left out. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import fc from 'fast-check';
import { sequencePicture } from '../../../src/host/runRecord/page/sequencePicture.js';
import { label, mermaidOf } from '../../../src/host/runRecord/sequence/mermaid.js';
import { blocksOf } from '../../../src/host/runRecord/sequence/Sequence.js';
import { sequenceOf } from '../../../src/host/runRecord/sequence/sequenceOf.js';
import {
  OutcomeUnknownError,
  type RecordedStep,
  type RecordedTurn,
  type RunRecordDocument,
  runRecord,
  TransientError,
} from '../../../src/index.js';
import { commandOf, open } from '../../support/application.js';
import { ManualClock } from '../../support/ManualClock.js';
import { type SagaSettings, Shop, sagaOf } from '../../support/shopSystems.js';

const START = Date.UTC(2026, 10, 22, 10);
const at = (ms: number): string => new Date(START + ms).toISOString();
const HOSTILE = 'a"b\'<script>alert(1)</script>;#%%{x}\n$$`|:&end';

let seqs = 1;
/** A call that began and ended at these milliseconds. */
function stepOf(name: string, from: number, until: number, more: Partial<RecordedStep> = {}): RecordedStep {
  const seq = ++seqs;
  const known = { phase: 'execution', part: null, effect: 'idempotent', child: null, undo: null, superseded: false } as const;
  const outcome = { status: 'succeeded', fate: 'answered', source: 'attempt', attempt: 1, attempts: [], error: null } as const;
  return { seq, id: `execution/${name}/${seq}#0`, name, ...known, ...outcome, startedAt: at(from), durationMs: until - from, ...more };
}

function documentWith(parts: Partial<RunRecordDocument>): RunRecordDocument {
  const empty = { key: null, parent: null, predecessor: null, successor: null, forkedFrom: null, principal: null, deadline: null };
  const none = {
    params: {},
    result: null,
    error: null,
    waits: [],
    findings: [],
    degraded: [],
    course: [],
    phases: [],
    plan: null,
    plannedBy: null,
    replies: [],
  };
  const counts = { interactions: 0, attempts: 0, retries: 0, refused: 0, unanswered: 0, unknown: 0, undone: 0, checks: 0, ownSteps: 0 };
  return {
    ...empty,
    ...none,
    format: 1,
    runId: '1f0c2a',
    command: 'place-order',
    version: '1',
    state: 'completed',
    startedAt: at(0),
    endedAt: at(10_000),
    durationMs: 10_000,
    systems: ['a', 'b'],
    steps: [],
    metrics: { ...counts, timings: [] },
    integrity: { records: 1, dropped: 0, erased: 0, lastHash: null, statement: '' },
    ...parts,
  };
}

const textsOf = (document: RunRecordDocument): string[] => (sequenceOf(document)?.events ?? []).map(({ text }) => text);

describe('the order of a sequence', () => {
  it('is that of time: of calls that ran at once both requests come first', () => {
    const steps = [stepOf('a.one', 0, 30), stepOf('b.two', 10, 20)];
    expect(textsOf(documentWith({ steps }))).toEqual(['1 one', '2 two', '2 ok, 10 ms', '1 ok, 30 ms']);
  });

  it('shows what came one after the other within one millisecond as it was recorded', () => {
    const steps = [stepOf('a.one', 0, 5), stepOf('a.two', 5, 5), stepOf('a.three', 5, 9)];
    expect(textsOf(documentWith({ steps }))).toEqual(['1 one', '1 ok, 5 ms', '2 two', '2 ok, 0 ms', '3 three', '3 ok, 4 ms']);
  });

  it('has systems in the order of their first use, under the names of the scope', () => {
    const steps = [stepOf('regions.eu.look', 4, 5), stepOf('shards[1].look', 2, 3), stepOf('own thing', 0, 1)];
    const sequence = sequenceOf(documentWith({ steps, systems: ['unused', 'regions.eu', 'shards[1]'] }));
    expect(sequence?.systems).toEqual(['shards[1]', 'regions.eu']);
    expect(sequence?.events.map((event) => (event.what === 'message' ? event.system : 'note'))).toEqual([
      undefined,
      undefined,
      'shards[1]',
      'shards[1]',
      'regions.eu',
      'regions.eu',
    ]);
  });

  it('is not there for a run without systems', () => {
    expect(sequenceOf(documentWith({ steps: [stepOf('count', 0, 1)], systems: [] }))).toBeUndefined();
  });

  it('puts signals, waits and gates between the calls, and what is waited for last', () => {
    const turn = (kind: RecordedTurn['kind'], label_: string, ms: number): RecordedTurn => {
      seqs += 1;
      return { seq: seqs, at: at(ms), kind, label: label_, detail: kind === 'timer-fired' ? '5 min 0 s' : null };
    };
    const gates = [
      { name: 'stock', severity: 'error', verdict: 'passed', found: null, override: null },
      { name: 'stock', severity: 'warning', verdict: 'failed', found: 'two missing', override: null },
    ] as const;
    const document = documentWith({
      state: 'waiting',
      course: [turn('signal', 'approval', 2), turn('timer-fired', '300000', 4), turn('cancel-requested', 'too late', 30)],
      steps: [
        stepOf('a.one', 0, 1),
        stepOf('gate stock', 5, 6, { effect: 'read' }),
        stepOf('gate stock', 7, 8, { effect: 'read' }),
        stepOf('a.two', 10, 11),
      ],
      phases: [{ phase: 'execution', startedAt: at(0), durationMs: null, activities: [], gates }],
      waits: [{ what: 'signal', name: 'payment', until: null, detail: null }],
    });
    expect(textsOf(document)).toEqual([
      '1 one',
      '1 ok, 1 ms',
      'signal approval',
      'slept 5 min 0 s',
      'gate stock: passed',
      'gate stock: failed, a warning, found two missing',
      '2 two',
      '2 ok, 1 ms',
      'asked to stop: too late',
      'waits for the signal payment',
    ]);
  });
});

describe('the sequence of a real run', () => {
  const lost = () => new OutcomeUnknownError('REPLY_LOST', 'reset');
  const later = () => new TransientError('SYSTEM_OVERLOADED', 'busy');

  async function documentOf(shop: Shop, body: Parameters<typeof sagaOf>[1], settings: SagaSettings = {}): Promise<RunRecordDocument> {
    const Command = sagaOf(shop, body, settings);
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await run.outcome();
    return runner.document(run.id);
  }

  /** Without how long it took. */
  const told = (document: RunRecordDocument): string[] => textsOf(document).map((text) => text.replace(/, \d+ ms/, ''));

  it('has every attempt, what it came to, and which of them did not arrive', async () => {
    const shop = new Shop();
    const errors = [later(), lost(), new TransientError('CHANNEL_UNREACHABLE', 'nobody there')];
    shop.work = (what) => {
      const error = what.startsWith('reserve') ? errors.shift() : undefined;
      if (error) throw error;
    };
    const document = await documentOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' }).catch(() => undefined); // Three attempts, and nobody knows.
      await systems.shop.look({ sku: 'b' });
    });
    const events = sequenceOf(document)?.events ?? [];
    const shown = events.map((event) => [
      event.what === 'message' ? `${event.direction}${event.lost ? ' lost' : ''}` : 'note',
      event.text.replace(/, \d+ ms/, ''),
    ]);
    expect(shown.slice(0, 5)).toEqual([
      ['request', '1 reserve'],
      ['reply lost', '1 failed: SYSTEM_OVERLOADED: busy; again at once'],
      ['request', '1 reserve, attempt 2'],
      ['reply lost', '1 reply lost: REPLY_LOST: reset; again at once'],
      ['request lost', expect.stringMatching(/^1 reserve, attempt 3, not sent: OUTCOME_UNKNOWN: .*CHANNEL_UNREACHABLE: nobody there/)],
    ]);
    expect(document.steps[0]).toMatchObject({
      status: 'unknown',
      fate: 'transient',
      attempts: [{ fate: 'transient' }, { fate: 'unknown' }],
    });
  });

  it('says how an unknown outcome was settled, and shows undoing in a block of its own', async () => {
    const shop = new Shop();
    let losses = 3;
    shop.work = (what) => {
      if (what.startsWith('reserve b') && losses-- > 0) throw lost();
    };
    const document = await documentOf(shop, async ({ systems }) => {
      await systems.shop.reserve({ sku: 'a' });
      await systems.shop.reserve({ sku: 'b' });
    });
    expect(told(document).slice(-9)).toEqual(
      [
        '2 reply lost: REPLY_LOST: reset',
        '2 reserve again, to settle it, attempt 4',
        '2 ok, undone later',
        '3 undo reserve (of 2)',
        '3 ok',
        '4 undo reserve (of 1)',
        '4 ok',
        'the run ended: compensated',
      ].toSpliced(0, 0, '2 reserve, attempt 3'),
    );
    const blocks = blocksOf(sequenceOf(document)?.events ?? []);
    expect(blocks.map(({ undo, events }) => [undo, events.length])).toEqual([
      [false, 10],
      [true, 4],
      [false, 1],
    ]);
  });

  it('says what a person settled, who and why', async () => {
    const shop = new Shop();
    shop.work = (what) => {
      if (what.startsWith('mail')) throw lost();
    };
    const Command = sagaOf(shop, async ({ systems }) => (await systems.shop.mail({ sku: 'a' })).id, { pivot: 'shop.mail' });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {});
    await run.outcome();
    const settled = await runner.settle(run.id, 'shop.mail', { as: 'done', output: { id: 'M', left: 0 }, by: 'Ada', reason: 'seen' });
    await settled.outcome();
    const document = await runner.document(run.id);
    expect(told(document).slice(2)).toEqual([
      'the run ended: unknown',
      'reopened: Ada settled shop.mail: seen',
      '1 mail, settled by a person: it happened',
      expect.stringMatching(/^taken up again by process \d+$/),
      'the run ended: completed',
    ]);
    expect(document.steps.map(({ source, fate, attempt }) => [source, fate, attempt])).toEqual([
      ['attempt', 'unknown', 1],
      ['person', 'answered', 1],
    ]);
  });

  it('has children as notes, where the commands are known', async () => {
    const Child = commandOf(async () => 1, { name: 'child' });
    const shop = new Shop();
    const Parent = sagaOf(shop, async ({ systems, ctx }) => {
      await systems.shop.look({ sku: 'a' });
      await ctx.execute(Child, {});
    });
    await using runner = await open([Parent, Child]);
    const run = await runner.start(Parent, {});
    await run.outcome();
    const history = await runner.history(run.id);
    expect(told(runRecord(history, { commands: ['child'] })).slice(2, 4)).toEqual(['2 child child', '2 ok']);
    expect(runRecord(history, { commands: ['child'] }).steps.map(({ child }) => child)).toEqual([null, 'child']);
  });

  it('says what was given up and what was not tried since the run was stopped', async () => {
    const shop = new Shop();
    shop.work = (_what, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    const fails = () => Promise.reject(later());
    const clock = new ManualClock();
    const Command = sagaOf(shop, async ({ systems, ctx }) => {
      const resting = ctx.step('notify', fails, { retry: { attemptsMax: 2, backoffMs: 60_000, jitter: 0 } });
      await Promise.all([resting, systems.shop.look({ sku: 'a' })]);
    });
    await using runner = await open([Command], { engine: { clock } });
    const run = await runner.start(Command, {});
    while (shop.told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await run.cancel('enough');
    await run.outcome();
    expect(told(await runner.document(run.id)).toSorted()).toEqual([
      '1 notify, not tried again since the run was stopped',
      '1 notify: failed: SYSTEM_OVERLOADED: busy; again in 1 min 0 s',
      expect.stringMatching(/^2 given up, since the run was stopped: RUN_CANCELLED/),
      '2 look',
      'asked to stop: enough',
      'the run ended: cancelled',
    ]);
  });
});

describe('a long sequence', () => {
  const many = (count: number): RunRecordDocument =>
    documentWith({ steps: Array.from({ length: count }, (_, index) => stepOf('a.one', index * 10, index * 10 + 5)) });

  it('shows the first and the last interactions, and says how many are left out between them', () => {
    const sequence = sequenceOf(many(1000));
    expect(sequence).toMatchObject({ left: 800, total: 1000 });
    const texts = sequence?.events.map(({ text }) => text) ?? [];
    expect(texts[200]).toBe('800 interactions and 0 other events are left out here');
    expect([texts[199], texts[201], texts.length]).toEqual(['100 ok, 5 ms', '901 one', 401]);
  });

  it('shows the first and last attempts of one interaction', () => {
    const attempts = Array.from({ length: 50 }, (_, index) => ({
      seq: 100 + index,
      attempt: index + 1,
      source: 'attempt' as const,
      status: 'failed' as const,
      fate: 'transient' as const,
      startedAt: at(index * 10),
      durationMs: 1,
      error: { code: 'X', message: 'busy' },
      nextAt: at(index * 10 + 10),
    }));
    const texts = textsOf(documentWith({ steps: [stepOf('a.one', 500, 501, { seq: 200, attempt: 51, attempts })] }));
    expect(texts.slice(4, 9)).toEqual([
      '1 one, attempt 3',
      '1 failed, 1 ms: X: busy; again in 9 ms',
      '1 45 more attempts, none of them successful',
      '1 one, attempt 49',
      '1 failed, 1 ms: X: busy; again in 9 ms',
    ]);
    expect(texts).toHaveLength(13);
  });

  it('fits into what Mermaid draws, however long its names are', () => {
    const name = `a.${'x'.repeat(30)}`;
    const error = { code: 'REFUSED', message: '<;>'.repeat(100) };
    const steps = Array.from({ length: 500 }, (_, index) => stepOf(name, index, index, { status: 'failed', fate: 'refused', error }));
    const { text = '', sequence } = mermaidOf(documentWith({ steps })) ?? {};
    expect(text.length).toBeLessThan(50_000);
    expect(sequence?.left).toBeGreaterThan(300);
    expect(text).toContain('interactions and 0 other events are left out here');
  });

  it('is cut into pictures that fit a page, each with the names', () => {
    const sequence = sequenceOf(many(40));
    const html = sequence ? sequencePicture(sequence, START).html : '';
    expect(html.match(/<svg /g)).toHaveLength(3);
    expect(html.match(/>place-order</g)).toHaveLength(3);
  });
});

describe('the text for Mermaid', () => {
  /** What Mermaid does to a diagram before it reads it (`encodeEntities` of its `utils`), and the lines that its grammar then knows. */
  const encoded = (text: string): string =>
    text
      .replace(/style.*:\S*#.*;/g, (found) => found.slice(0, -1))
      .replace(/classDef.*:\S*#.*;/g, (found) => found.slice(0, -1))
      .replace(/#\w+;/g, (found) => `ﬂ°°${found.slice(1, -1)}¶ß`);
  const LINES = [/^sequenceDiagram$/, /^participant (C|S\d+) as [^#;]+$/, /^Note over C: [^#;]+$/, /^break [^#;]+$/, /^end$/];
  const MESSAGE = /^(C|S\d+)(->>|-->>|-x|--x)(C|S\d+): [^#;]+$/;

  function expectReadable(text: string): void {
    for (const line of encoded(text).split('\n')) {
      expect([...LINES, MESSAGE].some((known) => known.test(line.trim())) ? '' : line).toBe('');
      expect(line).not.toMatch(/%%|[<>&"`\\${}|](?!>)(?<!->>|->)/);
    }
    expect(text.match(/^ {2}break /gm)?.length ?? 0).toBe(text.match(/^ {2}end$/gm)?.length ?? 0);
  }

  const hostile = documentWith({
    command: HOSTILE,
    systems: [HOSTILE],
    steps: [
      stepOf(`${HOSTILE}.go`, 0, 5, { status: 'failed', fate: 'refused', error: { code: HOSTILE, message: HOSTILE } }),
      stepOf(`undo ${HOSTILE}.go`, 6, 7, { part: 'undo' }),
    ],
    course: [{ seq: 999, at: at(8), kind: 'signal', label: HOSTILE, detail: HOSTILE }],
  });

  it('has nothing in it that Mermaid would take for more than text', () => {
    const { text = '' } = mermaidOf(hostile) ?? {};
    expectReadable(text);
    expect(text.split('\n')).toHaveLength(10);
    expect(text).toContain(
      "participant S1 as a#34;b'#60;script#62;alert(1)#60;/script#62;#59;#35;#37;#37;#123;x#125; #36;#36;#96;#124;#58;#38;end",
    );
  });

  it('stays so whatever names are made of', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...Array.from('#;:%<style classDef\n"')) })),
        (name) => {
          const steps = [stepOf(`${name}.go`, 0, 1)];
          const { text = '' } = mermaidOf(documentWith({ command: name, systems: [name], steps })) ?? {};
          if (text !== '') expectReadable(text);
          expect(label(name)).toMatch(/^[^\n]+$/);
        },
      ),
    );
  });

  it('is read by beautiful-mermaid with every line as what it is', () => {
    const { text = '', sequence } = mermaidOf(hostile) ?? {};
    const program = `import { renderMermaidSVG } from 'beautiful-mermaid'; process.stdout.write(renderMermaidSVG(${JSON.stringify(text)}))`;
    const svg = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: join(__dirname, '..', '..', '..'),
      encoding: 'utf8',
    });
    const messages = sequence?.events.filter(({ what }) => what === 'message') ?? [];
    expect(svg.match(/class="message"/g)).toHaveLength(messages.length);
    expect(svg.match(/class="(note|block|actor)"/g)).toHaveLength(1 + 1 + 2);
  });
});

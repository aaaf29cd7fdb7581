/** The document of a run: what is in it, what is not shown, and that nothing in it becomes markup. */
import { join } from 'node:path';
import { Type } from 'class-transformer';
import { IsOptional, IsString, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { markdownCode, markdownText } from '../../../src/host/runRecord/markdown.js';
import {
  type CommandContext,
  CommandFailure,
  type CommandRunner,
  command,
  field,
  OutcomeUnknownError,
  PlainCommand,
  type Run,
  type RunRecordDocument,
  runRecord,
  runRecordHtml,
  runRecordMarkdown,
} from '../../../src/index.js';
import { markup } from '../../../src/kernel/text/markup.js';
import { commandOf, open } from '../../support/application.js';
import { journalFolder } from '../../support/engineHarness.js';

const folder = journalFolder();
const DAY_MS = 86_400_000;
/** What moves a cursor, colours a terminal or reorders a line. A line break of ours is none. */
const UNSEEN = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

async function waiting(run: Run<unknown>): Promise<void> {
  for await (const event of run.progress()) if (event.type === 'gate' && event.verdict === 'waiting') return;
}

/** The document of a run of this code, once it has ended. */
async function documentOf(code: (ctx: CommandContext) => Promise<unknown>): Promise<RunRecordDocument> {
  const Command = commandOf(code);
  await using runner = await open([Command]);
  const run = await runner.start(Command, {});
  await run.outcome();
  return runner.document(run.id);
}

describe('the document of a run that ended', () => {
  const Stock = commandOf(
    async (ctx) => {
      await ctx.activity('counting', () => ctx.step('count', async () => 3, { effect: 'read' }));
      await ctx.gate('stock is consistent', () => ({ passed: false, found: 'two missing' }), { overrideWithinMs: DAY_MS });
      await ctx.gate('nice weather', () => false, { severity: 'warning' });
      await ctx.step('print', () => Promise.reject(new Error('no paper'))).catch(() => undefined);
      return { counted: 3, at: new Date(0), total: 12n, tags: new Set(['a']), byName: new Map([['a', 1]]), raw: new Uint8Array([1, 2]) };
    },
    { version: '7' },
  );

  async function overridden(runner: CommandRunner): Promise<string> {
    const run = await runner.start(Stock, {}, { key: 'order-1', principal: { user: 'ada', token: 'abcdef' } });
    await waiting(run);
    await run.override('stock is consistent', { by: 'grace', reason: 'counted by hand' });
    await run.outcome();
    return run.id;
  }

  it('says what ran, for whom, how it ended and how long it took', async () => {
    await using runner = await open([Stock]);
    const id = await overridden(runner);
    const document = await runner.document(id.slice(0, 8));
    const { startedAt, endedAt } = await runner.history(id);
    expect(document).toMatchObject({
      format: 1,
      runId: id,
      command: 'written',
      version: '7',
      state: 'completed',
      key: 'order-1',
      parent: null,
      principal: { user: 'ada', token: '[redacted]' },
      startedAt: new Date(startedAt).toISOString(),
      endedAt: new Date(endedAt ?? 0).toISOString(),
      durationMs: (endedAt ?? 0) - startedAt,
      error: null,
    });
    expect(document.result).toEqual({
      counted: 3,
      at: '1970-01-01T00:00:00.000Z',
      total: '12',
      tags: ['a'],
      byName: [['a', 1]],
      raw: 'AQI=',
    });
  });

  it('has the phases with activities and gates, and who overrode a gate, why and when', async () => {
    await using runner = await open([Stock]);
    const id = await overridden(runner);
    const { phases } = await runner.document(id);
    expect(phases.map(({ phase }) => phase)).toEqual(['planning', 'validation', 'setup', 'execution', 'completion', 'cleanup']);
    const execution = phases.find(({ phase }) => phase === 'execution');
    expect(execution?.activities).toMatchObject([{ name: 'counting', status: 'done', durationMs: expect.any(Number) }]);
    const decided = (await runner.history(id)).records.find(({ kind }) => kind === 'gate-overridden');
    const at = new Date(decided?.at ?? 0).toISOString();
    expect(execution?.gates).toEqual([
      {
        name: 'stock is consistent',
        severity: 'error',
        verdict: 'overridden',
        found: 'two missing',
        override: { by: 'grace', reason: 'counted by hand', at },
      },
      { name: 'nice weather', severity: 'warning', verdict: 'failed', found: null, override: null },
    ]);
  });

  it('has every step with effect, status and error, and what else was recorded', async () => {
    await using runner = await open([Stock]);
    const { steps, course } = await runner.document(await overridden(runner));
    expect(steps.map(({ name, effect, status, attempt }) => [name, effect, status, attempt])).toEqual([
      ['count', 'read', 'succeeded', 1],
      ['gate stock is consistent', 'read', 'succeeded', 1],
      ['gate nice weather', 'read', 'succeeded', 1],
      ['print', 'idempotent', 'failed', 1],
    ]);
    expect(steps.at(-1)).toMatchObject({ phase: 'execution', error: { code: 'Error', message: 'no paper' } });
    expect(course.map(({ kind, detail }) => [kind, detail])).toEqual([
      ['started', null],
      ['gate-overridden', 'by grace: counted by hand'],
      ['ended', null],
    ]);
  });

  it('says the hash of the last record, and is JSON as it is', async () => {
    await using runner = await open([Stock], { engine: { file: join(folder, 'hash.db') } });
    const id = await overridden(runner);
    const history = await runner.history(id);
    const document = await runner.document(id);
    expect(document.integrity).toMatchObject({ records: history.records.length, erased: 0, lastHash: history.records.at(-1)?.hash });
    expect(document.integrity.statement).toContain('It ends with the end of the run.');
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('can be made of a history without a runner', async () => {
    await using runner = await open([Stock]);
    const id = await overridden(runner);
    expect(runRecord(await runner.history(id))).toEqual(await runner.document(id));
  });

  it('says what was erased, and shows the rest', async () => {
    await using runner = await open([Stock]);
    const history = await runner.history(await overridden(runner));
    const records = history.records.map((record) => ({ ...record, body: null }));
    const document = runRecord({ ...history, records });
    expect(document).toMatchObject({
      result: null,
      error: null,
      phases: [{ phase: 'execution' }],
      integrity: { erased: expect.any(Number) },
    });
    expect(document.integrity.erased).toBeGreaterThan(3);
    expect(document.integrity.statement).toMatch(/The content of \d+ was erased/);
  });
});

describe('the document of a run that failed', () => {
  it('has the error with all of its causes', async () => {
    const document = await documentOf(async () => {
      throw new CommandFailure('SYSTEM_REFUSED', 'no', { cause: new Error('limit', { cause: new TypeError('deep') }) });
    });
    expect(document).toMatchObject({ state: 'failed', result: null });
    expect(document.error).toEqual({
      code: 'SYSTEM_REFUSED',
      message: 'no',
      cause: { code: 'Error', message: 'limit', cause: { code: 'TypeError', message: 'deep' } },
    });
    expect(runRecordMarkdown(document)).toContain(
      '- **SYSTEM\\_REFUSED**: no\n  - because **Error**: limit\n    - because **TypeError**: deep',
    );
    expect(runRecordHtml(document)).toContain('because <code>TypeError</code><br>deep');
  });

  it('tells the outcomes of one step apart', async () => {
    let asked = 0;
    const again = (ctx: CommandContext) =>
      ctx.step('charge', async () => {
        asked += 1;
        if (asked === 1) throw new OutcomeUnknownError('OUTCOME_UNKNOWN', 'the reply was lost');
      });
    const { steps } = await documentOf(async (ctx) => {
      await again(ctx).catch(() => undefined);
      await again(ctx);
    });
    expect(steps.map(({ status, attempt }) => [status, attempt])).toEqual([
      ['unknown', 1],
      ['succeeded', 2],
    ]);
  });

  it('names the run that started it', async () => {
    const Child = commandOf(async () => 1, { name: 'child' });
    const Parent = commandOf((ctx) => ctx.execute(Child, {}), { name: 'parent' });
    await using runner = await open([Parent, Child]);
    const run = await runner.start(Parent, {});
    await run.outcome();
    const child = (await runner.runs()).find((one) => one.command === 'child');
    expect((await runner.document(child?.id ?? '')).parent).toBe(run.id);
  });

  it('has what the command found, also where its code says it in other than text', async () => {
    const document = await documentOf(async (ctx) => {
      void ctx.step('forgotten', async () => 1);
      await ctx.gate('numbers', () => ({ passed: false, found: { missing: 2 } as never }), { severity: 'warning' });
    });
    expect(document.findings).toMatchObject([{ subject: 'forgotten', severity: 'warning' }]);
    expect(document.phases.flatMap(({ gates }) => gates)).toMatchObject([{ found: '{"missing":2}' }]);
    expect(runRecordMarkdown(document)).toContain('## Findings');
    expect(runRecordHtml(document)).toContain('>Findings</h2>');
  });
});

describe('the document of a run that has not ended', () => {
  it('says what is known: phases by their steps, gates without a decision, a step that was begun', async () => {
    const file = join(folder, 'open.db');
    const Open = commandOf(async (ctx) => {
      await ctx.gate('passes', () => true);
      const pay = ctx.step('pay', () => new Promise(() => undefined), { effect: 'once' });
      await Promise.all([pay, ctx.gate('stock', () => ({ passed: false, found: 'two missing' }), { overrideWithinMs: DAY_MS })]);
    });
    const first = await open([Open], { engine: { file } });
    const run = await first.start(Open, {});
    await waiting(run);
    expect(await first.document(run.id)).toMatchObject({ state: 'running', endedAt: null });
    await first[Symbol.asyncDispose]();
    await using second = await open([Open], { engine: { file, readOnly: true }, start: { resume: false } });
    const document = await second.document(run.id);
    expect(document).toMatchObject({ state: 'waiting', endedAt: null, durationMs: null, result: null, error: null });
    expect(document.phases).toMatchObject([{ phase: 'execution', startedAt: expect.any(String), durationMs: null, activities: [] }]);
    expect(document.phases[0]?.gates).toEqual([
      { name: 'passes', severity: null, verdict: 'passed', found: null, override: null },
      { name: 'stock', severity: null, verdict: 'undecided', found: 'two missing', override: null },
    ]);
    expect(document.steps.at(-1)).toMatchObject({ name: 'pay', status: 'begun', effect: 'once', durationMs: null });
    expect(document.integrity.statement).toContain('The run has not ended');
    for (const text of [runRecordMarkdown(document), runRecordHtml(document)]) {
      expect(text).toContain('begun, outcome not recorded');
      expect(text).toContain('did not pass; no decision is recorded');
    }
  });

  it('knows an override that is recorded, and a gate that stood', async () => {
    const file = join(folder, 'decided.db');
    let asked = 0;
    const Open = commandOf(async (ctx) => {
      await ctx.gate('first', () => false, { overrideWithinMs: DAY_MS });
      await ctx.gate('second', () => false).catch(() => undefined);
      await ctx.gate('third', () => false, { overrideWithinMs: DAY_MS });
      asked += 1;
    });
    const runner = await open([Open], { engine: { file } });
    const run = await runner.start(Open, {});
    await run.override('first', { by: 'ada', reason: 'seen' });
    for await (const event of run.progress()) if (event.type === 'gate' && event.gate === 'third') break;
    const { phases } = await runner.document(run.id);
    expect(phases[0]?.gates.map(({ name, verdict, override }) => [name, verdict, override?.by])).toEqual([
      ['first', 'overridden', 'ada'],
      ['second', 'failed', undefined],
      ['third', 'undecided', undefined],
    ]);
    await runner[Symbol.asyncDispose]();
    expect(asked).toBe(0);
  });
});

describe('secrets', () => {
  class Account {
    @field({ secret: true })
    @IsString()
    signingKey!: string;
  }

  class Params {
    @field({ secret: true })
    @IsString()
    apiKey!: string;

    @IsString()
    @IsOptional()
    password?: string;

    @ValidateNested()
    @Type(() => Account)
    account!: Account;
  }

  @command({ name: 'pay', params: Params })
  class Pay extends PlainCommand<Params, object> {
    async run(): Promise<object> {
      return { accessToken: 'tok-123', nested: [{ cookie: 'c=1' }], card: 'visa' };
    }
  }

  it('declared ones are shown as their references, others of sensitive names not at all', async () => {
    await using runner = await open([Pay]);
    const run = await runner.start(Pay, { apiKey: 'env:STRIPE', password: 'hunter2', account: { signingKey: 'file:bank' } });
    await run.outcome();
    const document = await runner.document(run.id);
    expect(document.params).toEqual({ apiKey: 'env:STRIPE', password: '[redacted]', account: { signingKey: 'file:bank' } });
    expect(document.result).toEqual({ accessToken: '[redacted]', nested: [{ cookie: '[redacted]' }], card: 'visa' });
    const named = runRecord(await runner.history(run.id));
    expect(named.params).toEqual({ apiKey: '[redacted]', password: '[redacted]', account: { signingKey: '[redacted]' } });
    for (const text of [JSON.stringify(document), runRecordMarkdown(document), runRecordHtml(document)]) {
      expect(text).not.toMatch(/hunter2|tok-123|c=1/);
    }
  });
});

describe('hostile names', () => {
  const HOSTILE =
    '<script>document.title="x"</script> | `a` ``` **b** [l](https://e.org) ![i](x) \\| \n# h\r\u001b[31m\u202e\u0000 "\' &amp; <img src=x>';

  async function hostile(): Promise<RunRecordDocument> {
    const Command = commandOf(async (ctx) => {
      await ctx.activity(HOSTILE, () => ctx.step(HOSTILE, async () => 1));
      await ctx.gate(HOSTILE, () => ({ passed: false, found: HOSTILE }));
    });
    await using runner = await open([Command]);
    const run = await runner.start(Command, {}, { key: HOSTILE, principal: { user: HOSTILE, [HOSTILE]: 1 } });
    await run.override(HOSTILE, { by: HOSTILE, reason: HOSTILE });
    await run.outcome();
    const document = await runner.document(run.id);
    const error = { code: HOSTILE, message: HOSTILE, cause: { code: HOSTILE, message: HOSTILE } };
    const finding = { subject: HOSTILE, expected: HOSTILE, found: HOSTILE, severity: 'error' as const };
    const degraded = [{ system: HOSTILE, reason: HOSTILE }];
    return {
      ...document,
      command: HOSTILE,
      version: HOSTILE,
      params: { [HOSTILE]: HOSTILE },
      result: HOSTILE,
      error,
      findings: [finding],
      degraded,
    };
  }

  it('are text in HTML: no element, no script, no address to load from, no control character', async () => {
    const html = runRecordHtml(await hostile());
    const tags = new Set([...html.matchAll(/<([a-z0-9]+)[\s>]/gi)].map(([, name]) => name?.toLowerCase()));
    for (const forbidden of ['script', 'img', 'iframe', 'a', 'form']) expect(tags).not.toContain(forbidden);
    expect(html).not.toMatch(/<[^>]*\b(?:src|href|on\w+)=(?!"data:,")/);
    expect(html).not.toMatch(/url\(|@import/);
    expect(html).not.toMatch(UNSEEN);
    expect(html).toContain('&lt;script&gt;');
  });

  it('are text in Markdown: rows keep their cells, blocks their fences, and no control character is left', async () => {
    const lines = runRecordMarkdown(await hostile()).split('\n');
    expect(lines.join('\n')).not.toMatch(UNSEEN);
    const fences = lines.filter((line) => /^`{3,}/.test(line));
    expect(fences).toEqual(['````json', '````', '````json', '````']);
    const cells = (line: string): number => line.replace(/\\[\\|]/g, '').split('|').length;
    lines.forEach((line, index) => {
      if (line.startsWith('|') && lines[index - 1]?.startsWith('|')) expect(cells(line)).toBe(cells(lines[index - 1] ?? ''));
      if (line.startsWith('#')) expect(line).toMatch(/^(# &lt;script|## [A-Z][a-z ]+$)/);
    });
    const prose = lines.filter((line) => line.startsWith('|') || line.startsWith('-')).join('\n');
    expect(prose).not.toMatch(/<|https?:\/\/|(?<!\\)[`\]]/);
  });

  it('text for Markdown has no character left that means something, whatever it was made of', () => {
    const odd = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...Array.from('\\`*_[]()<>#|~!$&;:/@w.\n\t a')) }),
    );
    fc.assert(
      fc.property(odd, (text) => {
        const plain = markdownText(text).replace(/\\[\\`*_[\]#|~$!]|&(?:amp|lt|gt|#\d+);/g, '-');
        expect(plain).not.toMatch(/[\\`*_[\]#|~$!<>&@]|:\/\/|www\./i);
        expect(plain).not.toMatch(UNSEEN);
      }),
    );
  });

  it('a block of code cannot be ended from inside', () => {
    const odd = fc.string({ unit: fc.constantFrom('`', '\n', 'x', '~') });
    fc.assert(
      fc.property(odd, (text) => {
        const [first = '', ...rest] = markdownCode(text, 'json').trimEnd().split('\n');
        const fence = first.replace('json', '');
        expect(rest.slice(0, -1).some((line) => line.includes(fence))).toBe(false);
        expect(rest.at(-1)).toBe(fence);
      }),
    );
  });

  it('HTML has what is put into it as text, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { html } = markup`<p title="${text}">${text}</p>`;
        expect(html).toMatch(/^<p title="[^<>"']*">[^<>"']*<\/p>$/);
        expect(html).not.toMatch(UNSEEN);
      }),
    );
  });
});

describe('a long run', () => {
  it('is whole as JSON; the readable forms say how much they leave out', async () => {
    const document = await documentOf(async (ctx) => {
      const steps = Array.from({ length: 2500 }, (_, n) => ctx.step(`step ${n}`, async () => n));
      return Promise.all(steps).then((all) => all.map((n) => `${n} ${'x'.repeat(60)}`));
    });
    expect(document.steps).toHaveLength(2500);
    expect(document.result).toHaveLength(2500);
    const html = runRecordHtml(document);
    expect(html).toContain('500 more in the JSON form.');
    expect(html).toMatch(/… [\d,]+ more characters in the JSON form/);
    expect(runRecordMarkdown(document)).toContain('500 more rows in the JSON form.');
    expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
  });
});

/** A person opens the report, a service takes it in, a terminal shows it: with content that means no good. */
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import type { Browser, Page } from 'playwright-core';
import type { Log } from 'sarif';
import type { AnalysisReport } from '../../src/commands/multi-analysis/AnalysisReport.js';
import { ANALYSER_NAMES, LEVELS } from '../../src/commands/multi-analysis/Finding.js';
import { ReportWriter } from '../../src/commands/multi-analysis/ReportWriter.js';
import { renderHtml } from '../../src/commands/multi-analysis/report/html.js';
import { toSarif } from '../../src/commands/multi-analysis/report/sarif.js';
import { renderTerminal } from '../../src/commands/multi-analysis/report/terminal.js';
import { WriteRequest } from '../../src/commands/multi-analysis/WriteRequest.js';
import { markup } from '../../src/kernel/text/markup.js';
import { testCall } from '../support/call.js';
import { describeInBrowser, describeWith, launchBrowser } from '../support/chromium.js';
import { analyserReport, finding, sampleReport, synthesised } from '../support/sampleReport.js';

const SCHEMA = process.env.SIXFOLD_SARIF_SCHEMA ?? join(__dirname, '../../../shared/data/sarif-schema-2.1.0.json');

const ESCAPE = '\u001b';
const SCRIPT_PATH = `src/"'><script>document.title='pwned'</script>/a & b.ts`;
const ODD_PATHS = ['src/with space/ünï 100%.ts', 'c:d.ts', 'a#b?c.ts', 'docs/日本語.ts', 'lone\ud800.ts', SCRIPT_PATH];

/** A tree whose file names and messages try to be markup, addresses, escape sequences and placeholders. */
function hostileReport(): Promise<AnalysisReport> {
  const messages = [
    '<img src=x onerror=alert(1)>',
    `${ESCAPE}]0;pwned\u0007${ESCAPE}[2J`,
    'takes {0} and {name}',
    '\u202egnp.exe',
    '"quoted" & \'quoted\'',
  ];
  const lint = ODD_PATHS.flatMap((path) =>
    messages.map((message, index) => finding({ path, startLine: index + 1, message, helpUri: 'javascript:alert(1)' })),
  );
  const shapes = ODD_PATHS.map((path, index) => ({ path, lines: 100 + index, cyclomatic: 120, commits: 30, authors: 4 }));
  const twin = { path: 'src/with space/ünï 100%.ts', startLine: 4, endLine: 9 };
  const secret = finding({
    analyser: 'secrets',
    rule: '<b>',
    level: 'error',
    path: SCRIPT_PATH,
    helpUri: 'https://example.com/a?b=c#d',
    related: [twin],
  });
  return synthesised({
    root: '/srv/my "root" 100%',
    reports: [
      Object.assign(analyserReport('lint', lint), { dropped: 3, notes: ['<i>note</i>'] }),
      analyserReport('complexity', [], shapes),
      analyserReport('secrets', [secret]),
    ],
    absent: [{ analyser: 'history', reason: 'The folder <is> not in a git work tree.' }],
  });
}

function manyFindings(files: number, findings: number): Promise<AnalysisReport> {
  const pathOf = (index: number) => `packages/p${index % 7}/src/part-${index % 90}/file-${index % files}.ts`;
  const shapes = Array.from({ length: files }, (_, index) => ({
    path: pathOf(index),
    lines: 20 + (index % 400),
    cyclomatic: index % 130,
    commits: index % 31,
  }));
  const lint = Array.from({ length: findings }, (_, index) => {
    return finding({
      path: pathOf(index),
      startLine: 1 + index,
      message: `Something "of" a usual <length> about 'name${index}' & what it does.`,
      level: LEVELS[index % 3] ?? 'note',
    });
  });
  return synthesised({ files, reports: [analyserReport('lint', lint), analyserReport('complexity', [], shapes)] });
}

describeWith(SCHEMA, false)('report.sarif', () => {
  // The schema is of draft 4, which differs from draft 7 only in what it does not use: `id` and boolean exclusive limits.
  let validate: ValidateFunction;
  beforeAll(() => {
    const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as Record<string, unknown>;
    const ajv = new Ajv({ strict: false, allErrors: true });
    addFormats.default(ajv);
    validate = ajv.compile(schema);
  });

  test.each([
    ['of an ordinary project', () => sampleReport()],
    ['of hostile names and messages', hostileReport],
    ['of a project without findings', () => synthesised({ reports: ANALYSER_NAMES.map((name) => analyserReport(name, [])) })],
    [
      'of a run in which nothing was installed',
      () => synthesised({ absent: ANALYSER_NAMES.map((analyser) => ({ analyser, reason: 'Missing.' })) }),
    ],
  ])('%s is valid by the schema of OASIS', async (_name, make) => {
    validate(JSON.parse(JSON.stringify(toSarif(await make(), '1.2.3'))));
    expect(validate.errors ?? []).toEqual([]);
  });

  test('the validator refuses a log that breaks the schema', async () => {
    const log = JSON.parse(JSON.stringify(toSarif(await sampleReport(), '1.2.3'))) as Log;
    for (const result of log.runs[0]?.results ?? []) Object.assign(result, { level: 'fatal' });
    expect(validate(log)).toBe(false);
  });
});

describe('what report.sarif says', () => {
  const runOf = (log: Log, name: string) => log.runs.find((run) => run.tool.driver.name === name);

  test('every path, resolved against the root, is the address of its file', async () => {
    const run = runOf(toSarif(await hostileReport(), '1.2.3'), 'oxlint');
    const root = run?.originalUriBaseIds?.['%SRCROOT%']?.uri;
    const uris = run?.results?.map(({ locations }) => locations?.[0]?.physicalLocation?.artifactLocation) ?? [];
    expect(uris.every((location) => location?.uriBaseId === '%SRCROOT%')).toBe(true);
    const addresses = new Set(uris.map((location) => new URL(location?.uri ?? '', root).href));
    const expected = ODD_PATHS.map((path) => decodeURIComponent(pathToFileURL(`/srv/my "root" 100%/${path}`).pathname));
    expect([...addresses].map((address) => decodeURIComponent(new URL(address).pathname)).sort()).toEqual(expected.sort());
  });

  test('a missing analyser is a run that did not succeed, with the reason', async () => {
    const run = runOf(toSarif(await hostileReport(), '1.2.3'), 'history');
    expect(run?.invocations).toMatchObject([
      {
        executionSuccessful: false,
        toolExecutionNotifications: [{ level: 'error', message: { text: 'The folder <is> not in a git work tree.' } }],
      },
    ]);
  });

  test('a finding keeps its rule, its fingerprint, its other places and what the others said', async () => {
    const report = await sampleReport();
    const log = toSarif(report, '1.2.3');
    const [dead] = runOf(log, 'knip')?.results ?? [];
    expect(dead?.properties?.evidence).toMatchObject([{ analyser: 'lint', rule: 'eslint(no-unused-vars)' }]);
    const cycles = runOf(log, 'dependency-cruiser');
    const [cycle] = cycles?.results ?? [];
    expect(cycles?.tool.driver.rules?.[cycle?.ruleIndex ?? -1]?.id).toBe('no-circular');
    expect(cycle?.relatedLocations).toHaveLength(2);
    const fingerprints = report.findings.filter(({ analyser }) => analyser === 'cycles').map(({ fingerprint }) => fingerprint);
    expect(Object.values(cycle?.partialFingerprints ?? {})).toEqual(fingerprints);
  });

  test('the rank of a finding follows its risk, within 0 and 100', async () => {
    const ranks = toSarif(await sampleReport(), '1.2.3').runs.flatMap((run) => run.results ?? []);
    const rankOf = (ruleId: string) => ranks.find((result) => result.ruleId === ruleId)?.rank ?? -1;
    expect(rankOf('@secretlint/secretlint-rule-aws')).toBeGreaterThan(rankOf('clone'));
    expect(ranks.every(({ rank }) => rank !== undefined && rank >= 0 && rank <= 100)).toBe(true);
  });

  test('only web addresses become help, and a literal placeholder is doubled', async () => {
    const log = toSarif(await hostileReport(), '1.2.3');
    expect(runOf(log, 'oxlint')?.tool.driver.rules).toEqual([{ id: 'eslint(no-debugger)' }]);
    expect(runOf(log, 'secretlint')?.tool.driver.rules).toEqual([{ id: '<b>', helpUri: 'https://example.com/a?b=c#d' }]);
    const texts = runOf(log, 'oxlint')?.results?.map(({ message }) => message.text);
    expect(texts).toContain('takes {{0}} and {name}');
  });
});

describeInBrowser()('report.html in a browser', () => {
  let browser: Browser;
  let out: string;
  let noise: string[];

  beforeAll(async () => {
    browser = await launchBrowser();
    out = await mkdtemp(join(tmpdir(), 'sixfold-report-'));
  }, 30_000);

  afterAll(async () => {
    await browser?.close();
    await rm(out, { recursive: true, force: true });
  });

  /** Opens the page as a person would, noting whatever it complains of or asks the network for. */
  async function opened(report: AnalysisReport, width = 1280): Promise<Page> {
    const { files } = await new ReportWriter().write(Object.assign(new WriteRequest(), { out, report }), testCall());
    const address = pathToFileURL(files.find((file) => file.endsWith('.html')) ?? '').href;
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    noise = [];
    page.on('console', (message) => noise.push(message.text()));
    page.on('pageerror', (error) => noise.push(error.message));
    page.on('dialog', (dialog) => noise.push(dialog.message()));
    page.on('request', (request) => request.url() !== address && noise.push(request.url()));
    await page.goto(address, { waitUntil: 'load' });
    return page;
  }

  test('shows what to fix first, without a script, an error or a request', async () => {
    const report = await sampleReport();
    const page = await opened(report);
    expect(await page.title()).toBe('shop: what to fix first');
    const [first] = report.recommendations;
    const item = page.locator('.ranked > li').first();
    expect(await item.getByRole('heading').innerText()).toBe(first?.title);
    expect(await item.locator('.reason').innerText()).toBe(first?.reason);
    expect(await item.isVisible()).toBe(true);
    expect(await page.getByRole('img', { name: /^Treemap of 8 files/ }).isVisible()).toBe(true);
    expect(noise).toEqual([]);
  });

  test('treats names and messages as text', async () => {
    const page = await opened(await hostileReport());
    expect(await page.title()).toBe('my "root" 100%: what to fix first');
    expect(await page.locator('script, img, [onerror], a[href^="javascript"]').count()).toBe(0);
    expect(await page.locator('meta[http-equiv]').getAttribute('content')).toContain("default-src 'none'");
    expect(await page.locator('.file .path').allInnerTexts()).toContain(SCRIPT_PATH);
    await page.locator('.file summary').first().click();
    expect(await page.locator('.file[open]').innerText()).toContain('<img src=x onerror=alert(1)>');
    expect(await page.locator('body').innerText()).toContain('\\u{202e}gnp.exe');
    expect(noise).toEqual([]);
  });

  test.each([1280, 400])('fits a window of %i pixels without scrolling sideways, with one picture', async (width) => {
    const page = await opened(await hostileReport(), width);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(await page.getByRole('img').count()).toBe(1);
  });

  test('says why there are no hotspots when the history is missing', async () => {
    const report = await synthesised({
      reports: [analyserReport('complexity', [], [{ path: 'a.ts', lines: 9, cyclomatic: 200 }])],
      absent: [{ analyser: 'history', reason: 'No git.' }],
    });
    const page = await opened(report);
    expect(await page.getByText('Heat needs both complexity and history, and history did not run: No git.').isVisible()).toBe(true);
  });
});

describe('report.html', () => {
  test('a string put into the page is text there, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { html } = markup`<p title="${text}">${text}</p>`;
        expect(html).toMatch(/^<p title="[^<>"']*">[^<>"']*<\/p>$/);
        expect(html.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
      }),
    );
  });

  test('stays below three megabytes with 3,000 files and 20,000 findings, and says what it left out', async () => {
    const html = renderHtml(await manyFindings(3000, 20_000));
    expect(Buffer.byteLength(html)).toBeLessThan(3_000_000);
    expect(html).toMatch(/[\d,]+ more findings of [\d,]+ more files in report\.json/);
  });

  test('names the analysers that are missing, and why', async () => {
    const html = renderHtml(await hostileReport());
    expect(html).toContain('did not run');
    expect(html).toContain('The folder &lt;is&gt; not in a git work tree.');
  });

  test('a clean project has nothing to fix', async () => {
    expect(renderHtml(await synthesised({ reports: [analyserReport('lint', [])] }))).toContain('Nothing to fix.');
  });
});

describe('the report in a terminal', () => {
  const ownColours = new RegExp(`${ESCAPE}\\[\\d+m`, 'g');

  test('shows what to fix first, why, who is missing and where the rest is', async () => {
    const report = await sampleReport({ absent: [{ analyser: 'secrets', reason: 'secretlint is not installed.' }] });
    const text = renderTerminal(report, { columns: 100, colour: false });
    expect(text).toContain(' 1  error    src/checkout/PlaceOrder.ts:1\n    Split PlaceOrder.ts into parts that can be understood alone\n');
    expect(text).toContain('missing: secretlint is not installed.');
    expect(text).toContain('report.html, report.sarif and report.json');
  });

  test('passes no control character of a name or a message on', async () => {
    const text = renderTerminal(await hostileReport(), { columns: 80, colour: true });
    expect(text).toContain(`${ESCAPE}[31m`);
    expect(text.replace(ownColours, '')).not.toMatch(/[^\P{C}\n]/u);
  });

  test('without colour there is no escape sequence at all', async () => {
    expect(renderTerminal(await sampleReport(), { columns: 80, colour: false })).not.toContain(ESCAPE);
  });

  test.each([20, 60, 80, 300])('keeps within its columns when told %i', async (columns) => {
    const long = [{ path: `src/${'long-'.repeat(60)}.ts`, lines: 9, cyclomatic: 12_345, commits: 12_345, authors: 12_345 }];
    const wide = finding({ analyser: 'secrets', path: `${'語'.repeat(80)}.ts`, message: '警告'.repeat(80) });
    const report = await synthesised({ reports: [analyserReport('complexity', [], long), analyserReport('secrets', [wide])] });
    const widthOf = (line: string) =>
      Array.from(line, (character) => (character >= '\u2e80' ? 2 : 1)).reduce((sum, width) => sum + width, 0);
    const widths = renderTerminal(report, { columns, colour: false }).split('\n').map(widthOf);
    expect(Math.max(...widths)).toBeLessThanOrEqual(Math.min(100, Math.max(60, columns)));
  });
});

describe('writing the report', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sixfold-write-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const write = (out: string, report: AnalysisReport, call = testCall()) =>
    new ReportWriter().write(Object.assign(new WriteRequest(), { out, report }), call);

  test('makes the folder, and report.json is the report itself', async () => {
    const report = await sampleReport();
    const out = join(folder, 'new', 'deep');
    const { files } = await write(out, report);
    expect(files).toEqual(['report.html', 'report.sarif', 'report.json'].map((name) => join(out, name)));
    expect(JSON.parse(await readFile(join(out, 'report.json'), 'utf8'))).toEqual(Object.assign({}, report));
    expect((await readdir(out)).sort()).toEqual(['report.html', 'report.json', 'report.sarif']);
  });

  test('replaces the report of the last run', async () => {
    await write(folder, await sampleReport());
    await write(folder, await synthesised({ root: '/elsewhere' }));
    expect(JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'))).toMatchObject({ root: '/elsewhere' });
  });

  test('leaves no temporary file behind when a file cannot be replaced', async () => {
    await mkdir(join(folder, 'report.sarif', 'in the way'), { recursive: true });
    await expect(write(folder, await sampleReport())).rejects.toMatchObject({
      code: 'REPORT_NOT_WRITTEN',
      message: expect.stringMatching(/EISDIR|ENOTEMPTY|EEXIST/),
    });
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  test('clears away what an attempt of the same call left when it crashed', async () => {
    await mkdir(join(folder, 'report.sarif', 'in the way'), { recursive: true });
    const refused: unknown = await write(folder, await sampleReport()).catch((error: unknown) => error);
    const { path: temporary } = (refused as Error).cause as NodeJS.ErrnoException;
    await rm(join(folder, 'report.sarif'), { recursive: true });
    await writeFile(temporary ?? '', 'half a rep');
    await write(folder, await sampleReport());
    expect((await readdir(folder)).sort()).toEqual(['report.html', 'report.json', 'report.sarif']);
  });

  test('touches none of the old files when it is aborted before all the new ones are written', async () => {
    const old = 'the old report';
    await writeFile(join(folder, 'report.html'), old);
    const controller = new AbortController();
    controller.abort(new Error('enough'));
    await expect(write(folder, await sampleReport(), testCall({ signal: controller.signal }))).rejects.toThrow('enough');
    expect(await readFile(join(folder, 'report.html'), 'utf8')).toBe(old);
    expect(await readdir(folder)).toEqual(['report.html']);
  });
});

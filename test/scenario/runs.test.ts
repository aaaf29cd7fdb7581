/** `sixfold runs`: the record of a run as a document, gates that wait for a person, and who runs what. */
import { spawn } from 'node:child_process';
import { readFileSync, watch, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import type { RunRecordDocument } from '../../src/index.js';
import { describeInBrowser, launchBrowser } from '../support/chromium.js';
import { CliFolder, type CliResult, CliRun } from '../support/cli.js';
import { SHOP_APPLICATION, SHOP_GATE } from '../support/shopApplication.js';
import { UserProject } from '../support/userProject.js';

jest.setTimeout(60_000);
delete process.env.SIXFOLD_APP;

const BIN = join(__dirname, '..', '..', 'bin', 'sixfold.js');

const project = new UserProject();
const APP = join(project.path, 'shop app.js');
let folder: CliFolder;
beforeAll(() => project.write('shop app.js', SHOP_APPLICATION));
beforeEach(() => {
  folder = new CliFolder();
});
afterEach(() => folder[Symbol.dispose]());
afterAll(() => project[Symbol.dispose]());

const app = (...args: readonly string[]): Promise<CliResult> => folder.run('--app', APP, ...args);
const listed = async () =>
  JSON.parse((await app('runs', 'list', '--json')).stdout) as { id: string; command: string; state: string; principal: unknown }[];
const idOf = async (command: string): Promise<string> => (await listed()).find((run) => run.command === command)?.id ?? 'none';
const stateOf = async (command: string) => (await listed()).find((run) => run.command === command)?.state;

/** The id of a run of `ship` that came to wait. */
const waitingRun = async (): Promise<string> => JSON.parse((await app('run', 'ship', '--json')).stdout).runId;

/** Carries a printed command line out, as a person who copies it does. */
function copied(line: string): Promise<CliResult> {
  const script = `sixfold() { '${process.execPath}' '${BIN}' "$@"; }\n${line}`;
  const env = { ...process.env, NO_COLOR: '1', SIXFOLD_DB: undefined };
  return new CliRun(spawn('bash', ['-c', script], { cwd: folder.path, env, stdio: ['ignore', 'pipe', 'pipe'] })).result();
}

describe('a run that comes to wait for an override', () => {
  it('is handed back with an exit code of its own, and the command that is printed lets the gate pass', async () => {
    const { code, stdout, stderr } = await app('run', 'ship', '--customer', 'ada');
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' });
    expect(stderr).toContain(`– gate ${SHOP_GATE} waits for an override: two missing`);
    expect(stderr).toMatch(
      /sixfold: run \S+ waits, and was handed back\.\n {2}waits for a person to let gate "stock is 'consistent'" pass: two missing\n/,
    );
    expect(await stateOf('ship')).toBe('waiting');
    const command = stderr.split('\n').find((line) => line.includes('runs override')) ?? '';
    const overridden = await copied(command.replace('REASON', "'counted by hand'"));
    expect(overridden).toMatchObject({ code: 0, stdout: expect.stringContaining('"to": "ada"') });
    expect(overridden.stderr).toContain(`– gate ${SHOP_GATE} overridden: two missing`);
    expect(await stateOf('ship')).toBe('completed');
  });

  it('says so as JSON for programs', async () => {
    const { code, stdout } = await app('run', 'ship', '--json');
    const said = JSON.parse(stdout);
    expect({ code, said }).toMatchObject({
      code: 4,
      said: { status: 'waiting', waits: [{ what: 'gate', name: SHOP_GATE, detail: 'two missing', command: 'ship', runId: said.runId }] },
    });
    expect(said.waits[0].remedy).toContain(`runs override ${said.runId} `);
  });

  it('waits again when it is resumed without a decision, and shows no step as done anew', async () => {
    const { code, stderr } = await app('runs', 'resume', await waitingRun());
    expect({ code, stderr }).toMatchObject({
      code: 4,
      stderr: expect.stringMatching(/^✔ pack box\.large +done before the interruption\n/),
    });
    expect(stderr.match(/gate paid/g)).toHaveLength(1);
  });

  it('stays with --wait, until it is cancelled', async () => {
    const run = folder.start(['--app', APP, 'run', 'ship', '--wait']);
    await run.says('waits for an override');
    run.kill('SIGINT');
    expect(await run.result()).toMatchObject({ code: 130, stderr: expect.stringContaining('ended cancelled') });
    expect(await stateOf('ship')).toBe('cancelled');
  });

  it('is found in a run that it started; the override goes on with the whole', async () => {
    const { code, stderr } = await app('run', 'day');
    const child = await idOf('ship');
    expect(code).toBe(4);
    expect(stderr).toContain(`ship, which it started, waits for a person to let gate "${SHOP_GATE}" pass: two missing`);
    expect(stderr).toContain(`runs override ${child} `);
    expect((await listed()).map(({ state }) => state)).toEqual(['waiting', 'waiting']);
    const overridden = await app('runs', 'override', child.slice(0, 8), SHOP_GATE, '--reason', 'seen', '--by', 'grace', '--json');
    expect(overridden.code).toBe(0);
    expect(JSON.parse(overridden.stdout)).toMatchObject({ status: 'completed', result: { shipped: { to: 'ada' }, closed: true } });
    expect((await listed()).map(({ state }) => state)).toEqual(['completed', 'completed']);
  });
});

describe('sixfold runs override', () => {
  it('records who and why; by itself the user of the operating system', async () => {
    const id = await waitingRun();
    expect((await app('runs', 'override', id, SHOP_GATE, '--reason', 'counted by hand')).code).toBe(0);
    const { stdout } = await app('runs', 'show', id);
    expect(stdout).toMatch(
      /gate stock is 'consistent' +[█┄]+ +overridden\n +by \S+ at \d{4}-\S+ \S+ UTC: counted by hand; found: two missing\n/,
    );
    expect(await app('runs', 'override', id, SHOP_GATE, '--reason', 'again')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has ended, so nothing about it can be decided'),
    });
  });

  it('is refused without saying who and why, and the run is left alone', async () => {
    const id = await waitingRun();
    const refused = async (args: readonly string[], message: RegExp) =>
      expect(await app('runs', 'override', id, SHOP_GATE, ...args)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(message),
      });
    await refused([], /required option '--reason <text>' not specified/);
    await refused(['--reason', ' '], /'--reason <text>' argument ' ' is invalid\. It is empty\./);
    await refused(['--reason', 'r', '--by', ''], /'--by <name>' argument '' is invalid\. It is empty\./);
    expect(await stateOf('ship')).toBe('waiting');
  });

  it('of another gate leaves the one waiting that does not pass', async () => {
    const { code, stderr } = await app('runs', 'override', await waitingRun(), 'stock', '--reason', 'r');
    expect({ code, stderr }).toMatchObject({ code: 4, stderr: expect.stringContaining(`let gate "${SHOP_GATE}" pass: two missing`) });
  });
});

describe('who runs it', () => {
  it('is the user of the operating system, or who --principal names', async () => {
    for (const named of [[], ['--principal', '{"user": "ada"}'], ['--principal', 'ada']]) await app('run', 'ship', ...named);
    const principals = (await listed()).map(({ principal }) => principal);
    expect(principals).toEqual(['ada', { user: 'ada' }, { user: userInfo().username, via: 'cli' }]);
  });

  it('may be refused by the authorizer: one line that says so, and nothing was done', async () => {
    const { code, stdout, stderr } = await app('run', 'ship', '--principal', '{"user": "eve"}');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/^sixfold: run \S+ ended failed: ship was refused: eve may not run ship\. Run it as somebody who may\.\n$/);
    expect((await app('runs', 'show', await idOf('ship'))).stdout).toMatch(/error +NOT_AUTHORIZED: ship was refused/);
  });

  it('is refused when it is no JSON', async () => {
    const { code, stderr } = await app('run', 'ship', '--principal', '{"user');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/'--principal <json>' .* It is not JSON/) });
  });
});

describe('the record of a run', () => {
  let own: CliFolder;
  let id: string;
  const show = (...args: readonly string[]): Promise<CliResult> => own.run('--app', APP, 'runs', 'show', id, ...args);
  beforeAll(async () => {
    own = new CliFolder();
    const run = own.run('--app', APP, 'run', 'ship', '--customer', 'ada', '--password', 'hunter2', '--stripe', 'env:STRIPE', '--json');
    id = JSON.parse((await run).stdout).runId;
    await own.run('--app', APP, 'runs', 'override', id, SHOP_GATE, '--reason', 'counted by hand', '--by', 'grace');
  });
  afterAll(() => own[Symbol.dispose]());

  it('has phases, activities, gates and steps over time as text, and why a step failed', async () => {
    const { stdout } = await show();
    expect(stdout).toMatch(/^run +\S+\ncommand +ship, version 1\nstate +completed\n/);
    expect(stdout).toMatch(/params +\{"customer":"ada","password":"\[redacted\]","stripe":"env:STRIPE"\}/);
    expect(stdout).toMatch(/\n {2}activity packing +─+ +\d+ ms +done\n(?: {2}pack .*\n)? {2}gate paid +█+ +passed\n/);
    expect(stdout).toMatch(/print <b>label<\/b> \| `x` +█+ +\d+ ms +failed\n +SYSTEM_REFUSED: no paper\n/);
  });

  it('is JSON of a documented shape, Markdown and HTML, on standard output or in a file', async () => {
    const document = JSON.parse((await show('--format', 'json')).stdout) as RunRecordDocument;
    expect(document).toMatchObject({ format: 1, runId: id, state: 'completed', params: { password: '[redacted]', stripe: 'env:STRIPE' } });
    const markdown = (await show('--format', 'markdown')).stdout;
    expect(markdown).toMatch(/^# ship: completed\n/);
    expect(markdown).toContain('print &lt;b&gt;label&lt;/b&gt; \\| \\`x\\`');
    expect(await show('--format', 'html', '--out', 'ship.html')).toMatchObject({ code: 0, stdout: 'ship.html\n' });
    const html = readFileSync(join(own.path, 'ship.html'), 'utf8');
    expect(html).toMatch(/^<!doctype html>/);
    for (const text of [JSON.stringify(document), markdown, html]) expect(text).not.toContain('hunter2');
    const raw = JSON.parse((await show('--json')).stdout);
    expect(raw.records.at(-1).hash).toBe(document.integrity.lastHash);
  });

  it('replaces no file, unless it is told to', async () => {
    const file = join(own.path, 'ship.md');
    writeFileSync(file, 'mine');
    const write = (...args: readonly string[]) => show('--format', 'markdown', '--out', ...args);
    expect(await write('ship.md')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('ship.md exists already') });
    expect(readFileSync(file, 'utf8')).toBe('mine');
    expect(await write('ship.md', '--force')).toMatchObject({ code: 0, stdout: 'ship.md\n' });
    expect(readFileSync(file, 'utf8')).toContain('# ship');
    expect(await write('no/such/ship.md')).toMatchObject({ code: 2, stderr: expect.stringMatching(/ship\.md cannot be written: ENOENT/) });
  });

  it('has one form at a time', async () => {
    expect(await show('--json', '--format', 'html')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--json and --format exclude each other'),
    });
    expect(await show('--format', 'pdf')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Allowed choices are text, json, markdown, html'),
    });
  });

  describeInBrowser()('in a browser', () => {
    it('is a page that asks for nothing, is not wider than a narrow screen, and is dark where the reader likes it so', async () => {
      await show('--format', 'html', '--out', 'page.html');
      await using browser = await launchBrowser();
      const page = await browser.newPage({ viewport: { width: 360, height: 800 }, colorScheme: 'dark' });
      const noise = noiseOf(page);
      await page.goto(pathToFileURL(join(own.path, 'page.html')).href, { waitUntil: 'load' });
      expect(await page.title()).toMatch(/^ship: run /);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(22, 22, 24)');
      expect(await page.locator('tbody th', { hasText: 'print <b>label</b> | `x`' }).count()).toBe(1);
      expect(noise).toEqual([]);
    });
  });

  function noiseOf(page: Page): string[] {
    const noise: string[] = [];
    page.on('console', (message) => noise.push(message.text()));
    page.on('pageerror', (error) => noise.push(error.message));
    page.on('request', (request) => request.url().startsWith('file:') || noise.push(request.url()));
    return noise;
  }
});

it('a second Ctrl-C takes a program along that does not heed the first', async () => {
  const up = new Promise<void>((resolve) => {
    const watcher = watch(folder.path, (_event, name) => {
      if (name !== 'up') return;
      watcher.close();
      resolve();
    });
  });
  const run = folder.start(['--app', APP, 'run', 'sit']);
  await up;
  run.kill('SIGINT');
  await run.says('Cancelling');
  expect(folder.leftProcesses()).toHaveLength(2);
  run.kill('SIGINT');
  expect((await run.result()).code).toBe(130);
  expect(folder.leftProcesses()).toEqual([]);
});

/** docs/plans.md as its reader meets it: the module compiles, and `sixfold plan` prints what the page says, without a socket or a file. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeInBrowser, launchBrowser } from '../support/chromium.js';
import { CliFolder, type CliResult } from '../support/cli.js';
import { UserProject } from '../support/userProject.js';

jest.setTimeout(120_000);
delete process.env.SIXFOLD_APP;

const ROOT = join(__dirname, '..', '..');
const PAGE = readFileSync(join(ROOT, 'docs', 'plans.md'), 'utf8');
const MODULE = blocksOf('ts').join('\n');
/** The edits that the page tells of before it compares. */
const EDITS = [
  ['class Amount {', 'class Amount {\n  @IsString() currency!: string;'],
  ['timeoutMs: 10_000', 'timeoutMs: 20_000'],
  ["version: '1.4.0'", "version: '2.0.0'"],
  [
    'class Mailer extends System {',
    'class Mailer extends System {\n  @operation({ effect: "read" })\n  async resend(_call: Call): Promise<void> {}\n',
  ],
  ['charge({ order: orderId, cents })', 'charge({ order: orderId, cents, currency: "CHF" })'],
] as const;

const project = new UserProject();
const APP = join(project.path, 'dist', 'app.js');
let folder: CliFolder;

beforeAll(async () => {
  project.write('src/app.ts', MODULE);
  project.write(
    'src/edited.ts',
    EDITS.reduce((text, [before, after]) => text.replace(before, after), MODULE),
  );
  await project.compile();
  folder = new CliFolder();
});
afterAll(() => {
  project[Symbol.dispose]();
  folder?.[Symbol.dispose]();
});

function blocksOf(language: string): string[] {
  return [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);
}

const plan = (...args: readonly string[]): Promise<CliResult> => folder.run('--app', APP, 'plan', ...args);
const GRAPH = ['place-order-graph', '42', '--sku', 'bolt'] as const;

describe('docs/plans.md', () => {
  it('prints what its blocks say', async () => {
    const blocks = blocksOf('console');
    expect(blocks.length).toBeGreaterThanOrEqual(5);
    for (const block of blocks) {
      const [, line = '', said = ''] = /^\$ sixfold (.*)\n([\s\S]*)$/.exec(block) ?? [];
      const app = line.includes('--against') ? join(project.path, 'dist', 'edited.js') : APP;
      const { stdout, stderr } = await folder.run(...line.split(' ').map((word) => (word === 'dist/app.js' ? app : word)));
      expect({ line, stdout, stderr }).toEqual({ line, stdout: said, stderr: '' });
    }
  });
});

describe('sixfold plan', () => {
  it('shows a plan that cannot be carried out, with every reason, and exits with 0', async () => {
    const other = join(project.path, 'dist', 'circular.js');
    const text = readFileSync(APP, 'utf8')
      .replace("payments: ['inventory']", "payments: ['inventory'], inventory: ['mailer']")
      .replace("payments: '^2.0.0'", "payments: '^3.0.0'");
    writeFileSync(other, text);
    const { code, stdout, stderr } = await folder.run('--app', other, 'plan', 'place-order', '42', '--sku', 'bolt');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /error: order-cycle\n {3}- systems wait for one another: inventory after mailer after payments after\s+inventory/,
    );
    expect(stdout).toMatch(/error: version-out-of-range\n {3}- payments: version 2\.0\.1 is not in \^3\.0\.0/);
    const run = await folder.run('--app', other, 'run', 'place-order', '42', '--sku', 'bolt');
    expect(run).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('place-order cannot be carried out: systems wait for one another'),
    });
  });

  it('writes to a file that is named, and replaces one only when it is told to', async () => {
    const written = await plan(...GRAPH, '--format', 'mermaid', '--out', 'graph.mmd');
    expect(written).toEqual({ code: 0, stdout: 'graph.mmd\n', stderr: '' });
    const before = readFileSync(join(folder.path, 'graph.mmd'), 'utf8');
    expect(before).toMatch(/^flowchart TB\n/);
    const again = await plan(...GRAPH, '--out', 'graph.mmd');
    expect(again).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('graph.mmd exists already') });
    expect(readFileSync(join(folder.path, 'graph.mmd'), 'utf8')).toBe(before);
    expect(await plan(...GRAPH, '--out', 'graph.mmd', '--force')).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder.path, 'graph.mmd'), 'utf8')).toMatch(/^place-order-graph, /);
  });

  it('prints with --json what it prints with --format json', async () => {
    const [short, long] = await Promise.all([plan(...GRAPH, '--json'), plan(...GRAPH, '--format', 'json')]);
    expect(JSON.parse(short.stdout)).toMatchObject({ command: 'place-order-graph', pivot: 'payments.charge', interactions: { length: 4 } });
    expect(long).toEqual(short);
  });

  it('exits with 1 for what breaks an earlier plan, with 0 for what does not, and says so as JSON as well', async () => {
    const edited = (...args: readonly string[]): Promise<CliResult> =>
      folder.run('--app', join(project.path, 'dist', 'edited.js'), 'plan', 'place-order', '42', '--sku', 'bolt', ...args);
    await plan('place-order', '42', '--sku', 'bolt', '--json', '--out', 'old.json');
    await edited('--json', '--out', 'new.json');
    const broken = await edited('--against', 'old.json', '--json');
    expect(broken.code).toBe(1);
    const added = { subject: 'payments.charge', what: 'input currency', after: 'required text', breaking: true };
    expect(JSON.parse(broken.stdout)).toEqual(
      expect.arrayContaining([added, expect.objectContaining({ what: 'operation', after: 'read', breaking: false })]),
    );
    expect(await edited('--against', 'new.json')).toEqual({ code: 0, stdout: 'Nothing changed since new.json.\n', stderr: '' });
  });

  it.each([
    ['a file that is not there', ['--against', 'nowhere.json'], /^sixfold: nowhere\.json cannot be read: /],
    [
      'a file that is no plan',
      ['--against', 'notes.json'],
      /^sixfold: notes\.json is no plan\. Give a file that `sixfold plan --format json` wrote\.$/m,
    ],
    ['a drawing of what changed', ['--against', 'notes.json', '--format', 'svg'], /--against and --format svg exclude each other/],
    ['two forms at once', ['--json', '--format', 'tree'], /--json and --format tree exclude each other/],
    ['a form that is none', ['--format', 'png'], /Allowed choices are tree, mermaid, svg, json/],
  ])('refuses %s as bad usage', async (_what, args, message) => {
    writeFileSync(join(folder.path, 'notes.json'), '{ "runs": [] }');
    const { code, stdout, stderr } = await plan(...GRAPH, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('the system calls of a plan', () => {
  const hasStrace = spawnSync('strace', ['-V']).status === 0;
  const required = process.env.SIXFOLD_REQUIRE_SERVICES === '1';
  if (!hasStrace && !required) console.log('strace is not installed: what a plan opens is not looked at.');
  const traced = hasStrace || required ? it : it.skip; // console.log above says why.

  /** Sockets that were made and files that were opened for writing, or changed in their folder, but for those of the terminal. */
  function opened(...args: readonly string[]): { readonly sockets: readonly string[]; readonly files: readonly string[] } {
    const out = join(folder.path, 'calls.strace');
    const calls =
      'trace=socket,connect,bind,open,openat,openat2,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,truncate,ftruncate,link,linkat,symlink,symlinkat';
    const command = ['-f', '-o', out, '-e', calls, process.execPath, join(ROOT, 'bin', 'sixfold.js'), '--app', ...args];
    const { status } = spawnSync('strace', command, {
      cwd: folder.path,
      env: { ...process.env, NODE_DISABLE_COMPILE_CACHE: '1', NO_COLOR: '1' },
    });
    expect(status).toBe(0);
    const lines = readFileSync(out, 'utf8').split('\n');
    const made = lines.filter((line) => / = [0-9]+/.test(line));
    return {
      sockets: made.filter((line) => /\b(socket|connect|bind)\(/.test(line)),
      files: made.filter(
        (line) =>
          !/\b(socket|connect|bind)\(/.test(line) &&
          (!/\bopen/.test(line) || /O_WRONLY|O_RDWR|O_CREAT/.test(line)) &&
          !line.includes('"/dev/'),
      ),
    };
  }

  traced.each(['tree', 'mermaid', 'svg', 'json'])('open no socket and no file to write, as %s', (format) => {
    const { sockets, files } = opened(APP, 'plan', ...GRAPH, '--format', format);
    console.log(`plan --format ${format}: ${sockets.length} sockets, ${files.length} files written`);
    expect({ sockets, files }).toEqual({ sockets: [], files: [] });
  });

  traced('would show the file and the socket of a scope that opens them', () => {
    const guilty = join(project.path, 'dist', 'guilty.js');
    const deed =
      "defineOrchestrationScope() { require('node:fs').writeFileSync('deed', ''); require('node:dgram').createSocket('udp4').bind(0, '127.0.0.1').unref();";
    const head = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);\n";
    writeFileSync(guilty, head + readFileSync(APP, 'utf8').replace('defineOrchestrationScope() {', deed));
    const { sockets, files } = opened(guilty, 'plan', 'place-order', '42', '--sku', 'bolt');
    expect(sockets).toEqual([expect.stringContaining('socket(AF_INET'), expect.stringContaining('bind(')]);
    expect(files).toEqual([expect.stringContaining('deed')]);
  });

  traced('would show the journal of a run', () => {
    expect(opened(APP, 'run', 'place-order', '42', '--sku', 'bolt').files.length).toBeGreaterThan(0);
  });
});

describeInBrowser()('a plan as a picture', () => {
  it('is well-formed, asks for nothing from anywhere, and every text stands in its box', async () => {
    const { stdout } = await plan(...GRAPH, '--format', 'svg');
    expect(stdout.match(/https?:\/\/[^"]*/g)).toEqual(['http://www.w3.org/2000/svg']);
    expect(stdout).not.toMatch(/var\(--|<script|@import/);
    writeFileSync(join(folder.path, 'plan.svg'), stdout);
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`file://${join(folder.path, 'plan.svg')}`);
    expect(asked).toEqual([expect.stringContaining('plan.svg')]);
    const boxes = await page.evaluate(BOXES);
    expect(boxes.map(({ text }) => text)).toEqual([
      'goodsinventory.reserve',
      'wrappinginventory.reserve',
      'paymentpayments.charge',
      'receiptmailer.send',
    ]);
    expect(boxes.filter(({ room }) => room < 0)).toEqual([]);
    expect(boxes.filter(({ strokeWidth }) => strokeWidth === '3px').map(({ text }) => text)).toEqual(['paymentpayments.charge']);
  });
});

/** Runs in the page: of each box its text, how much room is left beside it, and its frame. */
const BOXES = `[...document.querySelectorAll('g.node')].map((node) => {
  const [box, text] = ['rect', 'text'].map((name) => node.querySelector(name));
  return { text: text.textContent, room: box.getBBox().width - text.getBBox().width, strokeWidth: box.getAttribute('stroke-width') };
})` as unknown as () => readonly { readonly text: string; readonly room: number; readonly strokeWidth: string }[];

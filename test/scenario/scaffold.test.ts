/** `sixfold new`: what it writes compiles under strict settings, passes its tests, and runs. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CliFolder, type CliResult } from '../support/cli.js';
import { UserProject } from '../support/userProject.js';

jest.setTimeout(60_000);
delete process.env.SIXFOLD_APP;

const PLAIN = 'src/commands/tidy-inbox';
const SAGA = 'src/commands/ship-order';

/** What a user adds by hand, as the next steps say. */
const APP = `import { Container } from 'inversify';
import { embeddedEngine, sixfoldModule } from 'sixfold';
import { ShipOrder } from './commands/ship-order/ShipOrder.js';
import { Inventory, Payments } from './commands/ship-order/Systems.js';
import { TidyInbox } from './commands/tidy-inbox/TidyInbox.js';

const container = new Container();
container.bind(Inventory).toSelf().inSingletonScope();
container.bind(Payments).toSelf().inSingletonScope();
container.load(sixfoldModule({ engine: embeddedEngine({ file: 'shop.db' }), commands: [TidyInbox, ShipOrder] }));
export default container;
`;

const filesIn = (project: CliFolder): string[] =>
  readdirSync(join(project.path, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .toSorted();

describe('a project that gets a plain command and a saga', () => {
  const project = new UserProject({ sixfold: { app: './dist/app.js' } });
  let plain: CliResult;
  let saga: CliResult;
  beforeAll(async () => {
    plain = await project.run('new', 'command', 'tidy-inbox');
    saga = await project.run('new', 'command', 'ship-order', '--saga');
    project.write('src/app.ts', APP);
    await project.compile();
  });
  afterAll(() => project[Symbol.dispose]());

  const tests = (command: string): Promise<CliResult> => project.node('--test', `dist/commands/${command}/*.test.js`);

  /** Changes a file for as long as the body takes. */
  async function changed(file: string, from: string, to: string, body: () => Promise<void>): Promise<void> {
    const text = project.read(file);
    expect(text).toContain(from);
    project.write(file, text.replace(from, to));
    try {
      await project.compile();
      await body();
    } finally {
      project.write(file, text);
      await project.compile();
    }
  }

  it('says what it wrote and what comes next', () => {
    expect(plain).toMatchObject({ code: 0, stderr: '' });
    expect(plain.stdout).toMatch(
      /^Wrote\n {2}src\/commands\/tidy-inbox\/TidyInbox\.ts\n(.*\n)+Next\n {2}1\. Add TidyInbox of .* to `commands`/,
    );
    expect(saga.stdout).toMatch(/ {2}src\/commands\/ship-order\/Systems\.ts\n(.*\n)+.*container\.bind\(Inventory\)/);
    expect(saga.stdout).toContain('sixfold --app FILE run ship-order --help');
    expect(filesIn(project)).toEqual([
      'app.ts',
      'commands/ship-order/ShipOrder.test.ts',
      'commands/ship-order/ShipOrder.ts',
      'commands/ship-order/ShipOrderParams.ts',
      'commands/ship-order/Systems.ts',
      'commands/tidy-inbox/TidyInbox.test.ts',
      'commands/tidy-inbox/TidyInbox.ts',
      'commands/tidy-inbox/TidyInboxParams.ts',
    ]);
  });

  it('has tests that pass as they were written', async () => {
    expect(await tests('tidy-inbox')).toMatchObject({ code: 0, stdout: expect.stringMatching(/\bpass 3\b/) });
    expect(await tests('ship-order')).toMatchObject({ code: 0, stdout: expect.stringMatching(/\bpass 3\b/) });
  });

  it('has tests that fail when the plain command does not do its work', () =>
    changed(
      `${PLAIN}/TidyInbox.ts`,
      'writeFile(params.file, text, { signal })',
      'writeFile(params.file, text.trim(), { signal })',
      async () => {
        const { code, stdout } = await tests('tidy-inbox');
        expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringMatching(/✖ tidy-inbox writes as many lines/) });
      },
    ));

  it('has tests that fail when the saga keeps the reservation', () =>
    changed(`${SAGA}/Systems.ts`, ", undo: 'release'", '', async () => {
      const { code, stdout } = await tests('ship-order');
      expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringMatching(/✖ ship-order releases the reservation/) });
    }));

  it('has commands that run from the shell', async () => {
    const written = await project.run('run', 'tidy-inbox', 'out.txt', '-t', 'seen', '--lines', '2');
    expect(written).toMatchObject({ code: 0, stdout: expect.stringContaining('"lines": 2') });
    expect(project.read('out.txt')).toBe('seen\nseen\n');
    const order = ['ship-order', '42', '--sku', 'bolt', '--cents', '100001'];
    const refused = await project.run('run', ...order);
    expect(refused).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('ended compensated: The charge of 100001 cents for 42 was refused.'),
    });
    const { stdout } = await project.run('plan', ...order);
    expect(stdout).toMatch(
      /1\. alone\n +inventory .*reserve \(idempotent, undone by release\), release .*\n2\. alone\n +payments .*charge \(once, .*probed by find\)/,
    );
  });

  it('is left as it is by a second attempt, which names the files that are in the way', async () => {
    project.write(`${PLAIN}/TidyInbox.ts`, `${project.read(`${PLAIN}/TidyInbox.ts`)}// mine\n`);
    project.write('src/commands/half-done/HalfDoneParams.ts', '// mine\n');
    const before = filesIn(project).map((path) => [path, project.read(join('src', path))]);
    const again = await project.run('new', 'command', 'tidy-inbox', '--saga');
    expect(again).toMatchObject({ code: 2, stdout: '' });
    expect(again.stderr).toMatch(
      /tidy-inbox\/TidyInbox\.ts, .*TidyInboxParams\.ts, .*TidyInbox\.test\.ts exist already, so nothing was written/,
    );
    const half = await project.run('new', 'command', 'half-done');
    expect(half).toMatchObject({ code: 2, stderr: expect.stringMatching(/^sixfold: \S+HalfDoneParams\.ts exists already/) });
    expect(filesIn(project).map((path) => [path, project.read(join('src', path))])).toEqual(before);
  });
});

describe('the test that is written is one for the test runner of the project', () => {
  it('jest, which runs it', async () => {
    using project = new UserProject({
      devDependencies: { jest: '^30.0.0', vitest: '^4.0.0' },
      jest: { transform: {}, testMatch: ['<rootDir>/dist/**/*.test.js'] },
    });
    await project.run('new', 'command', 'ship-order', '--saga');
    await project.run('new', 'command', 'tidy-inbox');
    expect(project.read(`${PLAIN}/TidyInbox.test.ts`)).toContain("import { test } from '@jest/globals';");
    await project.compile();
    const { code, stderr } = await project.node('--experimental-vm-modules', 'node_modules/jest/bin/jest.js');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('6 passed, 6 total') });
  });

  it('vitest where it is named, by the package.json that is nearest to the folder', async () => {
    using project = new UserProject();
    project.write('packages/mail/package.json', '{ "devDependencies": { "vitest": "^4.0.0" } }');
    await project.run('new', 'command', 'tidy-inbox', '--folder', 'packages/mail/src');
    expect(project.read('packages/mail/src/tidy-inbox/TidyInbox.test.ts')).toContain("import { test } from 'vitest';");
    await project.run('new', 'command', 'tidy-inbox');
    expect(project.read(`${PLAIN}/TidyInbox.test.ts`)).toContain("import { test } from 'node:test';");
  });
});

describe('what cannot be written is refused, and nothing is', () => {
  let folder: CliFolder;
  beforeEach(() => {
    folder = new CliFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  it.each([
    ['capitals', ['TidyInbox'], /"TidyInbox" cannot be a command's name: it is lower case words joined by hyphens, such as "ship-order"/],
    ['an underscore', ['tidy_inbox'], /"tidy_inbox" cannot/],
    ['a path', ['../tidy'], /"\.\.\/tidy" cannot/],
    ['a digit first', ['2-tidy'], /"2-tidy" cannot/],
    ['a hyphen last', ['tidy-'], /"tidy-" cannot/],
    ['no text', [''], /"" cannot/],
    ['the name of a global class', ['map'], /The class of "map" would be Map, and there is one of that name already/],
    ['the name of a class that it uses', ['plain-command'], /would be PlainCommand/],
    ['no name', [], /missing required argument 'name'/],
  ])('%s', async (_what, args, message) => {
    const { code, stdout, stderr } = await folder.run('new', 'command', ...args);
    expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(existsSync(join(folder.path, 'src'))).toBe(false);
  });

  it('a folder that is a file', async () => {
    await folder.run('new', 'command', 'tidy-inbox', '--folder', '.');
    const { code, stderr } = await folder.run('new', 'command', 'ship-order', '--folder', 'tidy-inbox/TidyInbox.ts');
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/ship-order cannot be written: ENOTDIR.* Choose another --folder/),
    });
  });

  it('and the help says all of it', async () => {
    for (const args of [['new'], ['new', 'command']]) {
      const { code, stdout } = await folder.run(...args, '--help');
      expect({ code, stdout }).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/ship-order --saga .*\n(.*\n)+.*never overwritten/),
      });
    }
  });
});

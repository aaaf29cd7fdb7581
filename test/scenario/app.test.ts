/** `sixfold --app`: the commands of a user's own application, from the shell. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CliFolder, type CliResult, type CliRun } from '../support/cli.js';
import { UserProject } from '../support/userProject.js';

jest.setTimeout(60_000);
delete process.env.SIXFOLD_APP;

const project = new UserProject({ sixfold: { app: './dist/app.js' } });
const APP = join(project.path, 'dist', 'app.js');
let folder: CliFolder;
beforeAll(async () => {
  cpSync(join(__dirname, '..', '..', 'examples', 'archive-logs'), join(project.path, 'src'), { recursive: true });
  await project.compile();
});
beforeEach(() => {
  folder = new CliFolder();
});
afterEach(() => folder[Symbol.dispose]());
afterAll(() => project[Symbol.dispose]());

const app = (...args: readonly string[]): Promise<CliResult> => folder.run('--app', APP, ...args);

/** The text of a log: different in each, and not too easy to compress. */
function textOf(name: string, lines: number): string {
  return Array.from({ length: lines }, (_, n) => `${name} ${n} ${Math.imul(n + name.length, 2_654_435_761) >>> 0}\n`).join('');
}

function writeLogs(names: readonly string[], { lines = 10, ageDays = 30 } = {}): void {
  mkdirSync(join(folder.path, 'logs'), { recursive: true });
  const changed = Date.now() / 1000 - ageDays * 24 * 60 * 60;
  for (const name of names) {
    const path = join(folder.path, 'logs', name);
    writeFileSync(path, textOf(name, lines));
    utimesSync(path, changed, changed);
  }
}

const logs = (): string[] => readdirSync(join(folder.path, 'logs')).toSorted();
const unpacked = (name: string): string => gunzipSync(readFileSync(join(folder.path, 'logs', `${name}.gz`))).toString();

describe('the commands of an application', () => {
  it('have a help with the flags of their params class', async () => {
    const { code, stdout } = await app('run', 'archive-logs', '--help');
    expect(code).toBe(0);
    for (const part of [
      'Usage: sixfold run archive-logs [options] <folder>',
      'folder with the logs',
      '--older-than <days>',
      '(default: 7)',
      '-l, --level <level>',
      '(choices: "fast", "balanced",',
      '--endings <ending,…>',
      '--dry-run',
      'Examples:\n  sixfold run archive-logs /var/log/shop --older-than 30',
    ]) {
      expect(stdout).toContain(part);
    }
    expect(stdout).not.toContain('--db');
    expect((await app('run', '--help')).stdout).not.toContain('multi-analysis');
  });

  it('run with their flags, show their result their way, and keep their journal', async () => {
    writeLogs(['a.log', 'b.log', 'c.txt']);
    writeLogs(['new.log'], { ageDays: 1 });
    writeLogs(['again.log', 'again.log.gz']);
    const { code, stdout, stderr } = await app('run', 'archive-logs', 'logs', '--older-than', '2', '-l', 'best');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringMatching(/✔ gzip a\.log +\d/) });
    expect(stdout).toMatch(/^a\.log\.gz {2}\d+ → \d+ bytes\nb\.log\.gz .*\nRun \S+ took/);
    expect(logs()).toEqual(['a.log.gz', 'again.log', 'again.log.gz', 'b.log.gz', 'c.txt', 'new.log']);
    expect(unpacked('a.log')).toBe(textOf('a.log', 10));
    expect(Date.now() - statSync(join(folder.path, 'logs', 'a.log.gz')).mtimeMs).toBeGreaterThan(29 * 24 * 60 * 60 * 1000);
    expect((await app('runs', 'list')).stdout).toMatch(/archive-logs +completed/);
    expect(readdirSync(join(folder.path, '.sixfold'))).toContain('archive-logs.db');
    expect(readdirSync(join(folder.path, '.sixfold'))).not.toContain('journal.db');
  });

  it('print the outcome as JSON for programs', async () => {
    writeLogs(['a.log']);
    const { stdout } = await app('run', 'archive-logs', 'logs', '--dry-run', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ status: 'completed', result: { archived: [], left: [{ name: 'a.log' }] } });
    expect(logs()).toEqual(['a.log']);
  });

  it.each([
    [
      'a value of another type',
      ['logs', '--older-than', 'week'],
      /'--older-than <days>' argument 'week' is invalid\. It is not a number\./,
    ],
    ['a value out of range', ['logs', '--older-than', '-1'], /^sixfold: --older-than: must not be less than 0$/m],
    ['a choice that is none', ['logs', '-l', 'most'], /'most' is invalid\. Allowed choices are fast, balanced, best\./],
    ['an empty argument', [''], /^sixfold: <folder>: should not be empty$/m],
    ['a missing argument', [], /missing required argument 'folder'/],
    ['a flag with a slip', ['logs', '--levl', 'best'], /unknown option '--levl'\n\(Did you mean --level\?\)/],
    ['a journal of the user', ['logs', '--db', 'x.db'], /--db <file>.*The application brings its own journal: leave --db out/],
  ])('refuse %s', async (_what, args, message) => {
    const { code, stderr } = await app('run', 'archive-logs', ...args);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('have a plan only where they coordinate systems, and the refusal makes no journal', async () => {
    const { code, stderr } = await app('plan', 'archive-logs', 'logs');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('coordinates no systems') });
    expect(existsSync(join(folder.path, '.sixfold', 'archive-logs.db'))).toBe(false);
  });
});

describe('a run of an application that is stopped in the middle', () => {
  const names = Array.from({ length: 8 }, (_, n) => `day-${String(n).padStart(2, '0')}.log`);
  const start = (): CliRun => folder.start(['--app', APP, 'run', 'archive-logs', 'logs', '--level', 'best']);
  const onlyRun = async () => JSON.parse((await app('runs', 'list', '--json')).stdout)[0];

  it('kill -9: resume compresses what is left, from another folder, and no log is lost', async () => {
    writeLogs(names, { lines: 30_000 });
    const run = start();
    await run.says('✔ gzip day-02.log');
    run.kill('SIGKILL');
    await run.result();
    expect(logs().filter((name) => name.endsWith('.log')).length).toBeGreaterThan(0);
    const { id, state } = await onlyRun();
    expect(state).toBe('interrupted');
    const resume = ['--app', APP, 'runs', 'resume', id];
    process.env.ARCHIVE_LOGS_JOURNAL = join(folder.path, '.sixfold', 'archive-logs.db');
    const resumed = folder.start(resume, { cwd: folder.temporary });
    delete process.env.ARCHIVE_LOGS_JOURNAL;
    const { code, stdout, stderr } = await resumed.result();
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('done before the interruption') });
    expect(stdout.match(/\.log\.gz/g)).toHaveLength(names.length);
    expect(logs()).toEqual(names.map((name) => `${name}.gz`));
    expect(names.filter((name) => unpacked(name) !== textOf(name, 30_000))).toEqual([]);
    expect((await app('runs', 'show', id)).stdout).toMatch(/state +completed/);
  });

  it('Ctrl-C: the run is recorded as cancelled, and the exit code is 130', async () => {
    writeLogs(names, { lines: 30_000 });
    const run = start();
    await run.says('✔ gzip day-00.log');
    run.kill('SIGINT');
    const { code, stderr } = await run.result();
    expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringContaining('ended cancelled') });
    expect(await onlyRun()).toMatchObject({ state: 'cancelled' });
  });
});

describe('the application is the one', () => {
  beforeAll(() => {
    project.write('dist/none.js', container('commands: []'));
  });
  const listed = async (...args: readonly string[]) =>
    (await folder.start([...args, 'run', '--help'], { cwd: project.path }).result()).stdout;

  it('of the nearest package.json, unless $SIXFOLD_APP says another, unless --app says another', async () => {
    project.write('lib/deep/note.txt', '');
    expect(await listed()).toContain('archive-logs');
    const deep = folder.start(['run', '--help'], { cwd: join(project.path, 'lib', 'deep') });
    expect((await deep.result()).stdout).toContain('archive-logs');
    process.env.SIXFOLD_APP = 'dist/none.js';
    try {
      expect(await listed()).not.toContain('archive-logs');
      expect(await listed('--app', 'dist/app.js')).toContain('archive-logs');
      expect(await listed(`--app=${APP}`)).toContain('archive-logs');
      expect(await listed('--no-app')).toContain('multi-analysis');
    } finally {
      delete process.env.SIXFOLD_APP;
    }
  });

  it('that is named before the command, and says so when it stands behind', async () => {
    const { code, stderr } = await folder.run('run', '--app', APP, 'archive-logs', 'logs');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('(--app and --no-app stand before the command)') });
  });

  it('that imports the package sixfold beside it, whichever command line was started', async () => {
    cpSync(join(__dirname, '..', '..', 'bin'), join(folder.path, 'global', 'bin'), { recursive: true });
    writeFileSync(join(folder.path, 'global', 'package.json'), '{ "type": "module" }');
    const { code, stdout } = await project.node(join(folder.path, 'global', 'bin', 'sixfold.js'), '--app', APP, 'run', '--help');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('archive-logs') });
  });

  it('of a package.json that can be read, and says which cannot', async () => {
    const manifest = join(folder.path, 'package.json');
    writeFileSync(manifest, '{ "sixfold": { "app": 7 } }');
    expect(await folder.run('runs', 'list')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`in ${manifest} is 7. Give the path`),
    });
    writeFileSync(manifest, '{ "sixfold": ');
    expect(await folder.run('runs', 'list')).toMatchObject({ code: 2, stderr: expect.stringContaining(`${manifest} is not JSON`) });
    writeFileSync(manifest, '{ "name": ');
    expect((await folder.run('run', '--help')).stdout).toContain('multi-analysis');
  });
});

/** An application in plain JavaScript. */
function container(options: string, more = ''): string {
  return `import { Container } from 'inversify';
    import { embeddedEngine, sixfoldModule } from 'sixfold';
    export default async () => {
      const container = new Container();
      container.load(sixfoldModule({ engine: embeddedEngine({ file: ':memory:' }), ${options} }));
      ${more}
      return container;
    };`;
}

it('an application without commands says what to do about it', async () => {
  project.write('none.js', container('commands: []'));
  const { code, stderr } = await folder.run('--app', join(project.path, 'none.js'), 'run', 'archive-logs');
  expect({ code, stderr }).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('has no commands. Add them to `commands` of sixfoldModule'),
  });
});

describe('an application that cannot be used is refused in one line that names it', () => {
  it.each([
    ['a file that is not there', 'nowhere.js', undefined, /nowhere\.js, named by --app, does not exist\. Build the application/],
    ['a folder', 'dist', undefined, /dist, named by --app, is not a file\. Name the module/],
    ['TypeScript', 'src/app.ts', undefined, /app\.ts, named by --app, is TypeScript, .* Compile it and name the JavaScript file/],
    ['one that throws', 'throws.js', "throw new Error('no database\\nat all');", /throws\.js, .*cannot be loaded: no database \(--verbose/],
    ['one that imports what is missing', 'lost.js', "import './gone.js';", /lost\.js, .*cannot be loaded: Cannot find module .*gone\.js/],
    ['one without default', 'bare.js', 'export const container = 1;', /bare\.js, .*exports no default.* Export an Inversify container/],
    ['one with another default', 'other.js', 'export default { get: 1 };', /other\.js, .*exports something else than a container/],
    [
      'a container without the module',
      'empty.js',
      "import { Container } from 'inversify'; export default new Container();",
      /empty\.js, .*The container does not have sixfoldModule\. Call container\.load/,
    ],
    ['a class that is no command', 'class.js', container('commands: [class Plain {}]'), /class\.js, .*Plain has no @command of its own/],
  ])('%s', async (_what, file, text, message) => {
    if (text !== undefined) project.write(file, text);
    const { code, stdout, stderr } = await folder.start(['--app', file, 'runs', 'list'], { cwd: project.path }).result();
    expect({ code, stdout, stderr }).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('a folder without the package sixfold', async () => {
    const file = join(folder.path, 'app.js');
    writeFileSync(file, 'export default 1;');
    const { code, stderr } = await folder.run('--app', file, 'runs', 'list');
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringContaining(`no package sixfold is installed for ${file}. In the folder`),
    });
  });

  it('with the stack where --verbose asks for it', async () => {
    project.write('throws.js', "throw new Error('no database');");
    const { stderr } = await folder.run('--app', join(project.path, 'throws.js'), 'runs', 'list', '--verbose');
    expect(stderr).toMatch(/cannot be loaded: no database.*\nError: no database\n\s+at .*throws\.js/);
  });
});

it('what the application opened is closed by its container, so that the command line ends', async () => {
  const timer = `container.bind('timer').toDynamicValue(() => setInterval(() => undefined, 1000)).inSingletonScope();
    container.onDeactivation('timer', (opened) => { clearInterval(opened); console.error('closed'); });
    container.get('timer');`;
  project.write('opens.js', container('commands: []', timer));
  const { code, stderr } = await folder.run('--app', join(project.path, 'opens.js'), 'runs', 'list');
  expect({ code, stderr }).toEqual({ code: 0, stderr: 'closed\n' });
});

/** `sixfold` as a developer uses it: the built program, on real source trees. */
import { chmodSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { AnalysisReport } from '../../src/commands/multi-analysis/index.js';
import { CliFolder } from '../support/cli.js';
import { cleanProject, plantedProject } from '../support/fixtureProjects.js';

jest.setTimeout(60_000);

const planted = plantedProject();
const clean = cleanProject();
let folder: CliFolder;
beforeEach(() => {
  folder = new CliFolder();
});
afterEach(() => folder[Symbol.dispose]());
afterAll(() => {
  planted[Symbol.dispose]();
  clean[Symbol.dispose]();
});

const reportIn = (path: string) => JSON.parse(readFileSync(join(path, 'report.json'), 'utf8')) as AnalysisReport;

describe('sixfold run multi-analysis', () => {
  it('finds every planted problem at its line, ranks the planted hotspot first and writes the three files', async () => {
    const { code, stdout, stderr } = await folder.run('run', 'multi-analysis', '--path', planted.root, '--out', 'report');
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('✔ lint') });
    const report = reportIn(join(folder.path, 'report'));
    const { hotspot, ...places } = planted.planted;
    for (const [analyser, place] of Object.entries(places)) {
      const all = report.findings.flatMap((finding) => [finding, ...finding.evidence]);
      expect(all).toContainEqual(expect.objectContaining({ analyser, path: place.path, startLine: place.line }));
    }
    expect(report.hotspots[0]).toMatchObject({ path: hotspot.path });
    expect(report.recommendations[0]).toMatchObject({ rank: 1, path: hotspot.path });
    expect(report.analysers.every(({ status }) => status === 'done')).toBe(true);
    expect(stdout).toMatch(/Fix first\n\s*1 +error +/);
    for (const name of ['report.html', 'report.sarif', 'report.json']) expect(stdout).toContain(join('report', name));
    expect(folder.leftFiles()).toEqual([]);
  });

  it('has nothing above a note to say of the clean twin', async () => {
    const { code } = await folder.run('run', 'multi-analysis', '--path', clean.root, '--fail-on', 'warning');
    expect(code).toBe(0);
    expect(reportIn(join(folder.path, 'sixfold-report')).counts).toMatchObject({ error: 0, warning: 0 });
  });

  it('exits with 1 when there are findings at or above --fail-on', async () => {
    expect((await folder.run('run', 'multi-analysis', '-p', planted.root, '--only', 'secrets', '--fail-on', 'error')).code).toBe(1);
    expect((await folder.run('run', 'multi-analysis', '-p', planted.root, '--only', 'history', '--fail-on', 'error')).code).toBe(0);
  });

  it('prints the outcome as JSON, and nothing else on standard output', async () => {
    const { stdout } = await folder.run('run', 'multi-analysis', '-p', planted.root, '--only', 'lint,cycles', '--json');
    const outcome = JSON.parse(stdout);
    expect(outcome).toMatchObject({ status: 'completed', degraded: [] });
    expect(outcome.result.summary.analysers.map(({ analyser }: { analyser: string }) => analyser).toSorted()).toEqual(['cycles', 'lint']);
  });

  it('goes on without an analyser that does not apply, and says which and why', async () => {
    const plain = join(folder.path, 'plain');
    mkdirSync(plain);
    writeFileSync(join(plain, 'a.ts'), 'export const answer = 42;\n');
    const { code, stdout } = await folder.run('run', 'multi-analysis', '--path', plain);
    expect(code).toBe(0);
    expect(stdout).toMatch(/dead-code +missing: .*package\.json/);
    expect(stdout).toMatch(/history +missing: .*git/);
  });

  it('fails with the reasons when no chosen analyser can look at the tree', async () => {
    const plain = join(folder.path, 'plain');
    mkdirSync(plain);
    writeFileSync(join(plain, 'notes.txt'), 'nothing here\n');
    const { code, stderr } = await folder.run('run', 'multi-analysis', '--path', plain, '--only', 'lint');
    expect(code).toBe(3);
    expect(stderr).toContain('lint: the folder holds no JavaScript or TypeScript files');
  });
});

describe('a large foreign tree', () => {
  /** Packages with configurations of their own, thousands of files, no history, and no package.json at the root. */
  function monorepo(root: string): void {
    for (const name of ['shop', 'stock', 'mail']) {
      const source = join(root, name, 'src');
      mkdirSync(source, { recursive: true });
      writeFileSync(join(root, name, 'package.json'), JSON.stringify({ name, version: '1.0.0', main: 'src/file0.ts' }));
      writeFileSync(join(root, name, 'tsconfig.json'), '{ "extends": "./missing.json" }');
      writeFileSync(join(root, name, '.oxlintrc.json'), '{ "plugins": ["no-such-plugin"], "rules": { ');
      writeFileSync(join(root, name, 'knip.ts'), 'throw new Error("foreign configuration was run");');
      for (let n = 0; n < 700; n += 1) {
        const imports = n % 50 === 0 ? '' : `import { value${n - 1} } from './file${n - 1}.js';\n`;
        writeFileSync(join(source, `file${n}.ts`), `${imports}export const value${n} = ${n % 50 === 0 ? n : `value${n - 1} + ${n}`};\n`);
      }
    }
  }

  it('ends with a report that says what is missing and why, and never with a stack trace', async () => {
    const root = join(folder.path, 'foreign');
    monorepo(root);
    const { code, stdout, stderr } = await folder.run('run', 'multi-analysis', '--path', root);
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/^\s+at /m) });
    expect(stdout).toMatch(/2,11\d source files/);
    expect(stdout).toMatch(/dead-code +missing: the folder has no package\.json/);
    expect(stdout).toMatch(/cycles +\d+ findings?, dependency-cruiser/);
    expect(stdout).not.toMatch(/^\s+at /m);
  });

  it('survives a reader that has had enough of its output', async () => {
    const run = folder.start(['run', 'multi-analysis', '--path', planted.root, '--only', 'history']);
    run.closeOutput();
    expect(await run.result()).toMatchObject({ code: 0, stderr: expect.not.stringContaining('EPIPE') });
    expect((await folder.run('runs', 'list')).stdout).toContain('completed');
  });
});

describe('bad usage', () => {
  const refused = async (args: readonly string[], message: string | RegExp, code = 2) => {
    const result = await folder.run(...args);
    expect(result.stderr).toMatch(message);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(result.stderr.trim().split('\n').length).toBeLessThanOrEqual(3);
  };

  it.each([
    ['a missing path', ['--path', 'nowhere'], /--path: \S*nowhere does not exist/],
    ['a file for a path', ['--path', 'file.txt'], /--path: \S*file\.txt is a file; give the folder that holds it/],
    ['an empty folder', ['--path', 'empty'], /--path: \S*empty is empty: there is nothing to analyse/],
    ['an empty text', ['--path', ''], /--path: should not be empty/],
    ['an unknown analyser', ['--path', '.', '--only', 'lnt'], /--only: "lnt" is no analyser; did you mean lint\?/],
    ['a file for --out', ['--path', '.', '--out', 'file.txt'], /--out: \S*file\.txt is a file; name a folder/],
    ['an unknown level', ['--path', '.', '--fail-on', 'fatal'], /Allowed choices are error, warning, note/],
    ['an unknown flag', ['--path', '.', '--pth', 'x'], /unknown option '--pth'/],
    ['no path at all', [], /required option '-p, --path <dir>' not specified/],
  ])('%s is refused in a line that names it', async (_what, args, message) => {
    mkdirSync(join(folder.path, 'empty'));
    writeFileSync(join(folder.path, 'file.txt'), 'x');
    await refused(['run', 'multi-analysis', ...args], message);
  });

  it('an unknown command is refused, with the nearest one', () => refused(['run', 'multi-anlysis', '--path', '.'], /multi-analysis/));

  it('a journal that is something else is refused and left alone', async () => {
    writeFileSync(join(folder.path, 'notes.db'), 'not a journal, by any means\n'.repeat(50));
    writeFileSync(join(folder.path, 'a.ts'), 'export const a = 1;\n');
    await refused(['run', 'multi-analysis', '--path', '.', '--db', 'notes.db'], /notes\.db is not a journal/);
    expect(readFileSync(join(folder.path, 'notes.db'), 'utf8')).toMatch(/^not a journal/);
  });

  it('a journal that is damaged is refused, and says what to do', async () => {
    await folder.run('run', 'multi-analysis', '--path', planted.root, '--only', 'history', '--db', 'cut.db');
    truncateSync(join(folder.path, 'cut.db'), 3 * 4096);
    await refused(
      ['run', 'multi-analysis', '--path', planted.root, '--db', 'cut.db'],
      /cut\.db is damaged .*restore a backup or name another file/,
    );
    await refused(['runs', 'list', '--db', 'cut.db'], /cut\.db is damaged/);
  });

  it('a journal that another process uses is refused, naming the process', async () => {
    await using holder = await heldJournal();
    writeFileSync(join(folder.path, 'a.ts'), 'export const a = 1;\n');
    await refused(['run', 'multi-analysis', '--path', '.', '--db', holder.file], /held\.db is (in use by process|locked)/, 3);
  });

  const asNobody = process.getuid?.() === 0 ? it : it.skip;
  if (asNobody === it.skip) console.info('unreadable folders: skipped, since only root can take the place of another user');
  asNobody('a folder that cannot be read or written is refused', async () => {
    const closed = join(folder.path, 'closed');
    mkdirSync(closed);
    writeFileSync(join(closed, 'a.ts'), 'export const a = 1;\n');
    chmodSync(closed, 0o700);
    chmodSync(folder.path, 0o755);
    const probe = await folder
      .start(['--version'], { uid: 65_534 })
      .result()
      .catch(() => undefined);
    if (probe?.code !== 0) {
      console.info('unreadable folders: not tried, since user 65534 cannot read this checkout');
      return;
    }
    const args = (path: string, out: string) => [
      'run',
      'multi-analysis',
      '--path',
      path,
      '--out',
      out,
      '--db',
      join(folder.temporary, 'x.db'),
    ];
    chmodSync(folder.temporary, 0o777);
    const unreadable = await folder.start(args(closed, join(folder.temporary, 'out')), { uid: 65_534 }).result();
    expect(unreadable).toMatchObject({ code: 2, stderr: expect.stringMatching(/--path: \S*closed cannot be read: permission denied/) });
    const unwritable = await folder.start(args(folder.path, join(folder.path, 'out')), { uid: 65_534 }).result();
    expect(unwritable).toMatchObject({ code: 2, stderr: expect.stringMatching(/--out: \S+ cannot be written: permission denied/) });
  });

  async function heldJournal() {
    const file = join(folder.path, 'held.db');
    const database = new DatabaseSync(file);
    database.exec('BEGIN EXCLUSIVE');
    return { file, [Symbol.asyncDispose]: async () => database.close() };
  }
});

describe('help and plan', () => {
  it('has help at every level, with the exit codes and the examples', async () => {
    expect((await folder.run('--help')).stdout).toMatch(/Exit codes: 0 done, 1 findings/);
    const help = (await folder.run('run', 'multi-analysis', '--help')).stdout;
    for (const part of [
      '-p, --path <dir>',
      '-o, --out <dir>',
      '--only <name,…>',
      '--fail-on <level>',
      '(choices: "error", "warning", "note")',
      '--db <file>',
      'Examples:',
    ]) {
      expect(help).toContain(part);
    }
    for (const args of [
      ['run'],
      ['plan'],
      ['runs'],
      ['runs', 'show'],
      ['runs', 'resume'],
      ['runs', 'list'],
      ...['history', 'override', 'notify', 'cancel', 'query', 'fork', 'check', 'prune', 'anchor', 'verify'].map((name) => ['runs', name]),
      ['plan', 'multi-analysis'],
    ]) {
      expect(await folder.run(...args, '--help')).toMatchObject({ code: 0, stderr: '' });
    }
  });

  it('shows what would run and in which order, and executes and writes nothing', async () => {
    const { code, stdout } = await folder.run('plan', 'multi-analysis', '--path', planted.root, '--only', 'lint,cycles');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /1\. alone\n +sourceTree.*\n2\. at the same time\n +lint .*analyse \(read, at most .* by process, optional\n +cycles .*\n3\. alone\n +synthesis.*\n4\. alone\n +report/,
    );
    expect(stdout).not.toContain('secrets');
    expect(existsSync(join(folder.path, '.sixfold'))).toBe(false);
    expect(existsSync(join(folder.path, 'sixfold-report'))).toBe(false);
  });
});

describe('runs that are interrupted', () => {
  interface Shown {
    readonly id: string;
    readonly state: string;
    readonly records: readonly { readonly seq: number; readonly kind: string; readonly label: string; readonly status: string }[];
  }
  const show = async (id: string): Promise<Shown> => JSON.parse((await folder.run('runs', 'show', id, '--json')).stdout);
  const onlyRun = async (): Promise<string> => JSON.parse((await folder.run('runs', 'list', '--json')).stdout)[0].id;
  const started = () => folder.start(['run', 'multi-analysis', '--path', planted.root]);

  it('kill -9 in the middle: resume ends the run, and what was finished is not run again', async () => {
    const run = started();
    await run.says('✔ duplication');
    run.kill('SIGKILL');
    expect((await run.result()).code).toBeNull();
    const id = await onlyRun();
    const before = await show(id);
    expect(before.state).toBe('interrupted');
    const finished = before.records.filter(({ kind }) => kind === 'step-ended').map(({ label }) => label);
    expect(finished).toContain('duplication.analyse');
    expect(finished).not.toContain('report.write');

    const elsewhere = join(folder.path, 'elsewhere');
    mkdirSync(elsewhere);
    const resume = ['runs', 'resume', id.slice(0, 8), '--db', join(folder.path, '.sixfold', 'journal.db')];
    const { code, stdout, stderr } = await folder.start(resume, { cwd: elsewhere }).result();
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('done before the interruption') });
    expect(stdout).toContain('Fix first');
    const after = await show(id);
    expect(after.state).toBe('completed');
    const resumedAt = after.records.find(({ kind }) => kind === 'resumed')?.seq ?? 0;
    const again = after.records.filter(({ seq, kind }) => seq > resumedAt && kind === 'step-ended').map(({ label }) => label);
    expect(again.filter((label) => label !== 'sourceTree.survey' && finished.includes(label))).toEqual([]);
    expect(again).toContain('report.write');
    expect(existsSync(join(folder.path, 'sixfold-report', 'report.html'))).toBe(true);
    expect(folder.leftFiles()).toEqual([]);
  });

  it('Ctrl-C: children gone, temporary files gone, run recorded cancelled, exit code 130', async () => {
    const run = started();
    await run.says('✔ duplication');
    run.kill('SIGINT');
    const { code, stderr } = await run.result();
    expect(code).toBe(130);
    expect(stderr).toMatch(/ended cancelled: The run was cancelled: interrupted by SIGINT\./);
    expect(folder.leftProcesses()).toEqual([]);
    expect(folder.leftFiles()).toEqual([]);
    expect(await show(await onlyRun())).toMatchObject({ state: 'cancelled' });
  });

  it('a second Ctrl-C leaves at once, and takes the children along', async () => {
    const run = started();
    await run.says('✔ duplication');
    run.kill('SIGINT');
    await run.says('Cancelling');
    run.kill('SIGINT');
    expect((await run.result()).code).toBe(130);
    expect(folder.leftProcesses()).toEqual([]);
  });

  it('lists runs for people, and says what to do with an unknown id', async () => {
    expect((await folder.run('runs', 'list')).stderr).toMatch(/There is no journal at \.sixfold\/journal\.db/);
    await folder.run('run', 'multi-analysis', '-p', planted.root, '--only', 'history');
    expect((await folder.run('runs', 'list')).stdout).toMatch(/RUN +COMMAND +STATE.*\n[0-9a-f]{8} +multi-analysis +completed/);
    expect(await folder.run('runs', 'show', 'zzz')).toMatchObject({ code: 2, stderr: expect.stringContaining('There is no run "zzz"') });
    expect((await folder.run('runs', 'show', await onlyRun())).stdout).toMatch(/history\.analyse +█+ +\S+ m?s +succeeded\n/);
    expect((await folder.run('runs', 'history', await onlyRun())).stdout).toMatch(/step-ended +history\.analyse +succeeded/);
  });
});

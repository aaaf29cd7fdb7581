/** Every analyser for real, on projects with planted problems, without any, and with hostile configuration. */
import { existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Analyser } from '../../src/commands/multi-analysis/Analyser.js';
import type { AnalyserReport } from '../../src/commands/multi-analysis/AnalyserReport.js';
import { ChangeHistory } from '../../src/commands/multi-analysis/analysers/ChangeHistory.js';
import { Complexity } from '../../src/commands/multi-analysis/analysers/Complexity.js';
import { DeadCode } from '../../src/commands/multi-analysis/analysers/DeadCode.js';
import { Duplication } from '../../src/commands/multi-analysis/analysers/Duplication.js';
import { ImportCycles } from '../../src/commands/multi-analysis/analysers/ImportCycles.js';
import { Lint } from '../../src/commands/multi-analysis/analysers/Lint.js';
import { Secrets } from '../../src/commands/multi-analysis/analysers/Secrets.js';
import type { AnalyserName } from '../../src/commands/multi-analysis/Finding.js';
import { SourceTree } from '../../src/commands/multi-analysis/SourceTree.js';
import { packageTool, pathTool, type Tool } from '../../src/commands/multi-analysis/Tool.js';
import type { TreeSurvey } from '../../src/commands/multi-analysis/TreeSurvey.js';
import { testCall } from '../support/call.js';
import { bareFolder, brokenConfigProject, cleanProject, type FixtureProject, plantedProject, write } from '../support/fixtureProjects.js';
import { leavingTrace } from '../support/fixtureSources.js';

const ANALYSERS = [Lint, Complexity, Duplication, DeadCode, ImportCycles, Secrets, ChangeHistory];

interface Analysed {
  readonly reports: Readonly<Record<AnalyserName, AnalyserReport>>;
  readonly before: string;
  readonly after: string;
}

async function survey(root: string): Promise<TreeSurvey> {
  await using call = testCall();
  return await new SourceTree().survey({ root }, call);
}

/** Runs all analysers at once, as the command does. */
async function analysed({ root }: FixtureProject): Promise<Analysed> {
  await using call = testCall();
  const tree = await survey(root);
  const before = everythingIn(root);
  const reports = await Promise.all(ANALYSERS.map((type) => new type().analyse(tree, call)));
  const byName = Object.fromEntries(reports.map((report) => [report.analyser, report])) as Record<AnalyserName, AnalyserReport>;
  return { reports: byName, before, after: everythingIn(root) };
}

/** Every file below a folder, git's own included, with its size and time of change. */
function everythingIn(root: string): string {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return paths.map((path) => `${path} ${statSync(join(root, path)).size} ${statSync(join(root, path)).mtimeMs}`).join('\n');
}

const places = (report: AnalyserReport): string[] => report.findings.map(({ path, startLine }) => `${path}:${startLine}`);

/** A tool that is a script of this test. */
function scripted(script: string): Tool {
  return { name: 'stand-in', locate: () => ({ file: process.execPath, args: ['--eval', script, '--'], version: '1.0.0' }) };
}

class StandIn extends Complexity {
  constructor(protected override readonly tool: Tool) {
    super();
  }
}

describe('on a project with one planted problem for each analyser', () => {
  let project: ReturnType<typeof plantedProject>;
  let result: Analysed;
  beforeAll(async () => {
    project = plantedProject();
    result = await analysed(project);
  }, 60_000);
  afterAll(() => project[Symbol.dispose]());

  it.each(['lint', 'complexity', 'duplication', 'dead-code', 'cycles', 'secrets'] as const)(
    '%s tells its problem, at its line, and nothing else',
    (name) => {
      const { path, line } = project.planted[name];
      expect(places(result.reports[name])).toEqual([`${path}:${line}`]);
    },
  );

  it('names the twin of the duplicate and the other member of the cycle', () => {
    expect(result.reports.duplication.findings[0]?.related).toEqual([
      { path: project.planted.duplication.twin, startLine: 1, endLine: 12 },
    ]);
    expect(result.reports.cycles.findings[0]?.related).toEqual([{ path: project.planted.cycles.twin, startLine: 1, endLine: 1 }]);
  });

  it('gives each problem its rule and level', () => {
    const told = Object.values(result.reports).flatMap(({ findings }) => findings.map(({ rule, level }) => `${level} ${rule}`));
    expect(told.sort()).toEqual([
      'error @secretlint/secretlint-rule-slack/SLACK_TOKEN',
      'error file-complexity',
      'warning duplicated-code',
      'warning eslint(no-debugger)',
      'warning import-cycle',
      'warning unused-export',
    ]);
  });

  it('repeats nothing of the secret', () => {
    const secret = /'(xoxb-[^']+)'/.exec(readFileSync(join(project.root, project.planted.secrets.path), 'utf8'))?.[1] ?? '';
    expect(secret).toHaveLength(56);
    const told = JSON.stringify(result.reports);
    for (let start = 0; start + 12 <= secret.length; start++) expect(told).not.toContain(secret.slice(start, start + 12));
  });

  it('counts the commits and the people of each file, and measures each script file', () => {
    const { path, commits, authors } = project.planted.hotspot;
    expect(result.reports.history.measures).toHaveLength(13);
    expect(result.reports.history.measures.find((measure) => measure.path === path)).toEqual({ path, commits, authors });
    expect(new Set(result.reports.history.measures.map((measure) => measure.commits))).toEqual(new Set([commits, 1]));
    expect(result.reports.complexity.measures).toHaveLength(9);
    expect(result.reports.complexity.measures.find((measure) => measure.path === path)).toMatchObject({ cyclomatic: 101, lines: 55 });
  });

  it('names its tools with their versions and leaves the folder as it was, the git index included', () => {
    const tools = Object.values(result.reports).map(({ tool, toolVersion }) => `${tool} ${/^\d+\.\d+/.test(toolVersion)}`);
    expect(tools.sort()).toEqual(
      ['dependency-cruiser', 'fta-cli', 'git', 'jscpd', 'knip', 'oxlint', 'secretlint'].map((tool) => `${tool} true`),
    );
    expect(result.after).toBe(result.before);
  });

  it('sees a folder of the repository as a tree of its own, with the history of its files', async () => {
    await using call = testCall();
    const tree = await survey(join(project.root, 'src'));
    const { measures } = await new ChangeHistory().analyse(tree, call);
    expect(measures.find(({ path }) => path === 'pricing.ts')?.commits).toBe(project.planted.hotspot.commits);
    await expect(new DeadCode().analyse(tree, call)).rejects.toMatchObject({
      code: 'ANALYSER_NOT_APPLICABLE',
      message: 'the folder has no package.json',
    });
  });
});

it('tells nothing of a project without problems', async () => {
  using project = cleanProject();
  const { reports } = await analysed(project);
  expect(Object.values(reports).flatMap(({ findings }) => findings)).toEqual([]);
  expect(reports.history.measures).toHaveLength(13);
}, 60_000);

describe('on a project whose own configuration is broken, hides problems or is a program', () => {
  let project: ReturnType<typeof brokenConfigProject>;
  let result: Analysed;
  beforeAll(async () => {
    project = brokenConfigProject();
    result = await analysed(project);
  }, 60_000);
  afterAll(() => project[Symbol.dispose]());

  it.each(['lint', 'complexity', 'duplication', 'dead-code', 'cycles', 'secrets'] as const)('%s tells its problem all the same', (name) => {
    const { path, line } = project.planted[name];
    expect(places(result.reports[name])).toContain(`${path}:${line}`);
  });

  it('says in one line which configuration was not used and why', () => {
    const notes = Object.values(result.reports).flatMap((report) => report.notes);
    expect(notes).toContainEqual(expect.stringMatching(/^The project's oxlint configuration was not used, .* at src\/\.oxlintrc\.json\./));
    expect(notes).toContainEqual(expect.stringMatching(/^The project's knip configuration was not used: .*knip\.json/));
    expect(notes).toContainEqual(expect.stringMatching(/^The project's tsconfig\.json was not used, .*tsconfig\.json\(1,38\)/));
    expect(notes).toContainEqual(
      expect.stringMatching(/^Configuration that is a program was not run \(vite\.config\.ts, build\/vite\.config\.ts\)/),
    );
    expect(notes.filter((note) => note.includes('\n'))).toEqual([]);
  });

  it('runs no program of the project and writes nothing into it', () => {
    expect(existsSync(project.trace)).toBe(false);
    expect(result.after).toBe(result.before);
  });
});

describe('an analyser', () => {
  let project: FixtureProject;
  let tree: TreeSurvey;
  beforeAll(async () => {
    project = bareFolder({ 'a.ts': 'export const a = 1;\n' });
    tree = await survey(project.root);
  });
  afterAll(() => project[Symbol.dispose]());

  it.each([
    [
      'prints no JSON',
      'console.log("Hello, world")',
      'ANALYSER_OUTPUT_UNREADABLE',
      'stand-in printed something that is not its report (no JSON in it): Hello, world',
    ],
    ['prints nothing', '', 'ANALYSER_OUTPUT_UNREADABLE', 'stand-in printed something that is not its report (no JSON in it): nothing'],
    ['prints JSON of another shape', 'console.log(\'[{"file_name":1}]\')', 'ANALYSER_OUTPUT_UNREADABLE', /\$\[0\]\.file_name is not text/],
    ['prints half of it', 'console.log(\'[{"file_name":\')', 'ANALYSER_OUTPUT_UNREADABLE', /JSON/],
    ['crashes', 'console.error("out of paper"); process.exit(3)', 'PROCESS_FAILED', 'stand-in ended with exit code 3: out of paper'],
    ['is killed', 'process.kill(process.pid, "SIGKILL")', 'PROCESS_FAILED', 'stand-in was ended by SIGKILL and said nothing.'],
  ])('fails with a clear reason when its tool %s', async (_what, script, code, message) => {
    await using call = testCall();
    const failure = await new StandIn(scripted(script)).analyse(tree, call).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: typeof message === 'string' ? message : expect.stringMatching(message) });
  });

  it('reads a report that stands behind other lines, and drops what is not of the tree', async () => {
    await using call = testCall();
    const file = (name: string) => `{"file_name":"${name}","line_count":3,"cyclo":70}`;
    const printed = `warning: it is late\\n[${file('./a.ts')},${file('node_modules/b.ts')},${file(join(tree.root, 'a.ts'))}]`;
    const { findings } = await new StandIn(scripted(`console.log('${printed}')`)).analyse(tree, call);
    expect(findings.map(({ path }) => path)).toEqual(['a.ts', 'a.ts']);
  });

  it('keeps 5000 findings and counts the rest', async () => {
    await using call = testCall();
    const script = 'console.log(JSON.stringify(Array.from({ length: 5003 }, () => ({ file_name: "a.ts", line_count: 3, cyclo: 70 }))))';
    const report = await new StandIn(scripted(script)).analyse(tree, call);
    expect([report.findings.length, report.dropped]).toEqual([5000, 3]);
  });

  it('says how to install a tool that is missing', async () => {
    await using call = testCall();
    const missing = packageTool({ package: '@sixfold/no-such-tool' });
    const failure = {
      code: 'ANALYSER_NOT_INSTALLED',
      message: '@sixfold/no-such-tool is not installed: npm install --save-dev @sixfold/no-such-tool',
    };
    await expect(new StandIn(missing).analyse(tree, call)).rejects.toMatchObject(failure);
    await expect(new StandIn(missing).checkHealth(call)).rejects.toMatchObject(failure);
    expect(() => pathTool('no-such-command', []).locate()).toThrow('no-such-command is not installed');
  });

  it('ends with its whole process group when the call is aborted', async () => {
    const pids = join(project.root, 'pids.log');
    const child = 'setInterval(() => undefined, 1000)';
    const script = `const { pid } = require('node:child_process').spawn(process.execPath, ['--eval', ${JSON.stringify(child)}]);
      require('node:fs').writeFileSync(${JSON.stringify(pids)}, process.pid + ' ' + pid + ' end'); ${child}`;
    const abort = new AbortController();
    await using call = testCall({ signal: abort.signal });
    const running = new StandIn(scripted(script)).analyse(tree, call);
    while (!existsSync(pids) || !readFileSync(pids, 'utf8').endsWith('end')) await new Promise(setImmediate);
    abort.abort(new Error('no longer wanted'));
    await expect(running).rejects.toThrow('no longer wanted');
    const [parent, grandchild] = readFileSync(pids, 'utf8').split(' ').map(Number) as [number, number];
    expect(isAlive(parent)).toBe(false);
    while (isAlive(grandchild)) await new Promise(setImmediate);
  }, 20_000);

  it.each(ANALYSERS)('%p has a reason in one sentence for a folder that has nothing for it', async (type: new () => Analyser) => {
    using empty = bareFolder({});
    await using call = testCall();
    const failure = await new type().analyse(await survey(empty.root), call).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ANALYSER_NOT_APPLICABLE', message: expect.stringMatching(/^the folder [a-zA-Z .]+$/) });
  });

  it('respects the lint configuration of the project where it is data', async () => {
    using own = bareFolder({
      'a.js': 'debugger;\nexport const a = 1;\nalert(a);\n',
      '.oxlintrc.json': '{ "rules": { "no-debugger": "off", "no-alert": "error" } }',
    });
    await using call = testCall();
    const { findings, notes } = await new Lint().analyse(await survey(own.root), call);
    expect(findings.map(({ path, startLine, level, rule }) => `${level} ${path}:${startLine} ${rule}`)).toEqual([
      'error a.js:3 eslint(no-alert)',
    ]);
    expect(notes).toEqual([]);
  });

  it.each([
    ['a lint plugin', Lint, { '.oxlintrc.json': '{ "jsPlugins": ["./program.mjs"] }' }, /Failed to load JS plugin/],
    ['a lint configuration', Lint, { 'oxlint.config.ts': 'export { default } from "./program.mjs";\n' }, /Failed to load config/],
    ['a knip configuration', DeadCode, { 'knip.ts': 'export { default } from "./program.mjs";\n' }, /was not run \(knip\.ts\)/],
    ['a configuration that a script names', DeadCode, { 'own.mts': 'import "./program.mjs";\n' }, /was not run \(own\.mts\)/],
  ])('does not run %s', async (_what, type: new () => Analyser, files: Readonly<Record<string, string>>, note) => {
    using own = bareFolder({
      'package.json':
        '{ "name": "own", "version": "1.0.0", "scripts": { "test": "vitest --config own.mts" }, "devDependencies": { "vitest": "4" } }',
      'index.js': 'debugger;\nexport const a = 1;\n',
      ...files,
    });
    const trace = join(own.root, 'ran');
    write(own.root, { 'program.mjs': leavingTrace(trace) });
    await using call = testCall();
    const { notes } = await new type().analyse(await survey(own.root), call);
    expect(notes).toContainEqual(expect.stringMatching(note));
    expect(existsSync(trace)).toBe(false);
  });

  it('takes a dependency that only an unrun configuration program names for used', async () => {
    using own = bareFolder({
      'package.json':
        '{ "name": "own", "version": "1.0.0",\n  "dependencies": {\n    "named": "1",\n    "idle": "1"\n  },\n  "devDependencies": { "vite": "8" } }',
      'index.js': 'export const a = 1;\n',
      'vite.config.js': 'export default { plugins: ["named"] };\n',
    });
    await using call = testCall();
    const { findings } = await new DeadCode().analyse(await survey(own.root), call);
    expect(findings.map(({ path, startLine, message }) => `${path}:${startLine} ${message}`)).toEqual([
      'package.json:4 Nothing uses the dependency `idle`.',
    ]);
  });

  it('says that it saw no entry rather than calling every file dead', async () => {
    using own = bareFolder({
      'package.json': '{ "name": "own", "version": "1.0.0" }',
      'lib/a.ts': 'export const a = 1;\n',
      'lib/b.ts': 'export const b = 1;\n',
    });
    await using call = testCall();
    const { findings, notes } = await new DeadCode().analyse(await survey(own.root), call);
    expect(findings).toEqual([]);
    expect(notes).toContainEqual(expect.stringContaining('knip found no entry'));
  });

  it('stays out of build output and foreign packages in a tree without git', async () => {
    const bad = 'debugger;\n';
    using own = bareFolder({
      'a.ts': 'export const a = 1;\n',
      'dist/a.js': bad,
      'node_modules/x/index.js': bad,
      'p/node_modules/y/i.js': bad,
    });
    await using call = testCall();
    const { findings, notes } = await new Lint().analyse(await survey(own.root), call);
    expect([findings, notes]).toEqual([[], []]);
  });

  it.each(ANALYSERS.slice(0, -1))(
    '%p does not follow a link that leads to the whole disk',
    async (type: new () => Analyser) => {
      using own = bareFolder({ 'package.json': '{ "name": "own", "version": "1.0.0" }', 'index.ts': 'export const a = 1;\n' });
      symlinkSync('/', join(own.root, 'everything'));
      await using call = testCall();
      const { findings } = await new type().analyse(await survey(own.root), call);
      expect(findings).toEqual([]);
    },
    10_000,
  );
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet is not alive.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

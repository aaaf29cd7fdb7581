/** The repository against its own rules: layers, documents, sizes, names, dead code, the public API. */
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, posix } from 'node:path';
import { ERROR_CODES } from '../src/kernel/codes.js';

const ROOT = join(__dirname, '..');
const LAYER_RULES = '.dependency-cruiser.cjs';
jest.setTimeout(60_000);

/** Without what the files are checked for, this file is checked as well: its patterns do not match their own text. */
const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));
const sources = files.filter((path) => path.startsWith('src/') && path.endsWith('.ts'));
const texts = new Map(files.filter((path) => path !== 'package-lock.json').map((path) => [path, read(path)]));

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

interface Said {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a tool of node_modules in a folder; how it ends is for the test to judge. */
function tool(script: string, args: readonly string[], cwd = ROOT): Promise<Said> {
  const child = spawn(process.execPath, [join(ROOT, 'node_modules', script), ...args], { cwd, env: { ...process.env, NO_COLOR: '1' } });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

/** `path:line` and text of the lines that match, in files whose path does. */
function linesWith(pattern: RegExp, within: (path: string) => boolean): string[] {
  return [...texts]
    .filter(([path]) => within(path))
    .flatMap(([path, text]) =>
      text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
    );
}

describe('layers', () => {
  interface Cruise {
    readonly modules: readonly { readonly source: string }[];
    readonly summary: { readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[] };
  }

  /** For every rule a breach, as the files that make it. */
  const BREACHES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    'kernel-imports': { 'kernel/planted.ts': "export * from '../orchestration/scope.js';" },
    'abstract-imports': { 'abstract/planted.ts': "export type * from '../engine/Engine.js';" },
    'systems-imports': { 'systems/planted.ts': "export * from '../abstract/Phase.js';" },
    'engine-imports': { 'engine/planted.ts': "export * from '../systems/System.js';" },
    'orchestration-imports': { 'orchestration/planted.ts': "export { Container } from 'inversify';" },
    'observability-imports': { 'observability/planted.ts': "export * from '../engine/Engine.js';" },
    'commands-imports': { 'commands/multi-analysis/planted.ts': "export * from '../../host/CommandRunner.js';" },
    'host-imports': { 'host/planted.ts': "export * from '../commands/multi-analysis/index.js';" },
    'cli-imports': { 'cli/planted.ts': "export * from '../engine/embedded/EmbeddedEngine.js';" },
    'public-door-imports': { 'index.ts': "export * from './cli/exitCodes.js';" },
    'concrete-engine': { 'cli/planted.ts': "export * from '../engine/embedded/EmbeddedEngine.js';" },
    'engines-apart': { 'engine/run/plantedEngine.ts': "export * from '../embedded/Follows.js';" },
    'restate-door': { 'host/plantedEngine.ts': "export * from '../engine/restate/index.js';" },
    'restate-sdk': { 'host/plantedSdk.ts': "export type * from '@restatedev/restate-sdk';" },
    'winston-in-host': { 'orchestration/plantedLog.ts': "export type { Logger } from 'winston';" },
    'public-door-is-for-outside': { 'commands/multi-analysis/plantedDoor.ts': "export * from '../../index.js';" },
    'own-door': { 'commands/multi-analysis/plantedOwnDoor.ts': "export * from './index.js';" },
    'own-command-door': { 'commands/multi-analysis/report/planted.ts': "export * from '../index.js';" },
    'no-cycle': {
      'systems/PlantedOne.ts': "import type { Two } from './PlantedTwo.js';\nexport interface One { readonly two?: Two }",
      'systems/PlantedTwo.ts': "import type { One } from './PlantedOne.js';\nexport interface Two { readonly one?: One }",
    },
    'no-orphan': { 'kernel/plantedAlone.ts': 'export const alone = true;' },
    resolvable: { 'kernel/plantedNowhere.ts': "export * from './nowhere.js';" },
    'installed-for-users': { 'cli/plantedTool.ts': "export { assert } from 'fast-check';" },
  };

  const copy = mkdtempSync(join(tmpdir(), 'layers-'));
  let tree: Promise<Said>;
  let planted: Promise<Said>;

  function cruise(folder: string): Promise<Said> {
    return tool('dependency-cruiser/bin/dependency-cruiser.mjs', ['src', '--config', LAYER_RULES, '--output-type', 'json'], folder);
  }

  beforeAll(() => {
    tree = cruise(ROOT);
    for (const path of ['src', LAYER_RULES, 'tsconfig.json', 'package.json'])
      cpSync(join(ROOT, path), join(copy, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    for (const [path, text] of Object.values(BREACHES).flatMap(Object.entries)) writeFileSync(join(copy, 'src', path), text);
    planted = cruise(copy);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  it('hold in the tree, and the tool saw every file', async () => {
    const { modules, summary } = JSON.parse((await tree).output) as Cruise;
    expect(summary.violations.map(({ from, rule }) => `${from} breaks ${rule.name}; npm run layers tells more`)).toEqual([]);
    const seen = modules.map(({ source }) => source).filter((source) => source.startsWith('src/'));
    const there = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.ts'));
    expect(seen.toSorted()).toEqual(there.map((path) => `src/${path}`).toSorted());
  });

  it.each(Object.entries(BREACHES))('%s notices its planted breach', async (rule, breach) => {
    const { violations } = (JSON.parse((await planted).output) as Cruise).summary;
    const broken = violations.filter(({ rule: { name } }) => name === rule).map(({ from }) => from);
    expect(Object.keys(breach).filter((path) => broken.includes(`src/${path}`))).not.toEqual([]);
  });

  it('have a breach planted for each rule, and a comment that says what to do', () => {
    const { forbidden } = jest.requireActual<{ forbidden: readonly { name: string; comment: string }[] }>(join(ROOT, LAYER_RULES));
    expect(Object.keys(BREACHES).toSorted()).toEqual(forbidden.map(({ name }) => name).toSorted());
    expect(forbidden.filter(({ comment }) => comment.length < 40)).toEqual([]);
  });
});

describe('documents', () => {
  const pages = files.filter((path) => /^(docs\/)?[^/]+\.md$/.test(path));
  const IDS = [
    ...numbered('A', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13),
    ...numbered('B', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    ...numbered('C', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
    ...numbered('D', 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17),
    ...numbered('E', 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18),
    ...numbered('F', 1, 2, 3, 4, 5),
    ...numbered('G', 1, 2, 3, 4, 5, 6, 7),
    ...numbered('H', 1, 2, 3, 4, 5, 6, 7, 8),
    ...numbered('I', 1, 2, 4, 6),
    ...numbered('J', 1, 2, 3, 4, 5, 7, 8),
    ...numbered('K', 1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 13),
    ...numbered('L', 1, 2, 3, 4),
  ];
  const NOTHING = '–';

  function numbered(letter: string, ...numbers: readonly number[]): string[] {
    return numbers.map((number) => `${letter}${number}`);
  }

  function rowsOf(page: string, heading: string): string[][] {
    const lines = read(page).split('\n');
    const isRow = (line: string): boolean => line.startsWith('|') && line !== heading && !/^[|-]+$/.test(line);
    const tables = lines.flatMap((line, index) => (line === heading ? [lines.slice(index)] : []));
    return tables
      .flatMap((rest) => rest.slice(0, rest.indexOf('')).filter(isRow))
      .map((row) =>
        row
          .slice(1, -1)
          .split('|')
          .map((cell) => cell.trim()),
      );
  }

  it('errors.md lists the codes of ERROR_CODES, each as the table says it', () => {
    const rows = rowsOf('docs/errors.md', '| code | class | what happened | what to do |').map((cells) => `| ${cells.join(' | ')} |`);
    const expected = Object.entries(ERROR_CODES).map(
      ([code, { group, meaning, remedy }]) => `| \`${code}\` | ${group} | ${meaning} | ${remedy} |`,
    );
    const lines = (all: readonly string[]): string => all.toSorted().join('\n');
    // The lines with a minus are those that docs/errors.md should have.
    expect(lines(rows)).toBe(lines(expected));
  });

  describe('capabilities.md', () => {
    const rows = rowsOf('docs/capabilities.md', '| id | what | public API | test | example | state |');

    it('has every capability once, in six columns', () => {
      expect(rows.map(([id]) => id)).toEqual(IDS);
      expect(rows.filter((cells) => cells.length !== 6 || cells.includes(''))).toEqual([]);
      expect(read('docs/capabilities.md')).not.toMatch(/#\d|\bissue \d/i);
    });

    it('says of each row whether it works, or what is missing, with API and test for what is there', () => {
      const link = /\[[^\]]+\]\([^)]+\)/;
      const wrong = rows.filter(([, , api = '', test = '', example = '', state = '']) => {
        if (state === 'open') return [api, test, example].some((cell) => cell !== NOTHING);
        return !/^(works|part: .+)$/.test(state) || !api.includes('`') || !link.test(test);
      });
      expect(wrong).toEqual([]);
    });

    it('names only what is exported, a command line or a script', () => {
      const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts);
      const names = rows.flatMap(([id, , api = '']) => [...api.matchAll(/`([^`]+)`/g)].map(([, name = '']) => ({ id, name })));
      const unknown = names.filter(({ name }) => {
        if (name.startsWith('sixfold ')) return false;
        if (name.startsWith('npm run ')) return !scripts.includes(name.split(' ')[2] ?? '');
        return !isPublic(name);
      });
      expect(unknown).toEqual([]);
    });
  });

  /** `Name` is exported from a door; `Name.member` stands there in the API report. */
  function isPublic(name: string): boolean {
    const [base = '', member] = name.split('.');
    return files
      .filter((path) => /^src\/(commands\/[^/]+\/|systems\/channels\/[^/]+\/|engine\/restate\/)?index\.ts$/.test(path))
      .some((door) => {
        if (!exportsOf(door).includes(base)) return false;
        if (member === undefined) return true;
        const report = read(`docs/api/${door === 'src/index.ts' ? 'sixfold' : basenameOf(door)}.api.md`);
        const block =
          new RegExp(`^export (?:abstract )?(?:class|interface|type|const) ${base}\\b[^\\n]*\\{\\n[\\s\\S]*?^\\}`, 'm').exec(report)?.[0] ??
          '';
        return new RegExp(`^    [^/\\n]*\\b${member}\\b[?(:<]`, 'm').test(block);
      });
  }

  function basenameOf(door: string): string {
    return posix.basename(posix.dirname(door));
  }

  /** The names of an `index.ts`, which holds explicit re-exports only. */
  function exportsOf(door: string): string[] {
    const text = read(door).replaceAll(/\/\*[\s\S]*?\*\//g, '');
    const exported = [...text.matchAll(/^export (?:type )?\{([^}]*)\} from '[^']+';$/gm)];
    const rest = exported.reduce((left, [statement]) => left.replace(statement, ''), text).replaceAll(/^import '[^']+';$/gm, '');
    if (rest.trim() !== '') throw new Error(`${door} holds something else than named re-exports: ${rest.trim()}`);
    return exported.flatMap(([, names = '']) =>
      names
        .split(',')
        .map((name) =>
          name
            .trim()
            .replace(/^type /, '')
            .replace(/^.* as /, ''),
        )
        .filter((name) => name !== ''),
    );
  }

  it('link to files and headings that exist', () => {
    const broken = pages.flatMap((page) => linksOf(page).filter(({ target }) => !leadsSomewhere(page, target)));
    expect(broken).toEqual([]);
  });

  function linksOf(page: string): { page: string; target: string }[] {
    const prose = read(page).replaceAll(/^```[\s\S]*?^```/gm, '');
    const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    return targets.filter((target) => !/^[a-z]+:/.test(target)).map((target) => ({ page, target }));
  }

  function leadsSomewhere(page: string, target: string): boolean {
    const [path = '', heading] = target.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path));
    if (file.startsWith('..') || !existsSync(join(ROOT, file))) return false;
    return heading === undefined || headingsOf(file).includes(heading);
  }

  /** As code hosts make anchors of headings. */
  function headingsOf(page: string): string[] {
    return [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
      text
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    );
  }
});

describe('files', () => {
  it('of src have at most 500 lines, and few more than 350', () => {
    const lengths = sources.map((path) => ({ path, lines: read(path).split('\n').length - 1 })).toSorted((a, b) => b.lines - a.lines);
    expect(lengths.filter(({ lines }) => lines > 500)).toEqual([]);
    const long = lengths.filter(({ lines }) => lines > 350);
    if (long.length > sources.length / 10) throw new Error(`too many files above 350 lines: ${JSON.stringify(long, undefined, 1)}`);
  });

  it('and folders are named after what they are', () => {
    const empty = /^(utils?|helpers?|common|shared|types|interfaces?|constants?|managers?)$/i;
    const own = files.filter((path) => /^(src|test|bench|examples)\//.test(path) && !path.startsWith('test/types/'));
    expect(own.filter((path) => path.split('/').some((part) => empty.test(part.split('.')[0] ?? '')))).toEqual([]);
  });

  it('name no path of a machine and no registry', () => {
    const foreign = /(?<![\w.])\/(?:work|root)\b|https?:\/\/registry\.|\bregistry=|_auth[T]oken/;
    expect(linesWith(foreign, () => true)).toEqual([]);
    expect(linesWith(/(?<![\w.])\/(?:tmp|home|Users)\/\w/, (path) => !path.startsWith('test/'))).toEqual([]);
    const { packages } = JSON.parse(read('package-lock.json')) as { packages: Record<string, { resolved?: string }> };
    expect(Object.values(packages).filter(({ resolved }) => resolved !== undefined)).toEqual([]);
  });

  it('have no test that keeps others from running, and none that is left out without saying why', () => {
    const isTest = (path: string): boolean => path.startsWith('test/') && path.endsWith('.ts');
    expect(linesWith(/[.]only\b|\bf(?:it|describe)\(/, isTest)).toEqual([]);
    const silent = linesWith(/[.](?:skip|todo)\b|\bx(?:it|test|describe)\(/, isTest).filter((found) => !isExplained(found));
    expect(silent).toEqual([]);
  });

  /** The reason is printed on the line, the one before or the one after. */
  function isExplained(found: string): boolean {
    const [path = '', line = ''] = found.split(' ')[0]?.split(':') ?? [];
    const around = (texts.get(path) ?? '').split('\n').slice(Number(line) - 2, Number(line) + 1);
    return around.some((text) => /console\.\w+\(|stderr\.write\(/.test(text));
  }

  it('keep no note of work that is left', () => {
    expect(linesWith(/\b(?:TO[D]O|FIX[M]E|XX[X])\b/, () => true)).toEqual([]);
  });
});

describe('code', () => {
  const FRESH_REPORTS = 'node_modules/.cache/api-extractor';
  let knip: Promise<Said>;
  let reports: ReadonlyMap<string, Promise<Said>>;

  beforeAll(() => {
    knip = tool('knip/bin/knip.js', ['--no-progress', '--no-config-hints']);
    rmSync(join(ROOT, FRESH_REPORTS), { recursive: true, force: true });
    const check = (name: string): Promise<Said> =>
      tool('@microsoft/api-extractor/bin/api-extractor', ['run', '--config', `docs/api/${name}.json`]);
    reports = new Map(['sixfold', 'http', 'grpc', 'restate', 'multi-analysis', 'opentelemetry'].map((name) => [name, check(name)]));
  });

  it('has no file, export or dependency that nothing uses', async () => {
    expect((await knip).output.trim()).toBe('');
  });

  it.each(['sixfold', 'http', 'grpc', 'restate', 'multi-analysis', 'opentelemetry'])(
    'has the public API that docs/api/%s.api.md says; npm run api updates it',
    async (name) => {
      expect(existsSync(join(ROOT, 'dist/index.d.ts')) || 'dist is missing: npm run build').toBe(true);
      const said = await reports.get(name);
      const fresh = join(FRESH_REPORTS, `${name}.api.md`);
      expect(existsSync(join(ROOT, fresh)) || said?.output).toBe(true);
      expect(read(`docs/api/${name}.api.md`)).toBe(read(fresh));
      expect(said).toMatchObject({ code: 0 });
    },
  );
});

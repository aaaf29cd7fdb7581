import { readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Call } from '../../../kernel/Call.js';
import type { ProgramOutput } from '../../../systems/channels/ProcessChannel.js';
import { system } from '../../../systems/System.js';
import { Analyser, type Fallback, type Invocation, type Reading } from '../Analyser.js';
import type { Finding, Level } from '../Finding.js';
import { isInstalled } from '../sourceFolders.js';
import { packageTool } from '../Tool.js';
import type { TreeSurvey } from '../TreeSurvey.js';
import { JsonValue } from './JsonValue.js';

interface Issue {
  readonly rule: string;
  readonly level: Level;
  readonly message: (name: string) => string;
}

const DEPENDENCY_FIELDS = ['dependencies', 'devDependencies', 'optionalPeerDependencies'];

/** knip's kinds of issue, by their names in its JSON; those that are not here are not told. */
const ISSUES = {
  files: { rule: 'unused-file', level: 'warning', message: () => 'No entry of the project leads to this file.' },
  dependencies: { rule: 'unused-dependency', level: 'warning', message: (name) => `Nothing uses the dependency \`${name}\`.` },
  devDependencies: { rule: 'unused-dev-dependency', level: 'note', message: (name) => `Nothing uses the dev dependency \`${name}\`.` },
  unlisted: { rule: 'unlisted-dependency', level: 'warning', message: (name) => `\`${name}\` is used but not in package.json.` },
  unresolved: { rule: 'unresolved-import', level: 'warning', message: (name) => `The import \`${name}\` leads nowhere.` },
  exports: { rule: 'unused-export', level: 'warning', message: (name) => `No other file uses the export \`${name}\`.` },
  types: { rule: 'unused-type', level: 'note', message: (name) => `No other file uses the exported type \`${name}\`.` },
  enumMembers: { rule: 'unused-enum-member', level: 'note', message: (name) => `Nothing uses the enum member \`${name}\`.` },
} as const satisfies Readonly<Record<string, Issue>>;

const EXIT_CODES = { clean: 0, issues: 1, broken: 2 } as const;
const NOT_RUN = 'sixfold: not run: ';

/**
 * knip runs the project's configuration, its own `knip.ts` and `vite.config.ts` and the like, to learn their entries. This runs
 * before knip and puts a loader in the place of the one it uses (jiti) that runs nothing and says what it did not run; such a
 * file still counts as an entry, and its imports as used.
 */
const RUNS_NO_CONFIGURATION = `
import { registerHooks } from 'node:module';
const loader = 'export const createJiti = () => ({ import: async (path) => { process.stderr.write(${JSON.stringify(NOT_RUN)} + path + String.fromCharCode(10)); return {}; } });';
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'jiti' ? { url: 'sixfold:jiti', format: 'module', shortCircuit: true } : next(specifier, context),
  load: (url, context, next) =>
    url === 'sixfold:jiti' ? { format: 'module', source: loader, shortCircuit: true } : next(url, context),
});`;

/**
 * Finds unused files, exports and dependencies with knip, by the project's own knip settings where they are data, else by
 * knip's defaults. No program of the tree is run.
 */
@system({ name: 'dead-code', version: '1.0.0', protocol: 'process' })
export class DeadCode extends Analyser {
  override readonly analyser = 'dead-code';
  protected override readonly tool = packageTool({ package: 'knip', mayRead: 'files', preload: RUNS_NO_CONFIGURATION });

  protected override inapplicable(tree: TreeSurvey): string | undefined {
    return super.inapplicable(tree) ?? (tree.hasPackageJson ? undefined : 'the folder has no package.json');
  }

  protected override async invocation(tree: TreeSurvey): Promise<Invocation> {
    // Which package a command of a script comes from is known from what is installed only.
    const unknowable = (await isInstalled(tree.root)) ? 'binaries' : 'binaries,devDependencies';
    return { args: ['--reporter=json', '--no-progress', `--exclude=${unknowable}`], exitCodes: Object.values(EXIT_CODES) };
  }

  protected override async fallback(said: string, tree: TreeSurvey, call: Call): Promise<Fallback> {
    const config = join(await this.ownFolder(call), 'knip.json');
    await writeFile(config, '{}');
    const { args, ...rest } = await this.invocation(tree);
    return {
      invocation: { ...rest, args: [...args, `--config=${config}`] },
      note: `The project's knip configuration was not used: ${said}`,
    };
  }

  protected override async read(output: ProgramOutput, tree: TreeSurvey): Promise<Reading> {
    const rows = JsonValue.parse(output.stdout).at('issues').list;
    const notRun = output.stderr.split('\n').flatMap((line) => (line.startsWith(NOT_RUN) ? [line.slice(NOT_RUN.length)] : []));
    const texts = await Promise.all([...new Set(notRun)].map((path) => readFile(path, 'utf8')));
    const findings = rows.flatMap((row) => findingsOf(row, (name) => texts.some((text) => text.includes(name))));
    const notes = await notesOn(output, notRun, tree);
    if (findings.filter(isUnusedFile).length < tree.scripts) return { findings, notes };
    // All unused means that knip knows no entry, not that the project is dead.
    return {
      findings: findings.filter((finding) => !isUnusedFile(finding)),
      notes: [...notes, 'knip found no entry of the project, so it knows of no unused file; name the entries in knip.json.'],
    };
  }
}

function isUnusedFile({ rule }: Finding): boolean {
  return rule === ISSUES.files.rule;
}

function findingsOf(row: JsonValue, isNamedInProgram: (name: string) => boolean): Finding[] {
  return Object.entries<Issue>(ISSUES).flatMap(([kind, issue]) =>
    row.at(kind).listOrNone.flatMap((found): Finding[] => {
      const name = found.at('name').text;
      if (DEPENDENCY_FIELDS.includes(kind) && isNamedInProgram(name)) return [];
      const line = found.at('line').line;
      const { rule, level } = issue;
      return [
        { analyser: 'dead-code', rule, level, message: issue.message(name), path: row.at('file').text, startLine: line, endLine: line },
      ];
    }),
  );
}

async function notesOn(output: ProgramOutput, notRun: readonly string[], tree: TreeSurvey): Promise<string[]> {
  const programs = [...new Set(notRun)].map((path) => relative(tree.root, path));
  const failures = output.stderr.split('\n').filter((line) => line.startsWith('Error loading '));
  return [
    ...(programs.length > 0
      ? [`Configuration that is a program was not run (${programs.join(', ')}); files that only it names may be told as unused.`]
      : []),
    ...((await isInstalled(tree.root)) ? [] : ['No packages are installed, so unused dev dependencies were not looked for.']),
    ...failures.map((line) => `knip: ${line}`),
  ];
}

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../../kernel/Call.js';
import type { ProgramOutput } from '../../../systems/channels/ProcessChannel.js';
import { system } from '../../../systems/System.js';
import { Analyser, type Fallback, type Invocation, type Reading } from '../Analyser.js';
import type { Finding, Place } from '../Finding.js';
import { packageTool } from '../Tool.js';
import { isScript, type TreeSurvey } from '../TreeSurvey.js';
import { type Cycle, cyclesIn, type Step } from './cycles.js';
import { lineOfImport } from './importLine.js';
import { JsonValue } from './JsonValue.js';

const TSCONFIG = 'tsconfig.json';
const MEMBERS_NAMED_MAX = 6;

/**
 * Finds circular imports with dependency-cruiser, by our rules only: of the project's own settings the `paths` of the root's
 * `tsconfig.json` are read. A cycle in which every import is needed when the modules load is a warning; one that a type-only or
 * dynamic import opens is a note.
 */
@system({ name: 'import-cycles', version: '1.0.0', protocol: 'process' })
export class ImportCycles extends Analyser {
  override readonly analyser = 'cycles';
  protected override readonly tool = packageTool({ package: 'dependency-cruiser', bin: 'depcruise', mayRead: 'files' });

  protected override invocation(tree: TreeSurvey, call: Call): Promise<Invocation> {
    return this.configured(tree, call, tree.files.includes(TSCONFIG) ? { tsConfig: { fileName: TSCONFIG } } : {});
  }

  protected override async fallback(said: string, tree: TreeSurvey, call: Call): Promise<Fallback> {
    return {
      invocation: await this.configured(tree, call, {}),
      note: `The project's ${TSCONFIG} was not used, so imports through its \`paths\` were not followed: ${said}`,
    };
  }

  protected override async read(output: ProgramOutput, tree: TreeSurvey): Promise<Reading> {
    const report = JsonValue.parse(output.stdout);
    const seen = new Set(report.at('modules').list.map((module) => module.at('source').text));
    const unseen = tree.files.filter((path) => isScript(path) && !seen.has(path));
    if (unseen.length === tree.scripts) throw new Error(`it saw none of the ${tree.scripts} script files`);
    const texts = new Map<string, Promise<string>>();
    const placeOf = async ({ path, specifier }: Step): Promise<Place> => {
      const text = texts.get(path) ?? readFile(join(tree.root, path), 'utf8');
      texts.set(path, text);
      const line = lineOfImport(await text, specifier);
      return { path, startLine: line, endLine: line };
    };
    const findings: Finding[] = [];
    for (const cycle of cyclesIn(report)) findings.push(findingOf(cycle, await Promise.all(cycle.steps.map(placeOf))));
    const note = `dependency-cruiser did not look at ${unseen.length} of ${tree.scripts} script files, such as ${unseen[0]}.`;
    return { findings, notes: unseen.length > 0 ? [note] : [] };
  }

  private async configured(tree: TreeSurvey, call: Call, options: object): Promise<Invocation> {
    const config = join(await this.ownFolder(call), 'dependency-cruiser.json');
    const excluded = ['(^|/)node_modules/', ...tree.outside.map((folder) => `^${escaped(folder)}(/|$)`)];
    await writeFile(
      config,
      JSON.stringify({
        forbidden: [{ name: 'no-circular', severity: 'warn', from: {}, to: { circular: true } }],
        options: {
          exclude: { path: excluded },
          tsPreCompilationDeps: true,
          enhancedResolveOptions: { conditionNames: ['import', 'require', 'node', 'default', 'types'], exportsFields: ['exports'] },
          ...options,
        },
      }),
    );
    return { args: ['.', `--config=${config}`, '--output-type=json', '--progress=none'] };
  }
}

function findingOf(cycle: Cycle, places: readonly Place[]): Finding {
  const [start, ...members] = places as [Place, ...Place[]];
  const paths = [...cycle.steps.map(({ path }) => path), start.path];
  const left = paths.length - MEMBERS_NAMED_MAX;
  const named = left > 1 ? [...paths.slice(0, MEMBERS_NAMED_MAX - 1), `… (${left} more)`, start.path] : paths;
  return {
    analyser: 'cycles',
    rule: cycle.atLoad ? 'import-cycle' : 'type-or-lazy-import-cycle',
    level: cycle.atLoad ? 'warning' : 'note',
    message: `Import cycle: ${named.join(' → ')}.`,
    ...start,
    related: members,
  };
}

function escaped(path: string): string {
  return path.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

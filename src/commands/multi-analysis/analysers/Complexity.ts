import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../../kernel/Call.js';
import type { ProgramOutput } from '../../../systems/channels/ProcessChannel.js';
import { system } from '../../../systems/System.js';
import { Analyser, type Invocation, type Reading } from '../Analyser.js';
import type { FileMeasure, Finding, Level } from '../Finding.js';
import { packageTool } from '../Tool.js';
import { isScript, type TreeSurvey } from '../TreeSurvey.js';
import { JsonValue } from './JsonValue.js';

/**
 * From which cyclomatic complexity of a whole file it is told, worst first. McCabe's limit of 10 is one function's; of the 713
 * files of eight well-kept packages 2 % reach 50, 4 % reach 30 and 8 % reach 20.
 */
const THRESHOLDS: readonly (readonly [atLeast: number, level: Level])[] = [
  [50, 'error'],
  [30, 'warning'],
  [20, 'note'],
];

/** fta's own configuration can only add to its defaults, never take away: `.d.ts`, `.min.js`, and folders named bin, dist or build. */
const CONFIG = {
  extensions: ['.mjs', '.cjs', '.mts', '.cts'],
  exclude_filenames: ['*.d.ts', '*.d.mts', '*.d.cts', '*.min.js'],
  exclude_directories: ['/node_modules'],
  output_limit: 1_000_000,
  score_cap: 1_000_000,
  exclude_under: 0,
};

/** Measures every script file with fta, which tells of a file as a whole and not of its lines. */
@system({ name: 'complexity', version: '1.0.0', protocol: 'process' })
export class Complexity extends Analyser {
  override readonly analyser = 'complexity';
  protected override readonly tool = packageTool({ package: 'fta-cli', bin: 'fta' });

  protected override async invocation(_tree: TreeSurvey, call: Call): Promise<Invocation> {
    const config = join(await this.ownFolder(call), 'fta.json');
    await writeFile(config, JSON.stringify(CONFIG));
    return { args: ['.', '--format=json', `--config-path=${quotedForShell(config)}`] };
  }

  protected override read(output: ProgramOutput, tree: TreeSurvey): Reading {
    const measures = JsonValue.parse(output.stdout).list.map((file) => ({
      path: file.at('file_name').text,
      lines: file.at('line_count').integer,
      cyclomatic: file.at('cyclo').integer,
    }));
    const measured = new Set(measures.map((measure) => measure.path));
    const unmeasured = tree.files.filter((path) => isMeasurable(path) && !measured.has(path));
    return { findings: measures.flatMap(findingOf), measures, notes: unmeasured.length > 0 ? [noteOn(unmeasured)] : [] };
  }
}

function findingOf({ path, lines, cyclomatic }: Required<Pick<FileMeasure, 'path' | 'lines' | 'cyclomatic'>>): Finding[] {
  const threshold = THRESHOLDS.find(([atLeast]) => cyclomatic >= atLeast);
  if (!threshold) return [];
  const message = `The file has a cyclomatic complexity of ${cyclomatic} in ${lines} lines of code; from ${threshold[0]} on a file is worth splitting.`;
  return [{ analyser: 'complexity', rule: 'file-complexity', level: threshold[1], message, path, startLine: 1, endLine: 1 }];
}

function isMeasurable(path: string): boolean {
  return isScript(path) && !/\.(d\.[cm]?ts|min\.js|bundle\.js)$/.test(path);
}

function noteOn(unmeasured: readonly string[]): string {
  const rest = unmeasured.length > 3 ? ` and ${unmeasured.length - 3} more` : '';
  return `fta did not measure ${unmeasured.slice(0, 3).join(', ')}${rest}: it cannot parse them, or they stand in a folder named bin, dist or build.`;
}

/** fta's launcher hands its arguments to a shell as one line. */
function quotedForShell(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}

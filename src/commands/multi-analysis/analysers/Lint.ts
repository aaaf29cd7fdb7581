import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../../kernel/Call.js';
import type { ProgramOutput } from '../../../systems/channels/ProcessChannel.js';
import { system } from '../../../systems/System.js';
import { Analyser, type Fallback, type Invocation, type Reading } from '../Analyser.js';
import type { Finding, Level } from '../Finding.js';
import { packageTool } from '../Tool.js';
import type { TreeSurvey } from '../TreeSurvey.js';
import { JsonValue } from './JsonValue.js';

const LEVEL_OF: Readonly<Record<string, Level>> = { error: 'error', warning: 'warning' };

/**
 * Asks oxlint, with the project's own configuration where there is one. Configuration that is a program, and JavaScript
 * plugins outside the installed packages, are not loaded; then, and where the configuration is broken, oxlint runs once more
 * with its default rules.
 */
@system({ name: 'lint', version: '1.0.0', protocol: 'process' })
export class Lint extends Analyser {
  override readonly analyser = 'lint';
  protected override readonly tool = packageTool({ package: 'oxlint', mayRead: 'packages' });

  protected override invocation(tree: TreeSurvey): Invocation {
    // 1 means errors were found, and also that the configuration was refused: the output tells which.
    return { args: ['--format=json', '--no-error-on-unmatched-pattern', ...staysOutOf(tree)], exitCodes: [0, 1] };
  }

  protected override async fallback(said: string, tree: TreeSurvey, call: Call): Promise<Fallback> {
    const config = join(await this.ownFolder(call), 'oxlintrc.json');
    await writeFile(config, '{}');
    const { args, ...rest } = this.invocation(tree);
    return {
      invocation: { ...rest, args: [...args, `--config=${config}`, '--disable-nested-config'] },
      note: `The project's oxlint configuration was not used, the default rules were: ${said}`,
    };
  }

  protected override read(output: ProgramOutput): Reading {
    const report = JsonValue.parse(output.stdout);
    const looked = report.at('number_of_files').integer;
    return {
      findings: report.at('diagnostics').list.map(findingOf),
      notes: looked > 0 ? [] : ['oxlint looked at no file: its configuration leaves out all of them.'],
    };
  }
}

function findingOf(diagnostic: JsonValue): Finding {
  const line = diagnostic.at('labels').listOrNone[0]?.at('span').at('line').line ?? 1;
  const url = diagnostic.at('url').textOrNone;
  return {
    analyser: 'lint',
    // What cannot be parsed breaks no rule that has a name.
    rule: diagnostic.at('code').textOrNone ?? 'syntax-error',
    level: LEVEL_OF[diagnostic.at('severity').text] ?? 'note',
    message: diagnostic.at('message').text,
    path: diagnostic.at('filename').text,
    startLine: line,
    endLine: line,
    ...(url ? { helpUri: url } : {}),
  };
}

/** oxlint follows .gitignore and nothing else, so in a tree without git it would look into build output and packages. */
function staysOutOf(tree: TreeSurvey): string[] {
  const folders = tree.outside.map((folder) => `/${folder.replaceAll(/[\\*?[\]!#]/g, '\\$&')}`);
  return ['**/node_modules', ...folders].map((pattern) => `--ignore-pattern=${pattern}`);
}

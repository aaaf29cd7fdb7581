import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '../../../kernel/Call.js';
import type { ProgramOutput } from '../../../systems/channels/ProcessChannel.js';
import { system } from '../../../systems/System.js';
import { Analyser, type Invocation, type Reading } from '../Analyser.js';
import type { Finding } from '../Finding.js';
import { notInstalled, packageFolder, packageTool } from '../Tool.js';
import type { TreeSurvey } from '../TreeSurvey.js';
import { JsonValue } from './JsonValue.js';

const PRESET = '@secretlint/secretlint-rule-preset-recommend';
const EXIT_FOUND = 1;

/** secretlint's own JSON repeats the whole text of every file, secrets included; this one has the findings only. */
const FORMATTER = `export default (results) => JSON.stringify(results
  .filter(({ messages }) => messages.length > 0)
  .map(({ filePath, messages }) => ({ filePath, messages })));`;

/**
 * secretlint 12 marks every rule on every file for a profile that nobody asked for, and searches all marks at each:
 * 275 s instead of 2 s on 4,000 files (secretlint#1653, mended in 13).
 */
const WITHOUT_PROFILE = 'performance.mark = () => undefined;';

/** Looks for credentials in every file of the tree with secretlint's recommended rules. No finding holds the secret itself. */
@system({ name: 'secrets', version: '1.0.0', protocol: 'process' })
export class Secrets extends Analyser {
  override readonly analyser = 'secrets';
  protected override readonly tool = packageTool({ package: 'secretlint', mayRead: 'files', preload: WITHOUT_PROFILE });

  protected override inapplicable(tree: TreeSurvey): string | undefined {
    return tree.files.length > 0 ? undefined : 'the folder holds no files';
  }

  protected override async invocation(tree: TreeSurvey, call: Call): Promise<Invocation> {
    const folder = await this.ownFolder(call);
    const formatter = join(folder, 'formatter.mjs');
    await writeFile(formatter, FORMATTER);
    // By its folder, because secretlint would look for the name from the analysed tree as well.
    const preset = packageFolder(PRESET) ?? missingPreset();
    const config = JSON.stringify({ rules: [{ id: preset }] });
    const ignore = join(folder, 'nothing-ignored');
    await writeFile(ignore, '');
    const outside = tree.outside.map((path) => `!${path.replaceAll(/[*?[\]{}()!\\]/g, '\\$&')}/**`);
    return {
      args: [`--format=${formatter}`, `--secretlintrcJSON=${config}`, `--secretlintignore=${ignore}`, '--maskSecrets', '**/*', ...outside],
      exitCodes: [0, EXIT_FOUND],
    };
  }

  protected override read(output: ProgramOutput): Reading {
    const findings = JsonValue.parse(output.stdout).list.flatMap((file) =>
      file.at('messages').list.map((message) => findingOf(file.at('filePath').text, message)),
    );
    return { findings };
  }
}

function findingOf(path: string, message: JsonValue): Finding {
  const location = message.at('loc');
  const startLine = location.at('start').at('line').line;
  const url = message.at('docsUrl').textOrNone;
  return {
    analyser: 'secrets',
    rule: `${message.at('ruleId').text}/${message.at('messageId').text}`,
    level: 'error',
    message: `${nameOf(message.at('message').text)}: revoke it, and keep it outside the repository.`,
    path,
    startLine,
    endLine: Math.max(startLine, location.at('end').at('line').line),
    ...(url ? { helpUri: url } : {}),
  };
}

/** What was found, without what stands behind the colon: that is the masked value, and a rule might forget to mask it. */
function nameOf(message: string): string {
  const name = message.split(':')[0] ?? '';
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function missingPreset(): never {
  throw notInstalled(PRESET, `npm install --save-dev ${PRESET}`);
}

/** Writes the files of a new command, all of them or none. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { UsageError } from '../../index.js';
import { firstLineOf } from '../explain.js';
import { type CommandNames, commandNames } from './CommandNames.js';
import { plainCommand, plainParams, plainTest } from './plainTemplates.js';
import { sagaSystems } from './sagaSystems.js';
import { sagaCommand, sagaParams } from './sagaTemplates.js';
import { sagaTest } from './sagaTest.js';
import { sortedImports } from './sortedImports.js';
import { testImportOf, testRunnerOf } from './testRunner.js';

export interface NewCommand {
  readonly name: string;
  readonly saga: boolean;
  /** Gets a folder with the command's name. */
  readonly folder: string;
}

/** @returns what was written and what to do next. @throws UsageError `COMMAND_NAME_INVALID`, `SCAFFOLD_NOT_WRITTEN` */
export function writeCommand({ name, saga, folder }: NewCommand): string {
  const names = commandNames(name);
  const target = join(folder, name);
  const testImport = testImportOf(testRunnerOf(resolve(folder)));
  const files = saga ? sagaFiles(names, testImport) : plainFiles(names, testImport);
  const texts = new Map(Object.entries(files).map(([file, text]) => [join(target, file), sortedImports(text)]));
  refuseToOverwrite([...texts.keys()]);
  writeAll(target, texts);
  return `Wrote\n${[...texts.keys()].map((path) => `  ${path}\n`).join('')}\n${nextSteps(names, target, saga)}`;
}

type Files = Readonly<Record<string, string>>;

function plainFiles(names: CommandNames, testImport: string): Files {
  return {
    [`${names.type}.ts`]: plainCommand(names),
    [`${names.type}Params.ts`]: plainParams(names),
    [`${names.type}.test.ts`]: plainTest(names, testImport),
  };
}

function sagaFiles(names: CommandNames, testImport: string): Files {
  return {
    [`${names.type}.ts`]: sagaCommand(names),
    [`${names.type}Params.ts`]: sagaParams(names),
    'Systems.ts': sagaSystems(names),
    [`${names.type}.test.ts`]: sagaTest(names, testImport),
  };
}

function refuseToOverwrite(paths: readonly string[]): void {
  const there = paths.filter((path) => existsSync(path));
  if (there.length === 0) return;
  throw new UsageError(
    'SCAFFOLD_NOT_WRITTEN',
    `${there.join(', ')} ${there.length === 1 ? 'exists' : 'exist'} already, so nothing was written. Choose another name or --folder.`,
    { details: { paths: there } },
  );
}

function writeAll(target: string, texts: ReadonlyMap<string, string>): void {
  const written: string[] = [];
  try {
    mkdirSync(target, { recursive: true });
    for (const [path, text] of texts) {
      writeFileSync(path, text, { flag: 'wx' });
      written.push(path);
    }
  } catch (cause) {
    for (const path of written) rmSync(path);
    throw new UsageError('SCAFFOLD_NOT_WRITTEN', `${target} cannot be written: ${firstLineOf(cause)}. Choose another --folder.`, { cause });
  }
}

function nextSteps({ command, type }: CommandNames, target: string, saga: boolean): string {
  const systems = saga ? `\n     and bind its systems: container.bind(Inventory).toSelf().inSingletonScope(), Payments likewise` : '';
  return `Next
  1. Add ${type} of ${join(target, `${type}.ts`)} to \`commands\` of sixfoldModule${systems}
  2. Build, and run the tests
  3. sixfold --app FILE run ${command} --help
     where FILE is the built module whose default export is your container
`;
}

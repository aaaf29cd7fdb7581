/** The application behind the command line: the commands that come with Sixfold, in a container of its own. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Container } from 'inversify';
import { MultiAnalysisExecutionCommand, multiAnalysisModule } from '../commands/multi-analysis/index.js';
import { consoleLogger } from '../host/consoleLogger.js';
import { type AnyCommand, type Class, type CommandRunner, embeddedEngine, sixfoldModule, startSixfold, UsageError } from '../index.js';

export const COMMANDS: readonly Class<AnyCommand>[] = [MultiAnalysisExecutionCommand];

export interface ApplicationOptions {
  /** The journal; `:memory:` for what needs none. */
  readonly file: string;
  readonly readOnly?: boolean;
  readonly verbose?: boolean;
}

export async function openApplication({ file, readOnly = false, verbose = false }: ApplicationOptions): Promise<CommandRunner> {
  const container = new Container();
  container.load(
    multiAnalysisModule(),
    sixfoldModule({
      engine: embeddedEngine({ file, readOnly }),
      commands: COMMANDS,
      logger: consoleLogger(verbose ? 'debug' : 'warn'),
    }),
  );
  return startSixfold(container, { resume: false });
}

const STANDARD_FOLDER = '.sixfold';

/** The journal file that was named, or the standard one. */
export function journalFile(named: string | undefined): string {
  const chosen = named ?? process.env.SIXFOLD_DB;
  return chosen === undefined ? join(STANDARD_FOLDER, 'journal.db') : resolve(chosen);
}

/** Makes the standard folder of the journal, which git is told to ignore. A folder that the user names must exist. */
export function prepareJournalFolder(file: string): void {
  const folder = dirname(file);
  if (folder !== STANDARD_FOLDER || existsSync(folder)) return;
  try {
    mkdirSync(folder);
    writeFileSync(join(folder, '.gitignore'), '*\n');
  } catch (error) {
    throw new UsageError('JOURNAL_NOT_WRITABLE', `${resolve(folder)} cannot be made for the journal. Name a file elsewhere with --db.`, {
      cause: error,
    });
  }
}

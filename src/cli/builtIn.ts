/** The commands that come with Sixfold, in a container of their own. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Container } from 'inversify';
import { MultiAnalysisExecutionCommand, multiAnalysisModule } from '../commands/multi-analysis/index.js';
import { consoleLogger } from '../host/consoleLogger.js';
import {
  type AnyCommand,
  type Class,
  type CommandRunner,
  type Engine,
  embeddedEngine,
  registeredCommand,
  sixfoldModule,
  startSixfold,
  UsageError,
} from '../index.js';
import type { Application, OpenOptions } from './Application.js';
import { chosenEngine } from './chosenEngine.js';

const COMMANDS: readonly Class<AnyCommand>[] = [MultiAnalysisExecutionCommand];
const STANDARD_FOLDER = '.sixfold';

export function builtIn(): Application {
  return { commands: COMMANDS.map(registeredCommand), journal: 'chosen', open, [Symbol.asyncDispose]: async () => undefined };
}

async function open({ purpose, db, verbose, start }: OpenOptions): Promise<CommandRunner> {
  const chosen = purpose === 'plan' ? embeddedEngine({ file: ':memory:' }) : (start?.engine ?? (await chosenEngine()));
  const engine = chosen ?? onJournal(journalFile(db), purpose);
  const container = new Container();
  const logger = consoleLogger(verbose ? 'debug' : 'warn');
  container.load(multiAnalysisModule(), sixfoldModule({ engine, commands: COMMANDS, logger }));
  return startSixfold(container, { ...start, engine, resume: purpose === 'serve' });
}

function onJournal(file: string, purpose: OpenOptions['purpose']): Engine {
  if (purpose === 'start' || purpose === 'serve') prepareJournalFolder(file);
  return embeddedEngine({ file, readOnly: purpose === 'look' });
}

/** The journal file that was named, or the standard one. */
function journalFile(named: string | undefined): string {
  const chosen = named ?? process.env.SIXFOLD_DB;
  return chosen === undefined ? join(STANDARD_FOLDER, 'journal.db') : resolve(chosen);
}

/** Makes the standard folder of the journal, which git is told to ignore. A folder that the user names must exist. */
function prepareJournalFolder(file: string): void {
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

/** The `sixfold` command line. Uses only the public doors. */
import { Command } from 'commander';
import { sixfoldVersion } from '../index.js';
import type { Application } from './Application.js';
import { builtIn } from './builtIn.js';
import { EXIT_CODES } from './exitCodes.js';
import { explain } from './explain.js';
import { type AppFile, fromModule } from './fromModule.js';
import { addNew } from './newCommand.js';
import { addPlan, addRun } from './runAndPlan.js';
import { addRuns } from './runs.js';
import { addSystems } from './systems.js';
import { addWorker } from './worker.js';

/**
 * Runs the command line and sets the exit code; never throws.
 *
 * @param app the user's application; without it the commands are those that come with Sixfold
 */
export async function main(args: readonly string[], app?: AppFile): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  const verbose = args.includes('--verbose') || args.includes('-v');
  try {
    await using application = app === undefined ? builtIn() : await fromModule(app);
    await programOf(application, (code) => {
      process.exitCode = code;
    }).parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = explain(error, { verbose, app: app?.file });
  }
}

function programOf(application: Application, exit: (code: number) => void): Command {
  const program = new Command('sixfold')
    .description('Runs orchestration commands: durable, observable, resumable.')
    .version(sixfoldVersion())
    .option('--app <file>', 'module that exports the container of an application (default: $SIXFOLD_APP, or sixfold.app in package.json)')
    .option('--no-app', 'take the commands that come with Sixfold, whatever application is named')
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', `\n${EXIT_CODES}`);
  addRun(program.command('run').description('Run a command to its end.'), application, exit);
  addPlan(program.command('plan').description('Show what a command would do. Executes nothing.'), application);
  addRuns(
    program.command('runs').description('List, show and resume runs, tell them something, and keep their journal.'),
    application,
    exit,
  );
  addWorker(
    program.command('worker').description('Serve the commands: go on with the runs of a journal, or take those of a Restate cluster.'),
    application,
    exit,
  );
  addSystems(program.command('systems').description('Show how reliable the operations of the systems were.'), application);
  addNew(program.command('new').description('Write the beginning of something new.'));
  return program;
}

/** Whoever read the output, such as `head`, has had enough; the run goes on and is recorded. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

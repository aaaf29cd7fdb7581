/** The `sixfold` command line. Uses only the public doors. */
import { Command, CommanderError } from 'commander';
import { type RegisteredCommand, registeredCommand, SixfoldError, sixfoldVersion, UsageError, type Violation } from '../index.js';
import { COMMANDS, journalFile, openApplication, prepareJournalFolder } from './application.js';
import { EXIT } from './exitCodes.js';
import { followRun } from './followRun.js';
import { addParams, flagOf, paramsFrom } from './paramsOptions.js';
import { planText } from './planText.js';
import { historyText, runsText } from './runsText.js';

interface CommonOptions {
  readonly db?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** Runs the command line and sets the exit code; never throws. */
export async function main(args: readonly string[]): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', ignoreClosedPipe);
  try {
    await programOf((code) => {
      process.exitCode = code;
    }).parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = explain(error);
  }
}

function programOf(exit: (code: number) => void): Command {
  const program = new Command('sixfold')
    .description('Runs orchestration commands: durable, observable, resumable.')
    .version(sixfoldVersion())
    .exitOverride()
    .showSuggestionAfterError()
    .showHelpAfterError('(--help shows what there is)')
    .addHelpText('after', '\nExit codes: 0 done, 1 findings at or above --fail-on, 2 bad usage, 3 run failed, 130 cancelled by Ctrl-C.');
  const commands = COMMANDS.map(registeredCommand);
  addRun(program.command('run').description('Run a command to its end.'), commands, exit);
  addPlan(program.command('plan').description('Show what a command would do. Executes nothing.'), commands);
  addRuns(program.command('runs').description('List, show and resume runs.'), exit);
  return program;
}

function addRun(parent: Command, commands: readonly RegisteredCommand[], exit: (code: number) => void): void {
  for (const spec of commands) {
    const leaf = leafOf(parent, spec)
      .option('--json', 'print the outcome as JSON on standard output')
      .option('--db <file>', 'journal file (default: $SIXFOLD_DB, or .sixfold/journal.db)')
      .option('-v, --verbose', 'log to standard error');
    leaf.action(async () => {
      const { db, json = false, verbose = false } = leaf.opts<CommonOptions>();
      const file = journalFile(db);
      prepareJournalFolder(file);
      await using runner = await openApplication({ file, verbose });
      const params = paramsFrom(leaf, spec.params);
      const { waves } = await runner.plan(spec.type, params);
      const run = await runner.start(spec.type, params);
      exit(await followRun(run, spec, { json, systems: waves.flat() }));
    });
  }
}

function addPlan(parent: Command, commands: readonly RegisteredCommand[]): void {
  for (const spec of commands) {
    const leaf = leafOf(parent, spec).option('--json', 'print the plan as JSON');
    leaf.action(async () => {
      await using runner = await openApplication({ file: ':memory:' });
      const plan = await runner.plan(spec.type, paramsFrom(leaf, spec.params));
      process.stdout.write(leaf.opts<CommonOptions>().json ? `${JSON.stringify(plan, undefined, 2)}\n` : planText(plan));
    });
  }
}

function leafOf(parent: Command, spec: RegisteredCommand): Command {
  const leaf = parent.command(spec.name).description(spec.description ?? '');
  addParams(leaf, spec.params);
  if (spec.examples) leaf.addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  sixfold ${example}`).join('\n')}`);
  return leaf;
}

function addRuns(parent: Command, exit: (code: number) => void): void {
  const db = ['--db <file>', 'journal file (default: $SIXFOLD_DB, or .sixfold/journal.db)'] as const;
  const list = parent
    .command('list')
    .description('List the latest runs.')
    .option(...db)
    .option('--json', 'print as JSON');
  list.action(async () => {
    const options = list.opts<CommonOptions>();
    await using runner = await openApplication({ file: journalFile(options.db), readOnly: true });
    const runs = await runner.runs();
    process.stdout.write(options.json ? `${JSON.stringify(runs, undefined, 2)}\n` : runsText(runs));
  });
  const show = parent
    .command('show')
    .description('Show a run and its records.')
    .argument('<id>', 'id of the run, or its beginning')
    .option(...db)
    .option('--json', 'print as JSON');
  show.action(async (id: string) => {
    const options = show.opts<CommonOptions>();
    await using runner = await openApplication({ file: journalFile(options.db), readOnly: true });
    const history = await runner.history(id);
    process.stdout.write(options.json ? `${JSON.stringify(history, undefined, 2)}\n` : historyText(history));
  });
  const resume = parent
    .command('resume')
    .description('Go on with an interrupted run.')
    .argument('<id>', 'id of the run, or its beginning')
    .option(...db);
  resume.option('--json', 'print the outcome as JSON').option('-v, --verbose', 'log to standard error');
  resume.action(async (id: string) => {
    const { db: named, json = false, verbose = false } = resume.opts<CommonOptions>();
    await using runner = await openApplication({ file: journalFile(named), verbose });
    const run = await runner.resume(id);
    const spec = runner.commands.find(({ name }) => name === run.command);
    exit(await followRun(run, spec ?? {}, { json, systems: [] }));
  });
}

/** Whoever read the output, such as `head`, has had enough; the run goes on and is recorded. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** One clear line on standard error for what is known; the stack only for a defect. @returns the exit code */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof UsageError) {
    process.stderr.write(`sixfold: ${messageFor(error)}\n`);
    return EXIT.usage;
  }
  if (error instanceof SixfoldError) process.stderr.write(`sixfold: ${error.message}\n`);
  else process.stderr.write(`sixfold: a defect: ${error instanceof Error ? error.stack : String(error)}\n`);
  return EXIT.failed;
}

/** Names flags instead of fields where params are wrong. */
function messageFor(error: UsageError): string {
  if (error.code !== 'PARAMS_INVALID') return error.message;
  return (error.details.violations as readonly Violation[]).map(({ path, message }) => `${flagOf(path)}: ${message}`).join('\nsixfold: ');
}

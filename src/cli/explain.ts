/** What went wrong, for the person at the terminal. */
import { CommanderError } from 'commander';
import { SixfoldError, UsageError } from '../index.js';
import { EXIT } from './exitCodes.js';

export interface ExplainOptions {
  readonly verbose: boolean;
  /** File of the user's application, if there is one. */
  readonly app: string | undefined;
}

/** One clear line on standard error; the stack for a defect of ours, or where it is asked for. @returns the exit code */
export function explain(error: unknown, { verbose, app }: ExplainOptions): number {
  if (error instanceof CommanderError) return afterCommander(error);
  if (error instanceof SixfoldError) {
    say(error.message);
    if (verbose && app !== undefined && error.cause !== undefined) process.stderr.write(`${stackOf(error.cause)}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  // Outside of a run the code of an application throws such as a container that misses a binding.
  if (app === undefined) say(`a defect: ${stackOf(error)}`);
  else say(verbose ? `${app}: ${stackOf(error)}` : `${app}: ${firstLineOf(error)} (--verbose shows the stack)`);
  return EXIT.failed;
}

/** The first line of what was thrown. */
export function firstLineOf(thrown: unknown): string {
  const [line = ''] = (thrown instanceof Error ? thrown.message : String(thrown)).split('\n');
  return line;
}

/** commander has said already what is wrong. */
function afterCommander(error: CommanderError): number {
  if (/unknown option '--(no-)?app\b/.test(error.message)) process.stderr.write('(--app and --no-app stand before the command)\n');
  return error.exitCode === 0 ? EXIT.done : EXIT.usage;
}

function say(text: string): void {
  process.stderr.write(`sixfold: ${text}\n`);
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

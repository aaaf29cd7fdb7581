/** `sixfold runs settle`: a person says what a step did whose outcome nobody knew. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CommandRunner, StepSettlement } from '../../index.js';
import type { Application } from '../Application.js';
import { readText } from '../optionValues.js';
import { addOwnOptions } from '../ownOptions.js';
import { systemUser } from '../principal.js';
import { type Exit, goOn } from './goOn.js';

interface SettleOptions {
  readonly as: StepSettlement['as'];
  readonly output?: unknown;
  readonly reason: string;
  readonly by?: string;
}

export function addSettle(leaf: Command, application: Application, exit: Exit): void {
  leaf
    .argument('<step>', 'name of the step, or its identity as `sixfold runs history` has it')
    .addOption(new Option('--as <what>', 'what became of it').choices(['done', 'not-done']).makeOptionMandatory())
    .addOption(new Option('--output <json>', 'what it gave, if it was done and that is used').argParser(readJson))
    .addOption(new Option('--reason <text>', 'how that was found out').makeOptionMandatory().argParser(readText))
    .addOption(new Option('--by <name>', 'who found out (default: the user of the operating system)').argParser(readText))
    .addHelpText(
      'after',
      '\nLook at the system first: what is said here cannot be taken back. not-done promises that it never will happen.',
    );
  addOwnOptions(leaf, application, { json: 'print the outcome as JSON', usesJournal: true, follows: true });
  leaf.action((id: string, step: string) => {
    const { as, output, reason, by = systemUser() } = leaf.opts<SettleOptions>();
    const settlement = as === 'done' ? { as, output, reason, by } : { as, reason, by };
    const begin = (runner: CommandRunner) => runner.settle(id, step, settlement);
    return goOn(leaf, application, { exit, begin });
  });
}

/** @throws InvalidArgumentError */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InvalidArgumentError(`It is not JSON (${(error as SyntaxError).message}). Quote it for the shell, such as '{"id": "P-1"}'.`);
  }
}

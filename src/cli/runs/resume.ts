/** `sixfold runs resume`, `override` and `fork`: what goes on with a run in this process. */
import { type Command, Option } from 'commander';
import type { CommandRunner, Run } from '../../index.js';
import type { Application } from '../Application.js';
import { readText } from '../optionValues.js';
import { addOwnOptions } from '../ownOptions.js';
import { systemUser } from '../principal.js';
import { type Exit, goOn, isElsewhere, wholeOf } from './goOn.js';

const JSON_OUTCOME = 'print the outcome as JSON';

export function addResume(leaf: Command, application: Application, exit: Exit): void {
  leaf.option('--reopen', 'go on with a run that failed, after its code was mended: the step that it failed with is done again');
  addOwnOptions(leaf, application, { json: JSON_OUTCOME, usesJournal: true, follows: true });
  leaf.action((id: string) => {
    const { reopen = false } = leaf.opts<{ readonly reopen?: boolean }>();
    const begin = (runner: CommandRunner) => (reopen ? reopened(id, runner) : resumed(id, runner));
    return goOn(leaf, application, { exit, begin, elsewhere: (runner) => isElsewhere(runner, id) });
  });
}

async function resumed(id: string, runner: CommandRunner): Promise<Run<unknown>> {
  const { state, id: whole } = await runner.history(id);
  if (state === 'failed') say(`Run ${whole} has failed. Once its code is mended, --reopen goes on with it.`);
  return runner.resume(whole);
}

async function reopened(id: string, runner: CommandRunner): Promise<Run<unknown>> {
  const run = await runner.reopen(id);
  const { course } = await runner.document(run.id);
  const detail = course.findLast(({ kind }) => kind === 'reopened')?.detail;
  say(`Run ${run.id} is reopened: ${detail ?? 'no step is done again, since none had failed it'}.`);
  return run;
}

export function addOverride(leaf: Command, application: Application, exit: Exit): void {
  leaf
    .argument('<gate>', 'name of the gate')
    .addOption(new Option('--reason <text>', 'why it may pass').makeOptionMandatory().argParser(readText))
    .addOption(new Option('--by <name>', 'who lets it pass (default: the user of the operating system)').argParser(readText));
  addOwnOptions(leaf, application, { json: JSON_OUTCOME, usesJournal: true, follows: true });
  leaf.action((id: string, gate: string) => {
    const { reason, by = systemUser() } = leaf.opts<{ readonly reason: string; readonly by?: string }>();
    const begin = async (runner: CommandRunner) => {
      const { id: part, state, endedAt } = await runner.history(id);
      const here = state !== 'running' && endedAt === null;
      if (here) await runner.resume(part); // First, so that the decision is there before the run comes to the gate.
      await runner.override(part, gate, { by, reason });
      if (here) return runner.resume(await wholeOf(part, runner));
      say(`It is recorded; the process that has run ${part} goes on with it.`);
      return undefined;
    };
    return goOn(leaf, application, { exit, begin });
  });
}

export function addFork(leaf: Command, application: Application, exit: Exit): void {
  leaf
    .addOption(
      new Option('--from <step>', 'the step, or the number of the record, that is the first to happen again')
        .makeOptionMandatory()
        .argParser(readText),
    )
    .addHelpText(
      'after',
      '\nThe new run has what was recorded before that, and does the rest again with the present code, effects included.\n`sixfold runs history ID` has the numbers and names.',
    );
  addOwnOptions(leaf, application, { json: JSON_OUTCOME, usesJournal: true, follows: true });
  leaf.action((id: string) => {
    const { from } = leaf.opts<{ readonly from: string }>();
    const begin = async (runner: CommandRunner) => {
      const run = await runner.fork(id, /^\d+$/.test(from) ? { seq: Number(from) } : { step: from });
      say(`Run ${run.id} is forked from ${id}.`);
      return run;
    };
    return goOn(leaf, application, { exit, begin });
  });
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

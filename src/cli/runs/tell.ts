/** `sixfold runs notify`, `cancel` and `query`: what is told to a run, and what it says, wherever it runs. */
import { type Command, Option } from 'commander';
import type { Application } from '../Application.js';
import { jsonText } from '../jsonText.js';
import { readObject, readText } from '../optionValues.js';
import { addOwnOptions, ownOptionsOf } from '../ownOptions.js';

const JSON_TOLD = 'print what was told as JSON';
const WHO_TAKES_IT =
  '\nIt is kept in the journal until the process that has the run takes it; a run that no process has takes it when it is resumed.';

export function addNotify(leaf: Command, application: Application): void {
  leaf
    .argument('<signal>', 'name of the signal')
    .addOption(new Option('--value <json>', 'its value, an object').makeOptionMandatory().argParser(readObject))
    .addOption(new Option('--token <text>', 'sent twice with the same one, it is one signal').argParser(readText))
    .addHelpText('after', WHO_TAKES_IT);
  addOwnOptions(leaf, application, { json: JSON_TOLD, usesJournal: true });
  leaf.action(async (given: string, signal: string) => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    const { value, token } = leaf.opts<{ readonly value: object; readonly token?: string }>();
    await using runner = await application.open({ purpose: 'resume', db, verbose });
    const { id } = await runner.history(given);
    await runner.notify(id, signal, value, token === undefined ? {} : { token });
    process.stdout.write(json ? jsonText({ runId: id, signal, value }) : `Run ${id} has the signal ${signal}.\n`);
  });
}

export function addCancel(leaf: Command, application: Application): void {
  leaf
    .addOption(new Option('--reason <text>', 'why').makeOptionMandatory().argParser(readText))
    .addHelpText('after', `${WHO_TAKES_IT}\nWhat the run did is undone, as far as it can be.`);
  addOwnOptions(leaf, application, { json: JSON_TOLD, usesJournal: true });
  leaf.action(async (given: string) => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    const { reason } = leaf.opts<{ readonly reason: string }>();
    await using runner = await application.open({ purpose: 'resume', db, verbose });
    const { id, state, endedAt } = await runner.history(given);
    await runner.cancel(id, reason);
    const said = endedAt === null ? `Run ${id} is asked to stop.` : `Run ${id} has ended ${state}; there is nothing to cancel.`;
    process.stdout.write(json ? jsonText({ runId: id, asked: endedAt === null, state }) : `${said}\n`);
  });
}

export function addQuery(leaf: Command, application: Application): void {
  addOwnOptions(leaf, application, { json: 'print null where it published nothing, and nothing else', usesJournal: true });
  leaf.action(async (given: string) => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const published = await runner.query(given);
    if (published === undefined && !json) process.stderr.write('The run has published nothing.\n');
    else process.stdout.write(jsonText(published ?? null));
  });
}

/** `sixfold runs`: what the journal has, going on with what was interrupted, and deciding about what waits. */
import type { Command } from 'commander';
import { InvalidArgumentError, Option } from 'commander';
import type { CommandRunner, RegisteredCommand, Run } from '../index.js';
import type { Application } from './Application.js';
import { followRun } from './followRun.js';
import { jsonText } from './jsonText.js';
import { addOwnOptions, ownOptionsOf } from './ownOptions.js';
import { systemUser } from './principal.js';
import { systemsOf } from './runAndPlan.js';
import { runsText } from './runsText.js';
import { addShow } from './showRun.js';
import { sameJournal } from './waitingText.js';

const ID = ['<id>', 'id of the run, or its beginning'] as const;
const JSON_OUTCOME = 'print the outcome as JSON';
/** Runs that started one another in a row, from the one whose gate was overridden. */
const ANCESTORS_MAX = 100;

type Exit = (code: number) => void;

export function addRuns(parent: Command, application: Application, exit: Exit): void {
  addList(parent.command('list').description('List the latest runs.'), application);
  addShow(
    parent
      .command('show')
      .description('Show a run: its phases, gates and records, or a document of it.')
      .argument(...ID),
    application,
  );
  addResume(
    parent
      .command('resume')
      .description('Go on with an interrupted run.')
      .argument(...ID),
    application,
    exit,
  );
  const override = parent
    .command('override')
    .description('Let a gate pass that waits for it, and go on with its run.')
    .argument(...ID);
  addOverride(override, application, exit);
}

function addList(leaf: Command, application: Application): void {
  addOwnOptions(leaf, application, { json: 'print as JSON', usesJournal: true });
  leaf.action(async () => {
    const { db, json, verbose } = ownOptionsOf(leaf);
    await using runner = await application.open({ purpose: 'look', db, verbose });
    const runs = await runner.runs();
    process.stdout.write(json ? jsonText(runs) : runsText(runs));
  });
}

function addResume(leaf: Command, application: Application, exit: Exit): void {
  addOwnOptions(leaf, application, { json: JSON_OUTCOME, usesJournal: true, follows: true });
  leaf.action((id: string) => goOn(leaf, application, { exit, begin: (runner) => runner.resume(id) }));
}

function addOverride(leaf: Command, application: Application, exit: Exit): void {
  leaf
    .argument('<gate>', 'name of the gate')
    .addOption(new Option('--reason <text>', 'why it may pass').makeOptionMandatory().argParser(readText))
    .addOption(new Option('--by <name>', 'who lets it pass (default: the user of the operating system)').argParser(readText));
  addOwnOptions(leaf, application, { json: JSON_OUTCOME, usesJournal: true, follows: true });
  leaf.action((id: string, gate: string) => {
    const { reason, by = systemUser() } = leaf.opts<{ readonly reason: string; readonly by?: string }>();
    const begin = async (runner: CommandRunner) => wholeOf(await runner.override(id, gate, { by, reason }), runner);
    return goOn(leaf, application, { exit, begin });
  });
}

interface Going {
  readonly exit: Exit;
  readonly begin: (runner: CommandRunner) => Promise<Run<unknown>>;
}

/** Takes a run that was there before to its end. */
async function goOn(leaf: Command, application: Application, { exit, begin }: Going): Promise<void> {
  const { db, json, verbose, wait } = ownOptionsOf(leaf);
  await using runner = await application.open({ purpose: 'resume', db, verbose });
  const run = await begin(runner);
  const spec = runner.commands.find(({ name }) => name === run.command);
  const systems = spec ? await systemsIn(run, spec, runner) : [];
  exit(await followRun(run, { runner, spec: spec ?? {}, json, wait, systems, journal: sameJournal(leaf) }));
}

/** None where its params are not valid any more, such as a path that is gone; the run goes on by what it recorded. */
async function systemsIn(run: Run<unknown>, spec: RegisteredCommand, runner: CommandRunner): Promise<readonly string[]> {
  const { params } = await runner.history(run.id);
  try {
    return await systemsOf(spec, params as object, runner);
  } catch {
    return [];
  }
}

/** The outermost run that the given one is a part of and that has not ended: without it, nobody would take its result. */
async function wholeOf(part: Run<unknown>, runner: CommandRunner): Promise<Run<unknown>> {
  let whole = part.id;
  for (let n = 0; n < ANCESTORS_MAX; n += 1) {
    const { parent } = await runner.document(whole);
    if (parent === null || (await runner.document(parent)).endedAt !== null) break;
    whole = parent;
  }
  return whole === part.id ? part : runner.resume(whole);
}

function readText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

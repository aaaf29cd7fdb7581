/** Takes a run that was there before to its end, and says first what is to be said. */
import type { Command } from 'commander';
import type { CommandRunner, RegisteredCommand, Run } from '../../index.js';
import type { Application } from '../Application.js';
import { followRun } from '../followRun.js';
import { ownOptionsOf } from '../ownOptions.js';
import { systemsOf } from '../runAndPlan.js';
import { sameJournal } from '../waitingText.js';

/** Runs that started one another in a row, from the one that was decided about. */
const ANCESTORS_MAX = 100;

export type Exit = (code: number) => void;

export interface Going {
  readonly exit: Exit;
  /** Undefined where nothing is left to be done here. */
  readonly begin: (runner: CommandRunner) => Promise<Run<unknown> | undefined>;
  /** Another process may have the run: it is only looked at, and Ctrl-C leaves it alone. @default false */
  readonly elsewhere?: (runner: CommandRunner) => Promise<boolean>;
}

export async function goOn(leaf: Command, application: Application, { exit, begin, elsewhere }: Going): Promise<void> {
  const { db, json, verbose, wait } = ownOptionsOf(leaf);
  await using runner = await application.open({ purpose: 'resume', db, verbose });
  const foreign = (await elsewhere?.(runner)) === true;
  const run = await begin(runner);
  if (!run) return;
  const spec = runner.commands.find(({ name }) => name === run.command);
  const systems = spec ? await systemsIn(run, spec, runner) : [];
  exit(await followRun(run, { runner, spec: spec ?? {}, json, wait, systems, journal: sameJournal(leaf), foreign }));
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

/** Whether another process is at work on it. To be asked before this one takes it. */
export async function isElsewhere(runner: CommandRunner, id: string): Promise<boolean> {
  return (await runner.history(id)).state === 'running';
}

/** Id of the outermost run that the given one is a part of and that has not ended: without it, nobody would take its result. */
export async function wholeOf(part: string, runner: CommandRunner): Promise<string> {
  let whole = (await runner.history(part)).id;
  for (let n = 0; n < ANCESTORS_MAX; n += 1) {
    const { parent } = await runner.document(whole);
    if (parent === null || (await runner.document(parent)).endedAt !== null) break;
    whole = parent;
  }
  return whole;
}

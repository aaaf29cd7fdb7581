/** `sixfold run` and `sixfold plan`: a subcommand for every command of the application. */
import type { Command } from 'commander';
import { type CommandRunner, OrchestrationCommand, type RegisteredCommand } from '../index.js';
import type { Application } from './Application.js';
import { followRun } from './followRun.js';
import { addOwnOptions, ownOptionsOf } from './ownOptions.js';
import { addParams, inFlags, paramsFrom } from './paramsOptions.js';
import { addPlanOptions } from './plan/planOptions.js';
import { showPlan } from './plan/showPlan.js';
import { sameJournal } from './waitingText.js';

export function addRun(parent: Command, application: Application, exit: (code: number) => void): void {
  refuseIfEmpty(parent, application);
  for (const spec of application.commands) {
    const leaf = leafOf(parent, spec);
    const json = 'print the outcome as JSON on standard output';
    addOwnOptions(leaf, application, { json, usesJournal: true, follows: true, starts: true });
    act(leaf, spec, async () => {
      const { db, verbose, principal, ...follow } = ownOptionsOf(leaf);
      await using runner = await application.open({ purpose: 'start', db, verbose });
      const params = paramsFrom(leaf, spec.params);
      const systems = await systemsOf(spec, params, runner);
      const run = await runner.start(spec.type, params, { principal });
      exit(await followRun(run, { ...follow, runner, spec, systems, journal: sameJournal(leaf) }));
    });
  }
}

export function addPlan(parent: Command, application: Application): void {
  refuseIfEmpty(parent, application);
  for (const spec of application.commands) {
    const leaf = leafOf(parent, spec);
    addPlanOptions(leaf);
    addOwnOptions(leaf, application, { json: 'print the plan as JSON', usesJournal: false });
    act(leaf, spec, async () => {
      const { json, verbose } = ownOptionsOf(leaf);
      process.exitCode = await showPlan(leaf, json, async () => {
        await using runner = await application.open({ purpose: 'plan', db: undefined, verbose });
        return runner.plan(spec.type, paramsFrom(leaf, spec.params));
      });
    });
  }
}

function refuseIfEmpty(parent: Command, { commands }: Application): void {
  if (commands.length > 0) return;
  parent.argument('[name]').action(() => parent.error('error: the application has no commands. Add them to `commands` of sixfoldModule.'));
}

function leafOf(parent: Command, spec: RegisteredCommand): Command {
  const leaf = parent.command(spec.name).description(spec.description ?? '');
  addParams(leaf, spec.params);
  if (spec.examples) leaf.addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  sixfold ${example}`).join('\n')}`);
  return leaf;
}

function act(leaf: Command, spec: RegisteredCommand, body: () => Promise<void>): void {
  leaf.action(() =>
    body().catch((error: unknown) => {
      throw inFlags(error, spec.params);
    }),
  );
}

/** The systems that a run has, for its progress; a plain command has none. */
export async function systemsOf(spec: RegisteredCommand, params: object, runner: CommandRunner): Promise<readonly string[]> {
  if (!(spec.type.prototype instanceof OrchestrationCommand)) return [];
  const { waves } = await runner.plan(spec.type, params);
  return waves.flat();
}

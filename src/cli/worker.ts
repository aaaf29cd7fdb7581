/** `sixfold worker`: serves the commands of an application until it is told to stop. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ListenOptions } from '../engine/restate/index.js';
import { type CommandRunner, oneLine, UsageError } from '../index.js';
import type { Application } from './Application.js';
import { chosenEngine, ENGINE_VARIABLES, ENGINES } from './chosenEngine.js';
import { EXIT } from './exitCodes.js';
import { readDuration } from './optionValues.js';
import { addOwnOptions, ownOptionsOf } from './ownOptions.js';
import { RunsHere } from './RunsHere.js';
import type { Exit } from './runs/goOn.js';
import { stay } from './stay.js';

interface WorkerOptions {
  readonly engine?: string;
  readonly ingress?: string;
  readonly admin?: string;
  readonly listen?: ListenOptions;
  readonly shared?: boolean;
  readonly advertise?: string;
  readonly identityKey?: readonly string[];
  readonly acceptUnsigned?: boolean;
  readonly drain?: number;
}

/** The options that belong to `--engine`. */
const SETTINGS: readonly string[] = ['ingress', 'admin', 'listen', 'shared', 'advertise', 'identityKey', 'acceptUnsigned', 'drain'];
const DRAIN_MS = 30_000;
/** Ids that are named when the worker stops; the rest is counted. */
const SHOWN_MAX = 20;

const WHICH_ENGINE = `
Without --engine it serves the engine of the application: on an embedded one it goes on with what is in the journal and
takes over from processes that died; a Restate engine needs \`listen\`. With --engine restate, or $${ENGINE_VARIABLES.engine}=restate, the same
commands are served to Restate, whatever engine the application has. The other commands of sixfold follow the variables too.

Ctrl-C or SIGTERM: takes nothing more, waits for the steps under way, says what is left to others, and exits with 0.
A second Ctrl-C ends it at once.`;

export function addWorker(leaf: Command, application: Application, exit: Exit): void {
  const { engine, ingress, admin, identityKeys } = ENGINE_VARIABLES;
  leaf
    .addOption(new Option('--engine <name>', `serve this engine instead of the application's (default: $${engine})`).choices(ENGINES))
    .option('--ingress <url>', `Restate's ingress, such as http://127.0.0.1:8080 (default: $${ingress})`)
    .option(
      '--admin <url>',
      `Restate's admin interface, where the worker makes itself known (default: $${admin}; without one it is registered by hand)`,
    )
    .addOption(
      new Option('--listen <host:port>', 'where it listens (default: 127.0.0.1:9080); port 0 takes a free one').argParser(readListen),
    )
    .option('--shared', 'several workers of this machine listen there together')
    .option('--advertise <url>', 'where Restate finds it (default: where it listens)')
    .option(
      '--identity-key <key...>',
      `public keys of the cluster, publickeyv1_…, that sign its requests (default: $${identityKeys}, by commas)`,
    )
    .option('--accept-unsigned', 'take requests that nobody signed, for a server of your own machine')
    .addOption(new Option('--drain <duration>', 'how long to wait for steps under way at the end (default: 30s)').argParser(readDuration))
    .addHelpText('after', WHICH_ENGINE);
  addOwnOptions(leaf, application, { usesJournal: true });
  leaf.action(async () => {
    const { db, verbose } = ownOptionsOf(leaf);
    const chosen = await engineOf(leaf);
    const here = new RunsHere(say);
    const stopping = untilTold();
    const start = { ...(chosen && { engine: chosen }), telemetry: here.around.bind(here) };
    await using runner = await application.open({ purpose: 'serve', db, verbose, start });
    refuseIdle(runner);
    say(standingOf(runner, application));
    const end = stay();
    await stopping;
    here.stopping = true;
    say(stoppingText(here.underWay.length));
    await runner[Symbol.asyncDispose]();
    end();
    say(leftText(here.left));
    exit(EXIT.done);
  });
}

/** Undefined for that of the application, which has its own settings. */
function engineOf(leaf: Command) {
  const given = leaf.opts<WorkerOptions>();
  const { listen, shared = false, advertise: advertised, identityKey, drain: drainMs = DRAIN_MS, ...flags } = given;
  const isChosen = (flags.engine ?? process.env[ENGINE_VARIABLES.engine] ?? '') !== '';
  const [stray] = isChosen
    ? []
    : leaf.options.filter((option) => SETTINGS.includes(option.attributeName()) && option.attributeName() in given);
  if (stray) leaf.error(`error: ${stray.long ?? stray.flags} belongs to --engine, and the engine of the application has its own settings`);
  return chosenEngine({
    ...flags,
    listen: { ...listen, shared, ...(advertised !== undefined && { advertised }) },
    ...(identityKey && { identityKeys: identityKey }),
    drainMs,
  });
}

/** `9080`, `0.0.0.0:9080`, `[::1]:9080`. @throws InvalidArgumentError */
function readListen(text: string): ListenOptions {
  const [, bracketed, plain, digits = ''] = /^(?:(?:\[([^\]]+)\]|([^:\]]+)):)?(\d{1,5})$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  const port = digits === '' ? Number.NaN : Number(digits);
  if (port <= 65_535) return { port, ...(host !== undefined && { host }) };
  throw new InvalidArgumentError('Give a port, or an address and a port, such as 9080, 0.0.0.0:9080 or [::1]:9080.');
}

/** @throws UsageError `WORKER_NOT_STARTED` */
function refuseIdle({ engine: { name, serving } }: CommandRunner): void {
  if (name !== 'restate' || serving) return;
  throw new UsageError(
    'WORKER_NOT_STARTED',
    "The application's Restate engine begins runs and drives none. Give restateEngine `listen`, or give --engine restate here.",
  );
}

function standingOf({ engine: { name, serving } }: CommandRunner, { commands }: Application): string {
  const lines = [`Worker on the engine ${name}, with ${commands.map((one) => `${one.name} (version ${one.version})`).join(', ')}.`];
  if (serving) lines.push(`Listens for Restate at ${serving.url}.`, deploymentOf(serving));
  else lines.push('Goes on with what the journal has.');
  return lines.join('\n');
}

function deploymentOf({ url, deployment }: NonNullable<CommandRunner['engine']['serving']>): string {
  if (deployment !== undefined) return `Restate knows it as deployment ${deployment}.`;
  return `It is not made known to Restate, for want of --admin. Do so with: restate deployments register ${url}`;
}

function stoppingText(count: number): string {
  const work = count === 0 ? 'Nothing is under way' : `Steps of ${count === 1 ? '1 run' : `${count} runs`} are waited for`;
  return `Stopping; nothing more is taken. ${work}. Press Ctrl-C again to leave at once.`;
}

function leftText(left: readonly string[]): string {
  if (left.length === 0) return 'Stopped. Nothing was left unfinished here.';
  const more = left.length > SHOWN_MAX ? `, and ${left.length - SHOWN_MAX} more` : '';
  const which = left.slice(-SHOWN_MAX).join(', ');
  return `Stopped. Another worker with the same code goes on with ${left.length === 1 ? '1 run' : `${left.length} runs`}: ${which}${more}.`;
}

/** Resolves with the first signal; the second ends the process. */
function untilTold(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let told = false;
  const onSignal = (): void => {
    if (told) process.exit(EXIT.interrupted);
    told = true;
    resolve();
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return promise;
}

function say(text: string): void {
  process.stderr.write(`${text.split('\n').map(oneLine).join('\n')}\n`);
}

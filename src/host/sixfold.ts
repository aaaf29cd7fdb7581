/** Sixfold in a host application: the Inversify module, and the start. */
import { type Container, ContainerModule } from 'inversify';
import type { AnyCommand } from '../abstract/AbstractCommand.js';
import type { Authorizer } from '../abstract/Authorizer.js';
import type { RegisteredCommand } from '../abstract/command.js';
import { declaredFieldClass } from '../abstract/fieldClasses.js';
import type { Telemetry } from '../abstract/Telemetry.js';
import type { Engine } from '../engine/Engine.js';
import type { Class } from '../kernel/Class.js';
import { Codec } from '../kernel/codec/Codec.js';
import { UsageError } from '../kernel/errors.js';
import type { Logger } from '../kernel/Logger.js';
import { type SecretProvider, SecretVault } from '../kernel/SecretVault.js';
import { CommandProgram } from './CommandProgram.js';
import { CommandRegistry } from './CommandRegistry.js';
import { CommandRunner } from './CommandRunner.js';
import { inheritInjections, resolved } from './commandBinding.js';
import { consoleLogger } from './consoleLogger.js';
import { RunStarter } from './RunStarter.js';
import { availabilityOf } from './reliability/availabilityOf.js';
import { reliabilityOf } from './reliability/reliabilityOf.js';
import { environmentSecrets } from './secretProviders.js';

export interface SixfoldOptions {
  readonly engine: Engine;
  readonly commands: readonly Class<AnyCommand>[];
  /** The host's own winston logger. @default warnings and errors as JSON on standard error */
  readonly logger?: Logger;
  /** Says who may run what. @default whoever holds the runner may run everything */
  readonly authorizer?: Authorizer;
  /** Where references to secrets are resolved. @default `env:NAME`, the environment */
  readonly secrets?: readonly SecretProvider[];
  /** What traces and metrics go to. @default the OpenTelemetry that is registered globally, if one is */
  readonly telemetry?: Telemetry;
}

/** Where a container keeps what the module was given. */
const OPTIONS = Symbol.for('sixfold.options');

/** Registers commands and engine in the host's container. A command that the host bound itself keeps its binding. */
export function sixfoldModule(options: SixfoldOptions): ContainerModule {
  return new ContainerModule(({ bind, isBound }) => {
    bind<SixfoldOptions>(OPTIONS).toConstantValue(options);
    for (const type of options.commands) {
      if (isBound(type)) continue;
      inheritInjections(type);
      resolved(type, () => bind(type).toSelf().inTransientScope());
    }
  });
}

export interface StartOptions {
  /** Goes on with the runs that an earlier process left, and takes those that a server hands out. @default true */
  readonly resume?: boolean;
  /** Keeps the runs instead of the engine of the module: the same application on a cluster, or in memory for a test. @default the module's */
  readonly engine?: Engine;
  /** Puts something around the telemetry of the module. @default the module's alone */
  readonly telemetry?: (own: Telemetry) => Telemetry;
}

/**
 * Opens the journal, binds CommandRunner to exactly this container and resumes interrupted runs. Dispose what it returns:
 * that closes the journal and hands unfinished runs back.
 *
 * @throws UsageError `SIXFOLD_NOT_LOADED`, `SIXFOLD_LOADED_TWICE`, those of `registeredCommand`, and those of the engine's journal.
 */
export async function startSixfold(container: Container, start: StartOptions = {}): Promise<CommandRunner> {
  const options = optionsOf(container);
  const { commands, logger: given, authorizer } = options;
  const { resume = true, engine = options.engine, telemetry = asItIs } = start;
  const registry = new CommandRegistry(commands);
  const secrets = new SecretVault(options.secrets ?? [environmentSecrets()]);
  const codec = new Codec(declaredFieldClass, secrets);
  const logger = given ?? consoleLogger('warn', 'json');
  const starter = new RunStarter(engine, registry, codec);
  const earlier = { availability: async () => availabilityOf(await reliabilityOf(engine)) };
  const parts = { container, codec, logger, secrets, children: starter, authorizer, earlier };
  await engine.open({
    codec,
    logger,
    secrets,
    commands: registry.all.map(({ name }) => name),
    queues: registry.queues,
    telemetry: telemetry(options.telemetry ?? (await defaultTelemetry())),
    load: (started, origin) => new CommandProgram({ command: registry.named(started.command), started, origin }, parts),
  });
  try {
    const runner = new CommandRunner({ container, engine, registry, codec, starter });
    if (!container.isCurrentBound(CommandRunner)) container.bind(CommandRunner).toConstantValue(runner);
    if (resume) await engine.adopt();
    return runner;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/**
 * The commands that the container's sixfoldModule was given, each checked, without opening the journal.
 *
 * @throws UsageError `SIXFOLD_NOT_LOADED`, `SIXFOLD_LOADED_TWICE`, `COMMAND_TWICE` and those of `registeredCommand`.
 */
export function registeredCommandsOf(container: Container): readonly RegisteredCommand[] {
  return new CommandRegistry(optionsOf(container).commands).all;
}

function optionsOf(container: Container): SixfoldOptions {
  if (!container.isCurrentBound(OPTIONS)) {
    throw new UsageError(
      'SIXFOLD_NOT_LOADED',
      'The container does not have sixfoldModule. Call container.load(sixfoldModule({ engine, commands })) first.',
    );
  }
  const loaded = container.getAll<SixfoldOptions>(OPTIONS);
  const [options] = loaded;
  if (!options || loaded.length > 1) {
    throw new UsageError(
      'SIXFOLD_LOADED_TWICE',
      `The container has sixfoldModule ${loaded.length} times. Load it once, with all commands.`,
    );
  }
  return options;
}

function asItIs(own: Telemetry): Telemetry {
  return own;
}

/** Loaded late, since most of its cost is the API's. */
async function defaultTelemetry(): Promise<Telemetry> {
  const { openTelemetry } = await import('../observability/openTelemetry.js');
  return openTelemetry();
}

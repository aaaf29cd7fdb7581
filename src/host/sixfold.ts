/** Sixfold in a host application: the Inversify module, and the start. */
import { type Container, ContainerModule } from 'inversify';
import type { AnyCommand } from '../abstract/AbstractCommand.js';
import { declaredFieldClass } from '../abstract/fieldClasses.js';
import type { Logger } from '../abstract/Logger.js';
import type { Engine } from '../engine/Engine.js';
import type { Class } from '../kernel/Class.js';
import { Codec } from '../kernel/codec/Codec.js';
import { messageOf, UsageError } from '../kernel/errors.js';
import { CommandProgram } from './CommandProgram.js';
import { CommandRegistry } from './CommandRegistry.js';
import { CommandRunner } from './CommandRunner.js';
import { consoleLogger } from './consoleLogger.js';

export interface SixfoldOptions {
  readonly engine: Engine;
  readonly commands: readonly Class<AnyCommand>[];
  /** The host's own winston logger. @default warnings and errors as JSON on standard error */
  readonly logger?: Logger;
}

/** Where a container keeps what the module was given. */
const OPTIONS = Symbol.for('sixfold.options');

/** Registers commands and engine in the host's container. A command that the host bound itself keeps its binding. */
export function sixfoldModule(options: SixfoldOptions): ContainerModule {
  return new ContainerModule(({ bind, isBound }) => {
    bind<SixfoldOptions>(OPTIONS).toConstantValue(options);
    for (const type of options.commands) if (!isBound(type)) bind(type).toSelf().inTransientScope();
  });
}

export interface StartOptions {
  /** Goes on with the runs that an earlier process left. @default true */
  readonly resume?: boolean;
}

/**
 * Opens the journal, binds CommandRunner to exactly this container and resumes interrupted runs. Dispose what it returns:
 * that closes the journal and hands unfinished runs back.
 *
 * @throws UsageError `SIXFOLD_NOT_LOADED`, `SIXFOLD_LOADED_TWICE`, those of `registeredCommand`, and those of the engine's journal.
 */
export async function startSixfold(container: Container, { resume = true }: StartOptions = {}): Promise<CommandRunner> {
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
  const { engine, commands, logger: given } = options;
  const registry = new CommandRegistry(commands);
  const codec = new Codec(declaredFieldClass);
  const logger = given ?? consoleLogger('warn', 'json');
  await engine.open({ codec, logger, load: (run) => new CommandProgram(registry.named(run.command), run, { container, codec, logger }) });
  try {
    const runner = new CommandRunner({ container, engine, registry, codec });
    if (!container.isCurrentBound(CommandRunner)) container.bind(CommandRunner).toConstantValue(runner);
    if (resume) await resumeInterrupted(engine, logger);
    return runner;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** A run that cannot be resumed does not keep the others from it. */
async function resumeInterrupted(engine: Engine, logger: Logger): Promise<void> {
  for (const id of await engine.interrupted()) {
    try {
      const run = await engine.resume(id);
      run.ended().catch((error: unknown) => logger.warn(`Run ${id} was not resumed: ${messageOf(error)}`, { run: id }));
    } catch (error) {
      logger.warn(`Run ${id} was not resumed: ${messageOf(error)}`, { run: id });
    }
  }
}

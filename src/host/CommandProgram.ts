/** One load of a command: a fresh instance from the container, driven through its lifecycle. */
import type { Container } from 'inversify';
import { type AnyCommand, lifecycleOf } from '../abstract/AbstractCommand.js';
import { driverOverridden, isCommand, type RegisteredCommand } from '../abstract/command.js';
import type { DurableRun } from '../abstract/DurableRun.js';
import { driveLifecycle, type LifecycleBodies } from '../abstract/Lifecycle.js';
import type { Logger } from '../abstract/Logger.js';
import { RunContext } from '../abstract/RunContext.js';
import type { Program, StartedRun } from '../engine/Engine.js';
import type { Class } from '../kernel/Class.js';
import type { Codec } from '../kernel/codec/Codec.js';
import { chainHash } from '../kernel/digest.js';
import { messageOf, UsageError } from '../kernel/errors.js';

export interface ProgramParts {
  readonly container: Container;
  readonly codec: Codec;
  readonly logger: Logger;
}

export class CommandProgram implements Program {
  readonly fingerprint: string;
  private readonly instance: AnyCommand;
  private context: RunContext | undefined;
  private bodies: LifecycleBodies<unknown> | undefined;

  constructor(
    private readonly command: RegisteredCommand,
    private readonly started: StartedRun,
    private readonly parts: ProgramParts,
  ) {
    this.instance = instanceOf(command.type, parts.container);
    this.fingerprint = fingerprintOf(command);
  }

  async run(durable: DurableRun): Promise<unknown> {
    const { codec, logger } = this.parts;
    const { name, params } = this.command;
    const context = new RunContext(durable, { command: name, principal: codec.decode(this.started.principal) }, logger);
    this.context = context;
    const given = codec.decode(this.started.params, params) as object;
    const bodies = this.instance[lifecycleOf]({ command: name, params: given, run: context });
    this.bodies = bodies;
    return driveLifecycle(bodies, (phase) => context.enter(phase));
  }

  encodeResult(result: unknown): string {
    const declared = this.command.result as Class<object> | undefined;
    return this.parts.codec.encode(result, `the result of ${this.command.name}`, declared);
  }

  report(): string {
    return this.parts.codec.encode(this.bodies?.report() ?? { degraded: [], findings: [] }, 'the report of the run');
  }

  async unload(): Promise<void> {
    this.context?.enter('cleanup');
    for (const error of (await this.context?.close()) ?? []) {
      this.context?.log.error(`Something that was opened for the run could not be closed: ${messageOf(error)}`);
    }
  }
}

/** A new instance from exactly this container. @throws UsageError `COMMAND_UNKNOWN`, `DRIVER_OVERRIDDEN` */
export function instanceOf(type: Class<AnyCommand>, container: Container): AnyCommand {
  const instance: unknown = container.get(type);
  if (!isCommand(instance)) {
    throw new UsageError(
      'COMMAND_UNKNOWN',
      `The container gives something else for ${type.name}. Bind it to itself, or leave the binding to sixfoldModule.`,
      {
        details: { class: type.name },
      },
    );
  }
  if (Object.hasOwn(instance, 'execute')) throw driverOverridden(type.name);
  return instance;
}

/** Changes when the source of the class or of one of its bases does; the code that they call is not looked at. */
export function fingerprintOf(command: RegisteredCommand): string {
  const sources: string[] = [];
  for (let type: unknown = command.type; typeof type === 'function' && type !== Function.prototype; type = Object.getPrototypeOf(type)) {
    sources.push(Function.prototype.toString.call(type));
  }
  return chainHash(command.name, command.version, ...sources);
}

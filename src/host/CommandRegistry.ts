import type { AnyCommand } from '../abstract/AbstractCommand.js';
import { type RegisteredCommand, registeredCommand } from '../abstract/command.js';
import { refuseOtherLimits } from '../abstract/QueueSpec.js';
import type { TypedCommand } from '../abstract/TypedCommand.js';
import type { QueueLimits } from '../engine/Engine.js';
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';

/** The commands of one application, by class and by name. */
export class CommandRegistry {
  private readonly byName = new Map<string, RegisteredCommand>();
  private readonly byQueue = new Map<string, RegisteredCommand>();
  private readonly byType = new Map<Class<TypedCommand>, RegisteredCommand>();

  /** @throws UsageError for a class that could not run; see `registeredCommand`; `COMMAND_TWICE`, `QUEUE_INVALID`. */
  constructor(types: readonly Class<AnyCommand>[]) {
    for (const type of types) {
      const registered = registeredCommand(type);
      const other = this.byName.get(registered.name);
      if (other && other.type !== type) {
        throw new UsageError(
          'COMMAND_TWICE',
          `${type.name} and ${other.type.name} are both named "${registered.name}". Rename one of them.`,
          {
            details: { name: registered.name },
          },
        );
      }
      this.admitQueue(registered);
      this.byName.set(registered.name, registered);
      this.byType.set(type, registered);
    }
  }

  private admitQueue(registered: RegisteredCommand): void {
    if (!registered.queue) return;
    const name = registered.queue.name ?? registered.name;
    const other = this.byQueue.get(name);
    if (other?.queue) refuseOtherLimits(other.queue, registered.queue, [other.type, registered.type], name);
    this.byQueue.set(name, registered);
  }

  get all(): readonly RegisteredCommand[] {
    return [...this.byName.values()];
  }

  /** The limits of the queues that commands name. */
  get queues(): readonly QueueLimits[] {
    return [...this.byQueue].map(([name, { queue }]) => ({ name, concurrency: queue?.concurrency, rate: queue?.rate }));
  }

  /** @throws UsageError `COMMAND_UNKNOWN` */
  ofType(type: Class<TypedCommand>): RegisteredCommand {
    const found = this.byType.get(type);
    if (found) return found;
    throw new UsageError('COMMAND_UNKNOWN', `${type.name} is not registered. Add it to \`commands\` of sixfoldModule.`, {
      details: { class: type.name },
    });
  }

  /** @throws UsageError `COMMAND_UNKNOWN` */
  named(name: string): RegisteredCommand {
    const found = this.byName.get(name);
    if (found) return found;
    const known = [...this.byName.keys()].join(', ') || 'none';
    throw new UsageError('COMMAND_UNKNOWN', `No registered command is named "${name}"; there are: ${known}.`, { details: { name } });
  }
}

import type { AnyCommand } from '../abstract/AbstractCommand.js';
import { type RegisteredCommand, registeredCommand } from '../abstract/command.js';
import type { TypedCommand } from '../abstract/TypedCommand.js';
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';

/** The commands of one application, by class and by name. */
export class CommandRegistry {
  private readonly byName = new Map<string, RegisteredCommand>();
  private readonly byType = new Map<Class<TypedCommand>, RegisteredCommand>();

  /** @throws UsageError for a class that could not run; see `registeredCommand`; `COMMAND_TWICE`. */
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
      this.byName.set(registered.name, registered);
      this.byType.set(type, registered);
    }
  }

  get all(): readonly RegisteredCommand[] {
    return [...this.byName.values()];
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

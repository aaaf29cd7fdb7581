import { UsageError } from '../../index.js';

/** A command's name, and what the templates make of it. */
export interface CommandNames {
  /** `ship-order` */
  readonly command: string;
  /** `ShipOrder` */
  readonly type: string;
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
/** What the templates import or declare beside the command itself. */
const TAKEN: ReadonlySet<string> = new Set([
  'Call',
  'Charge',
  'CommandContext',
  'CommandFailure',
  'Container',
  'Default',
  'EventHandlingResults',
  'Interactions',
  'Inventory',
  'OrchestrationCommand',
  'Payment',
  'Payments',
  'PlainCommand',
  'Reservation',
  'ReserveStock',
  'StateManagementResults',
  'System',
  'Systems',
]);

/** @throws UsageError `COMMAND_NAME_INVALID` for a name that no command may have, or whose class would hide another one. */
export function commandNames(command: string): CommandNames {
  if (!NAME.test(command)) {
    throw new UsageError(
      'COMMAND_NAME_INVALID',
      `"${command}" cannot be a command's name: it is lower case words joined by hyphens, such as "ship-order".`,
      { details: { name: command } },
    );
  }
  const type = command
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('');
  if (TAKEN.has(type) || type in globalThis) {
    throw new UsageError(
      'COMMAND_NAME_INVALID',
      `The class of "${command}" would be ${type}, and there is one of that name already. Choose another name, such as "run-${command}".`,
      { details: { name: command } },
    );
  }
  return { command, type };
}

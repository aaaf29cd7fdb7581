/** Where a run is to be found in Restate: its id says which command it is of, and under which key. */
import { randomUUID } from 'node:crypto';
import { digest } from '../../kernel/digest.js';
import { UsageError } from '../../kernel/errors.js';

export interface Address {
  readonly service: string;
  readonly key: string;
}

/** Handlers of the service that a command becomes. */
export const RUN = 'run';
export const POST = 'post';
/** The service of the queues, one object for each. */
export const QUEUE = 'sixfold-queue';

/** A command and a key, both of characters that mean nothing in an address of HTTP. */
const ID = /^([a-z0-9-]+)\.([A-Za-z0-9_-]+)$/;

/** The same for the same key of a command. */
export function newRunId(command: string, key?: string): string {
  return `${command}.${key === undefined ? randomUUID() : digest(key)}`;
}

/** @param turn how often the run was gone on with after its end @throws UsageError `RUN_NOT_FOUND` for an id of another engine */
export function addressOf(run: string, turn = 0): Address {
  const [, service = '', key] = ID.exec(run) ?? [];
  if (key === undefined) {
    throw new UsageError(
      'RUN_NOT_FOUND',
      `"${run}" is no id of a run on Restate: those are COMMAND.KEY. \`sixfold runs list\` shows them.`,
      {
        details: { run },
      },
    );
  }
  return { service, key: turn === 0 ? key : `${key}~${turn}` };
}

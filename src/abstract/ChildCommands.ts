import type { Class } from '../kernel/Class.js';
import type { TypedCommand } from './TypedCommand.js';

export interface ChildRequest {
  readonly type: Class<TypedCommand>;
  readonly params: object;
  /** Idempotency key: the same child, also after a crash. */
  readonly key: string;
  readonly signal: AbortSignal;
  readonly deadline: Date | undefined;
  readonly principal: unknown;
  /** Told the id of the child when it has begun. */
  readonly begun: (runId: string) => void;
  /** Id of the run that asks. */
  readonly parent: string;
}

export interface ChildDescription {
  readonly name: string;
  readonly params: Class<object>;
  readonly result: Class<object> | undefined;
}

/** The other commands of the application, for a run that executes one. */
export interface ChildCommands {
  /** @throws UsageError `COMMAND_UNKNOWN` */
  describe(type: Class<TypedCommand>): ChildDescription;
  /** Runs it to its end. */
  run(request: ChildRequest): Promise<unknown>;
}

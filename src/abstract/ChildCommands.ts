import type { Class } from '../kernel/Class.js';
import type { TypedCommand } from './TypedCommand.js';

export interface ChildRequest {
  readonly type: Class<TypedCommand>;
  readonly params: object;
  /** Idempotency key: the same run, also after a crash. */
  readonly key: string;
  readonly deadline: Date | undefined;
  readonly principal: unknown;
  /** Id of the run that asks. */
  readonly parent: string;
  /** A run of that key that was cancelled, or undid what it did, is not the one: another is begun. @default false */
  readonly afresh?: boolean;
  /** Identity of the step of that run which waits for the child; undefined when none does. */
  readonly parentStep: string | undefined;
}

export interface ChildDescription {
  readonly name: string;
  readonly params: Class<object>;
  readonly result: Class<object> | undefined;
}

/** The other commands of the application, for a run that begins one. */
export interface ChildCommands {
  /** @throws UsageError `COMMAND_UNKNOWN` */
  describe(type: Class<TypedCommand>): ChildDescription;
  /**
   * Begins a run, or finds the one that was begun with that key; does not wait for it.
   *
   * @returns its id
   * @throws UsageError for what it is refused with before it begins, such as `PARAMS_INVALID`; anything else says nothing definite.
   */
  begin(request: ChildRequest): Promise<string>;
}

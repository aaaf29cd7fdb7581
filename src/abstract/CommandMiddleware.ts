import type { CommandContext } from './CommandContext.js';

/** The command that a middleware stands around. */
export interface Invocation {
  readonly command: string;
  readonly params: object;
  readonly ctx: CommandContext;
}

export type Ending = { readonly result: unknown } | { readonly error: unknown };

/**
 * Stands around every command of an application. Bind as many as you like under this class:
 * `container.bind(CommandMiddleware).to(Timing)`. `before` is called in the order of binding, `after` in the reverse order.
 *
 * Both are code of the run: they run again on replay, and whatever has an effect belongs into `ctx.step`. A refused
 * principal is turned away before any middleware is asked.
 */
export abstract class CommandMiddleware {
  /** Begins the setup phase. What it throws fails the run, and the command itself is not begun. */
  before?(invocation: Invocation): void | Promise<void>;
  /**
   * Called for each one whose `before` passed, when the command has ended and, if it failed, what it did was undone. What it
   * throws fails a run that had not failed. The error of a run that goes on as another has the code `RUN_CONTINUES`.
   */
  after?(invocation: Invocation, ending: Ending): void | Promise<void>;
}

import { AbstractCommand, hooksToWrite, lifecycleOf, type Preparation } from './AbstractCommand.js';
import type { CommandContext } from './CommandContext.js';
import type { LifecycleBodies } from './Lifecycle.js';
import { NOTHING_FOUND } from './RunReport.js';

/** A command that orchestrates no systems: one method, with everything that has an effect in `ctx.step`. */
export abstract class PlainCommand<P extends object, R> extends AbstractCommand<P, R> {
  /** The execution phase. Runs again from its start when an interrupted run is resumed; recorded steps are not repeated. */
  abstract run(params: P, ctx: CommandContext): Promise<R>;

  /** The validation phase: the place of gates that must pass before anything has an effect. */
  check?(params: P, ctx: CommandContext): Promise<void>;

  /** The completion phase: the place of gates on the result. What it throws fails the run. */
  verify?(result: R, params: P, ctx: CommandContext): Promise<void>;

  /** @internal */
  get [hooksToWrite](): readonly string[] {
    return ['run'];
  }

  /** @internal */
  override [lifecycleOf]({ params, run }: Preparation<P>): LifecycleBodies<R> {
    return {
      resultHook: 'run',
      ...(this.check ? { validation: async () => this.check?.(params, run) } : {}),
      execution: () => this.run(params, run),
      ...(this.verify ? { completion: async (result: R) => this.verify?.(result, params, run) } : {}),
      findings: () => NOTHING_FOUND,
    };
  }
}

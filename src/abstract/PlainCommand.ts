import { AbstractCommand, lifecycleOf, type Preparation } from './AbstractCommand.js';
import type { CommandContext } from './CommandContext.js';
import type { LifecycleBodies } from './Lifecycle.js';
import { forgottenAwait } from './RunReport.js';

/** A command that orchestrates no systems: one method, with everything that has an effect in `ctx.step`. */
export abstract class PlainCommand<P extends object, R> extends AbstractCommand<P, R> {
  /** Does the work. Runs again from its start when an interrupted run is resumed; recorded steps are not repeated. */
  abstract run(params: P, ctx: CommandContext): Promise<R>;

  /** @internal */
  override [lifecycleOf]({ params, run }: Preparation<P>): LifecycleBodies<R> {
    return {
      execution: () => this.run(params, run),
      report: () => ({ degraded: [], findings: run.unread().map(forgottenAwait) }),
    };
  }
}

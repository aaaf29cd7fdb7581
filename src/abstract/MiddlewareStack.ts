import type { CommandMiddleware, Ending, Invocation } from './CommandMiddleware.js';

/** The middleware of one run. Invariant: `after` is called once for each whose `before` passed, in the reverse order. */
export class MiddlewareStack {
  private readonly passed: CommandMiddleware[] = [];

  constructor(
    private readonly layers: readonly CommandMiddleware[],
    private readonly invocation: Invocation,
  ) {}

  /** @throws what a layer throws, once the layers before it have been told */
  async before(): Promise<void> {
    try {
      for (const layer of this.layers) {
        await layer.before?.(this.invocation);
        this.passed.push(layer);
      }
    } catch (error) {
      await this.after({ error });
      throw error;
    }
  }

  /** Asks every layer, also when one of them throws. @throws the first error of a layer, unless the command had failed itself */
  async after(ending: Ending): Promise<void> {
    const errors: unknown[] = [];
    for (let layer = this.passed.pop(); layer; layer = this.passed.pop()) {
      try {
        await layer.after?.(this.invocation, ending);
      } catch (error) {
        errors.push(error);
        this.invocation.ctx.log.error(`${layer.constructor.name}.after failed: ${String(error)}`);
      }
    }
    if (errors.length > 0 && 'result' in ending) throw errors[0];
  }
}

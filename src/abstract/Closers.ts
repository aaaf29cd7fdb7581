/**
 * What was opened for a run and has to be closed.
 *
 * Invariant: every closer runs exactly once, the last added first, also when another one throws.
 */
export class Closers {
  private readonly closers: (() => void | PromiseLike<void>)[] = [];

  add(close: () => void | PromiseLike<void>): void {
    this.closers.push(close);
  }

  /** Runs them; every error is kept and returned. */
  async close(): Promise<readonly unknown[]> {
    const errors: unknown[] = [];
    for (let close = this.closers.pop(); close; close = this.closers.pop()) {
      try {
        await close();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }

  get empty(): boolean {
    return this.closers.length === 0;
  }
}

/** The promise of an ask. Notes whether anybody looked at it, so that a forgotten await can be named (R7). */
export class AskedPromise<T> extends Promise<T> {
  looked = false;

  /** What `then` and `await` derive is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- that somebody calls it is what is noted
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.looked = true;
    return super.then(onFulfilled, onRejected);
  }

  /** Marks it as handled, without having looked: an error that nobody reads must not end the process. */
  handled(): this {
    super.then(undefined, () => undefined);
    return this;
  }
}

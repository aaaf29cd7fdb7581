/** The promise of an ask. Tells when somebody first looks at it, so that a forgotten await can be named (R7). */
export class AskedPromise<T> extends Promise<T> {
  /** Called once, at the first look. */
  onLook: (() => void) | undefined;

  /** What `then` and `await` derive is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // oxlint-disable-next-line unicorn/no-thenable -- that somebody calls it is what is noted
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.onLook?.();
    this.onLook = undefined;
    return super.then(onFulfilled, onRejected);
  }

  /** Marks it as handled, without having looked: an error that nobody reads must not end the process. */
  handled(): this {
    super.then(undefined, () => undefined);
    return this;
  }
}

/** Sees how a promise ends without having looked at it: whoever forgot to await it is named all the same. */
export function overlook<T>(promise: Promise<T>, onFulfilled: (value: T) => void, onRejected: (reason: unknown) => void): void {
  void Promise.prototype.then.call(promise, onFulfilled as (value: unknown) => void, onRejected);
}

/** The asks that nobody has looked at yet. Keeps nothing of the others. */
export class UnreadAsks {
  private readonly names = new Map<AskedPromise<never>, string>();

  note<T>(name: string, promise: AskedPromise<T>): AskedPromise<T> {
    const key = promise as AskedPromise<never>; // Only its identity counts.
    this.names.set(key, name);
    promise.onLook = () => this.names.delete(key);
    return promise;
  }

  get list(): readonly string[] {
    return [...this.names.values()];
  }
}

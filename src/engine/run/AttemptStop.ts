/**
 * Ends an attempt before its body does.
 *
 * Owns: the signal that the body may heed, which is made when it is looked at, since most never do and it is a good part of what a step
 * costs. Does not own: how long the body may take to heed it.
 */
export class AttemptStop {
  private controller: AbortController | undefined;
  private stopped: { readonly reason: unknown } | undefined;
  private tell: (() => void) | undefined;

  get signal(): AbortSignal {
    if (!this.controller) {
      this.controller = new AbortController();
      if (this.stopped) this.controller.abort(this.stopped.reason);
    }
    return this.controller.signal;
  }

  get aborted(): boolean {
    return this.stopped !== undefined;
  }

  get reason(): unknown {
    return this.stopped?.reason;
  }

  /** Of several reasons the first counts. */
  abort(reason: unknown): void {
    if (this.stopped) return;
    this.stopped = { reason };
    this.tell?.();
    this.controller?.abort(reason);
  }

  /** Calls it when the attempt is aborted, at once if it was, and before those who listen to the signal. Only one may listen. */
  whenAborted(tell: () => void): void {
    this.tell = tell;
    if (this.stopped) tell();
  }
}

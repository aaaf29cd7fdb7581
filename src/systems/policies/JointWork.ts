/**
 * Work that several callers wait for.
 *
 * Owns: the signal of the work. Invariants: it aborts when the last of those who wait has been aborted, with that one's reason, and
 * not before; each of them gets its own reason at once and leaves no listener behind.
 */
export class JointWork {
  private readonly controller = new AbortController();
  private waiting = 0;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** What the work gives, or the reason of the caller's signal as soon as it aborts. */
  async join<T>(output: Promise<T>, signal: AbortSignal): Promise<T> {
    this.waiting += 1;
    try {
      return await untilAborted(output, signal);
    } finally {
      this.waiting -= 1;
      if (this.waiting === 0 && signal.aborted) this.controller.abort(signal.reason);
    }
  }
}

async function untilAborted<T>(output: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([output, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

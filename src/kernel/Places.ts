/** Somebody who waits for a place. */
type Waiter = () => void;

/**
 * Places for so many at once; who finds none waits, first come first served.
 *
 * Owns: who waits. Does not own: who holds a place, only how many do.
 * Invariants: never more hold a place than there are; somebody waits only while none is free; who is aborted while waiting
 * gets none and leaves no listener behind.
 */
export class Places {
  private held = 0;
  private readonly queue = new Set<Waiter>();

  constructor(
    private readonly placesMax: number,
    private readonly waitingMax = Number.POSITIVE_INFINITY,
  ) {}

  /** How many places are taken. */
  get underWay(): number {
    return this.held;
  }

  get waiting(): number {
    return this.queue.size;
  }

  /** No place is free, and nobody more may wait for one. Whoever takes one all the same waits. */
  get isFull(): boolean {
    return this.held >= this.placesMax && this.queue.size >= this.waitingMax;
  }

  /**
   * Resolves when the caller holds a place, which it must give back.
   *
   * @throws the reason of the signal, at once when it aborts before there is a place
   */
  async take(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.held < this.placesMax) {
      this.held += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiter = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.queue.delete(waiter);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.queue.add(waiter);
    });
  }

  /** Gives a place back; who waited longest has it at once. */
  give(): void {
    const [next] = this.queue;
    if (!next) {
      this.held -= 1;
      return;
    }
    this.queue.delete(next);
    next();
  }
}

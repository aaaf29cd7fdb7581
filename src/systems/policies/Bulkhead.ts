import type { Call } from '../../kernel/Call.js';
import { TransientError } from '../../kernel/errors.js';
import { Places } from '../../kernel/Places.js';
import type { BulkheadPolicy } from '../Policy.js';
import type { OperationName } from './OperationName.js';
import type { BulkheadStanding } from './PolicyStanding.js';

const WAITING_MAX = 1000;

/** So many calls of an operation at once. A call keeps its place until the method has ended, also when it was aborted. */
export class Bulkhead {
  private readonly concurrencyMax: number;
  private readonly waitingMax: number;
  private readonly places: Places;

  constructor(
    private readonly name: OperationName,
    { concurrencyMax, waitingMax = WAITING_MAX }: BulkheadPolicy,
  ) {
    this.concurrencyMax = concurrencyMax;
    this.waitingMax = waitingMax;
    this.places = new Places(concurrencyMax, waitingMax);
  }

  get standing(): BulkheadStanding {
    return { underWay: this.places.underWay, waiting: this.places.waiting };
  }

  /** @throws TransientError `BULKHEAD_FULL`, or the reason of the signal that aborts while the call waits */
  async around<T>(call: Call, next: () => Promise<T>): Promise<T> {
    if (this.places.isFull) throw this.full();
    await this.places.take(call.signal);
    try {
      call.signal.throwIfAborted();
      return await next();
    } finally {
      this.places.give();
    }
  }

  private full(): TransientError {
    const { concurrencyMax, waitingMax, name } = this;
    return new TransientError(
      'BULKHEAD_FULL',
      `${name.system}.${name.operation} was not called: ${concurrencyMax} calls are under way and ${waitingMax} wait, as many as its policy allows.`,
      { details: { ...name, concurrencyMax, waitingMax } },
    );
  }
}

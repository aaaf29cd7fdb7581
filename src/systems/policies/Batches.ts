/**
 * Calls that come about the same time, made as one. Not by dataloader, which cannot take a call back that was aborted, and has a full
 * batch wait for its time.
 *
 * Owns: the batch that is being filled, its timer. Does not own: the time, the method.
 * Invariants: a batch has at most `itemsMax` items; who is aborted before it leaves is not in it; everybody in it gets an answer.
 */
import type { Call, Effect } from '../../kernel/Call.js';
import { chainHash } from '../../kernel/digest.js';
import { CommandFailure, OutcomeUnknownError } from '../../kernel/errors.js';
import type { BatchPolicy } from '../Policy.js';
import type { ForwardTime } from './ForwardTime.js';
import { JointWork } from './JointWork.js';
import type { OperationName } from './OperationName.js';
import { sharedCall } from './sharedCall.js';

/** One of the calls that are made as one. */
export interface BatchItem<I> {
  readonly input: I;
  /** The call of this item: its key is that of its step. Its signal aborts it alone; the batch has a call of its own. */
  readonly call: Call;
}

type Method = (items: readonly BatchItem<unknown>[], call: Call) => unknown;

interface Waiting extends BatchItem<unknown> {
  resolve(output: unknown): void;
  reject(error: unknown): void;
}

interface Batch {
  readonly work: JointWork;
  readonly items: Set<Waiting>;
  /** Lets it go. */
  leave(): void;
}

export interface BatchedOperation {
  readonly name: OperationName;
  readonly effect: Effect;
  readonly method: Method;
}

const ITEMS_MAX = 100;
const WAIT_MS = 5;

export class Batches {
  private filling: Batch | undefined;

  constructor(
    private readonly batched: BatchedOperation,
    private readonly policy: BatchPolicy,
    private readonly time: ForwardTime,
  ) {}

  async call(input: unknown, call: Call): Promise<unknown> {
    const batch = this.filling?.work.signal.aborted === false ? this.filling : this.begin();
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const item: Waiting = { input, call, resolve, reject };
    batch.items.add(item);
    if (batch.items.size >= (this.policy.itemsMax ?? ITEMS_MAX)) batch.leave();
    try {
      return await batch.work.join(promise, call.signal);
    } finally {
      batch.items.delete(item);
      if (batch.work.signal.aborted) batch.leave();
    }
  }

  private begin(): Batch {
    const left = Promise.withResolvers<void>();
    const stopTimer = this.time.after(this.policy.waitMs ?? WAIT_MS, () => batch.leave());
    const batch: Batch = {
      work: new JointWork(),
      items: new Set(),
      leave: () => {
        stopTimer();
        if (this.filling === batch) this.filling = undefined;
        left.resolve();
      },
    };
    this.filling = batch;
    void this.make(batch, left.promise);
    return batch;
  }

  /** Never rejects. Waits here for the batch to leave, and so makes it in the context of the call that began it. */
  private async make({ items, work }: Batch, left: Promise<void>): Promise<void> {
    await left;
    const present = [...items].filter(({ call }) => !call.signal.aborted);
    const [first] = present;
    if (!first) return;
    try {
      const answers = await this.batched.method(
        present.map(({ input, call }) => ({ input, call })),
        batchCall(first.call, present, work.signal),
      );
      if (!Array.isArray(answers) || answers.length !== present.length) throw this.wrongAnswer(answers, present.length);
      for (const [index, item] of present.entries()) settle(item, answers[index]);
    } catch (error) {
      for (const item of present) item.reject(error);
    }
  }

  /** Which answer belongs to which call is not known, so none is taken. */
  private wrongAnswer(answers: unknown, expected: number): Error {
    const { name, effect } = this.batched;
    const found = Array.isArray(answers) ? `${answers.length} answers` : 'no list of answers';
    const message = `${name.system}.${this.policy.by} gave ${found} for ${expected} calls of ${name.operation}. It must give one for each, in their order.`;
    const options = { details: { ...name, by: this.policy.by, expected, found: Array.isArray(answers) ? answers.length : undefined } };
    return effect === 'read'
      ? new CommandFailure('REPLY_INVALID', message, options)
      : new OutcomeUnknownError('REPLY_LOST', message, options);
  }
}

function settle(item: Waiting, answer: unknown): void {
  if (answer instanceof Error) item.reject(answer);
  else item.resolve(answer);
}

/** The call of the whole batch: aborted when all its callers are, with the latest of their deadlines and a key that is made of theirs. */
function batchCall(first: Call, items: readonly BatchItem<unknown>[], signal: AbortSignal): Call {
  const deadlines = items.map(({ call }) => call.deadline?.getTime() ?? Number.POSITIVE_INFINITY);
  const latest = Math.max(...deadlines);
  return sharedCall(first, {
    key: chainHash(...items.map(({ call }) => call.key)),
    signal,
    deadline: Number.isFinite(latest) ? new Date(latest) : undefined,
  });
}

import type { Class } from '../kernel/Class.js';
import { messageOf, UsageError } from '../kernel/errors.js';

/** Limits under which runs of a command begin; those over them wait in a queue, in the journal and not in memory. */
export interface QueueSpec<P> {
  /** Runs that have begun and not ended, at most so many. @default no limit */
  readonly concurrency?: number;
  /** At most so many beginnings in so many milliseconds. @default no limit */
  readonly rate?: { readonly count: number; readonly perMs: number };
  /** Runs of different keys are served by turns, so that one caller with many does not hold up the others. @default one key for all */
  readonly key?: (params: P) => string;
  /** Commands of the same name share one queue, and must give it the same limits. @default the name of the command */
  readonly name?: string;
}

type Limits = Pick<QueueSpec<never>, 'concurrency' | 'rate'>;

/** @param owner name of the class, for the message. @throws UsageError `QUEUE_INVALID` */
export function checkedQueue<P>(queue: QueueSpec<P>, owner: string): QueueSpec<P> {
  const { concurrency, rate, key, name } = queue;
  const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 1;
  if (concurrency === undefined && rate === undefined) throw invalid(owner, 'has neither concurrency nor rate, so nothing would ever wait');
  if (concurrency !== undefined && !isCount(concurrency))
    throw invalid(owner, `has concurrency ${String(concurrency)}; use an integer from 1`);
  if (rate !== undefined && !(isCount(rate.count) && isCount(rate.perMs))) {
    throw invalid(owner, `has rate ${String(rate.count)} per ${String(rate.perMs)} ms; use integers from 1`);
  }
  if (key !== undefined && typeof key !== 'function') throw invalid(owner, 'has a key that is no function of the params');
  if (name !== undefined && (typeof name !== 'string' || name.trim() === '')) throw invalid(owner, 'has a name that is empty or no text');
  return queue;
}

/** @throws UsageError `QUEUE_INVALID` when the limits are not the same */
export function refuseOtherLimits(one: Limits, other: Limits, owners: readonly [Class<object>, Class<object>], name: string): void {
  const same = one.concurrency === other.concurrency && one.rate?.count === other.rate?.count && one.rate?.perMs === other.rate?.perMs;
  if (!same) throw invalid(owners[1].name, `shares "${name}" with ${owners[0].name} and gives it other limits`);
}

/** @throws UsageError `QUEUE_INVALID` */
export function queueKey<P>({ key }: QueueSpec<P>, params: P, command: string): string {
  if (!key) return '';
  let chosen: unknown;
  try {
    chosen = key(params);
  } catch (error) {
    throw invalid(command, `has a key that threw for the params of this run: ${messageOf(error)}`, error);
  }
  if (typeof chosen === 'string') return chosen;
  throw invalid(command, `has a key that gave ${String(chosen)} for the params of this run; it must give text`);
}

/** @throws UsageError `QUEUE_INVALID` */
export function checkedPriority(priority: number, command: string): number {
  if (Number.isSafeInteger(priority)) return priority;
  throw invalid(command, `was given the priority ${String(priority)}; use an integer`);
}

function invalid(owner: string, what: string, cause?: unknown): UsageError {
  return new UsageError('QUEUE_INVALID', `The queue of ${owner} ${what}.`, { cause, details: { owner } });
}

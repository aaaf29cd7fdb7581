import type { Call, Effect } from '../kernel/Call.js';
import type { Logger } from './Logger.js';

export interface StepOptions {
  /** @default 'idempotent' */
  readonly effect?: Effect;
  /** An attempt that takes longer is aborted. @default no limit */
  readonly timeoutMs?: number;
  /** Tells equal steps apart that an edit of the code could confuse. */
  readonly key?: string;
}

/** What a command may use while it runs. Everything here gives the same values when the run is replayed. */
export interface CommandContext {
  readonly runId: string;
  /** Aborts when the run is cancelled. */
  readonly signal: AbortSignal;
  /** Who started the run, as the caller said. */
  readonly principal: unknown;
  /** Every line carries command, run, phase. Lines are not repeated on replay. */
  readonly log: Logger;
  /** Time of the last thing that happened in the run. */
  now(): Date;
  uuid(): string;
  /** In [0, 1). */
  random(): number;
  /**
   * Does something with an effect, once recorded never again. After a crash a body without recorded outcome runs again,
   * with the same `call.key`, unless its effect is `once`.
   *
   * @throws whatever the body throws, as the journal gives it back.
   * @throws OutcomeUnknownError `OUTCOME_UNKNOWN` when the body may or may not have had its effect.
   * @throws CancelledError `RUN_CANCELLED` once the run is cancelled.
   */
  step<T>(name: string, body: (call: Call) => Promise<T>, options?: StepOptions): Promise<T>;
  /** Runs when the run leaves this process, also after failure and cancellation; the last deferred first. Runs on every load. */
  defer(close: () => void | Promise<void>): void;
}

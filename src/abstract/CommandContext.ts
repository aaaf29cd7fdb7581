import type { Call, Effect } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import type { Logger } from '../kernel/Logger.js';
import type { InputOf } from './field.js';
import type { ParamsOf, ResultOf, TypedCommand } from './TypedCommand.js';

export interface StepOptions {
  /** @default 'idempotent' */
  readonly effect?: Effect;
  /** An attempt that takes longer is aborted. @default no limit but that of the run */
  readonly timeoutMs?: number;
  /** Tells equal steps apart that an edit of the code could confuse. */
  readonly key?: string;
}

export interface GateOptions {
  /** A failed gate of severity `error` ends the run, a `warning` is kept in the outcome. @default 'error' */
  readonly severity?: 'error' | 'warning';
  /** How long a failed gate waits for a person's `runner.override` before it stands. One given earlier counts too. @default 0 */
  readonly overrideWithinMs?: number;
}

/** True when the criterion is met; else what was found instead. */
export type GateCheck = () => GateFinding | Promise<GateFinding>;
export type GateFinding = boolean | { readonly passed: boolean; readonly found?: string };

/** What a command may use while it runs. Everything here gives the same values when the run is replayed. */
export interface CommandContext {
  readonly runId: string;
  /** Aborts when the run is cancelled or its time is up. */
  readonly signal: AbortSignal;
  /** When the run is stopped: the caller's `deadline`, or that of the run that started this one. */
  readonly deadline: Date | undefined;
  /** Who started the run, as the caller said. */
  readonly principal: unknown;
  /** Every line carries command, run, phase, step and trace. Secrets are taken out. Lines are not repeated on replay; one may be written before what it tells of is on disk. */
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
  /**
   * A quality gate of the present phase. The check runs as a step: its verdict is recorded and not asked for again, and
   * it may read what it needs, but not call other steps. A check that throws has not passed.
   *
   * @returns whether it passed or was overridden
   * @throws CommandFailure `GATE_FAILED` for severity `error`.
   */
  gate(name: string, check: GateCheck, options?: GateOptions): Promise<boolean>;
  /**
   * Runs another command as a child: a run of its own with the same principal and trace, ended no later than this one's
   * deadline, cancelled with it, and authorised like any other. A child that a crash interrupted is gone on with.
   *
   * @throws the error of the child.
   */
  execute<C extends TypedCommand>(
    command: Class<C>,
    params: InputOf<ParamsOf<C>>,
    options?: { readonly key?: string },
  ): Promise<ResultOf<C>>;
  /** Names a part of the present phase in the timeline of the run. */
  activity<T>(name: string, body: () => Promise<T>): Promise<T>;
  /** Tells observers how many steps the present phase will take, for the share that is done and the time that is left. */
  expectSteps(total: number): void;
  /** Runs when the run leaves this process, also after failure and cancellation; the last deferred first. Runs on every load. */
  defer(close: () => void | Promise<void>): void;
  /** Gives back what it is given, and disposes of it as `defer` would. */
  use<T extends Disposable | AsyncDisposable>(resource: T): T;
}

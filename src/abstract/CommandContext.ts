import type { Call, Effect } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import type { Logger } from '../kernel/Logger.js';
import type { RetryPolicy } from '../kernel/RetryPolicy.js';
import type { InputOf } from './field.js';
import type { ParamsOf, ResultOf, TypedCommand } from './TypedCommand.js';

export interface StepOptions {
  /** @default 'idempotent' */
  readonly effect?: Effect;
  /** An attempt that takes longer is aborted. @default no limit but that of the run */
  readonly timeoutMs?: number;
  /** Tells equal steps apart that an edit of the code could confuse. */
  readonly key?: string;
  /** @default one attempt */
  readonly retry?: RetryPolicy;
}

/** What undoes a step, and what tells of a lost outcome. */
export interface Reversal<T> {
  /**
   * Undoes the effect when the run fails or is cancelled after it: newest first, shielded from cancellation, tried again until
   * it succeeds, every time with the same `call.key`. Gets what the step gave, as the journal has it. It is not called
   * for a step that failed.
   */
  readonly undo?: (output: T, call: Call) => Promise<unknown>;
  /**
   * How an undo is tried; after every error unless it names some. After the last attempt the run stops with `UNDO_FAILED`; once it
   * is resumed, there are as many again. @default 10 attempts, with waits from 100 ms to a minute
   */
  readonly undoRetry?: RetryPolicy;
  /**
   * For effect `once`: what became of an attempt whose outcome was lost; undefined promises that it did not happen and never
   * will. Asked only after the deadline of the attempt.
   */
  readonly probe?: (call: Call) => Promise<T | undefined>;
}

export interface BranchOptions {
  /**
   * It is a saga of its own: when it fails, what was done in it is undone before its error reaches the code, which may go on without it.
   * @default false
   */
  readonly compensates?: boolean;
}

export interface ChildOptions<C extends TypedCommand, U extends TypedCommand> {
  /** Tells equal children apart that an edit of the code could confuse. */
  readonly key?: string;
  /**
   * Takes back what the child did when this run fails after it: another command, as a child as well. A child that failed has undone itself.
   * If it fails, this run stops with `UNDO_FAILED`; once that child is reopened and done, so is the undo when this run is resumed.
   */
  readonly undo?: { readonly command: Class<U>; readonly params: (result: ResultOf<C>) => InputOf<ParamsOf<U>> };
}

export interface SignalOptions<T extends object> {
  /** Class of the value, whose rules it must meet. */
  readonly schema: Class<T>;
  /** @default no limit but that of the run */
  readonly timeoutMs?: number;
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
   * @throws CancelledError `RUN_CANCELLED` once the run is cancelled, and while what it did is undone.
   * @throws UsageError `RETRY_INVALID` for a policy with numbers that mean nothing.
   */
  step<T>(name: string, body: (call: Call) => Promise<T>, options?: StepOptions & Reversal<T>): Promise<T>;
  /**
   * Waits so long, up to years: the time runs on while no process has the run, and waiting costs neither memory nor a process.
   *
   * @throws UsageError `DURATION_INVALID` unless it is a number of milliseconds from 0 to 100 years.
   */
  sleep(durationMs: number): Promise<void>;
  /**
   * Waits for `runner.notify` or `ctx.notify` of that name. Signals of one name are taken in the order they came, each once,
   * also those that came before they were waited for.
   *
   * @throws TimeoutError `SIGNAL_TIMED_OUT` when none came in time.
   * @throws UsageError `SIGNAL_INVALID` when the value does not meet the rules of `schema`.
   */
  waitFor<T extends object>(signal: string, options: SignalOptions<T>): Promise<T>;
  /** Sends this run a signal, from one part of its code to another; once, also when the code is replayed. @throws UsageError `SIGNAL_INVALID` for what is no object */
  notify(signal: string, value: object): Promise<void>;
  /** Keeps plain data that `runner.query` gives from then on, until the next. It is not waited for, and is on disk with what follows. */
  publish(state: object): void;
  /**
   * A named part of the run, whose outcome is recorded as one: once it has ended, what happened inside it is dropped from the
   * journal and not replayed. Inside it `random` and `uuid` have draws of their own. A part that failed, or has a step with an
   * `undo`, is kept whole. What it does must not depend on variables outside that change meanwhile, nor change them: a resumed
   * run gets the outcome, and does not run the body again.
   */
  branch<T>(name: string, body: () => Promise<T>, options?: BranchOptions): Promise<T>;
  /**
   * Ends the run here and goes on with a new one of the same command: for work without end, whose history would grow for ever.
   * Whoever waits for the run gets the outcome of the last successor. What was done is final: a successor does not undo it.
   *
   * @throws CancelledError `RUN_CONTINUES`, always; return what it gives, so that nothing else is done.
   * @throws UsageError `PARAMS_INVALID`; then the run fails.
   */
  continueAs(params: object): Promise<never>;
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
   * deadline, cancelled with it, and authorised like any other. A child that a crash interrupted is gone on with. Waiting for
   * it costs neither memory nor a process.
   *
   * @throws the error of the child.
   */
  execute<C extends TypedCommand, U extends TypedCommand = TypedCommand>(
    command: Class<C>,
    params: InputOf<ParamsOf<C>>,
    options?: ChildOptions<C, U>,
  ): Promise<ResultOf<C>>;
  /**
   * Begins another command as a run that this one does not wait for: with the same principal and trace, not cancelled with it,
   * and without its deadline. It goes on when this one fails.
   *
   * @returns the id of that run
   */
  start<C extends TypedCommand>(command: Class<C>, params: InputOf<ParamsOf<C>>, options?: { readonly key?: string }): Promise<string>;
  /** Names a part of the present phase in the timeline of the run. */
  activity<T>(name: string, body: () => Promise<T>): Promise<T>;
  /** Tells observers how many steps the present phase will take, for the share that is done and the time that is left. */
  expectSteps(total: number): void;
  /** Runs when the run leaves this process, also after failure and cancellation; the last deferred first. Runs on every load. */
  defer(close: () => void | Promise<void>): void;
  /** Gives back what it is given, and disposes of it as `defer` would. */
  use<T extends Disposable | AsyncDisposable>(resource: T): T;
}

/**
 * The durable primitives that the lifecycle stands on, as this side needs them. An engine provides them; whether it is
 * a file, a cluster or memory does not show here.
 */
import type { Call, Effect } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import type { Clock } from '../kernel/Clock.js';
import type { TimeoutError } from '../kernel/errors.js';
import type { RetryPolicy } from '../kernel/RetryPolicy.js';
import type { Phase } from './Phase.js';
import type { StepStatistics } from './RunReport.js';
import type { GateOverride } from './Timeline.js';

/** An ask for one journaled effect. */
export interface StepRequest<T> {
  /** Where in the run: a phase, or a part of one, `phase.part`. */
  readonly branch: string;
  /** `system.operation`, or the name of a step. */
  readonly name: string;
  readonly input?: unknown;
  readonly inputClass?: Class<object> | undefined;
  readonly outputClass?: Class<object> | undefined;
  readonly effect: Effect;
  /** Tells equal calls apart that an edit of the code could confuse. */
  readonly key?: string | undefined;
  /** An attempt that takes longer is aborted. @default no limit */
  readonly timeoutMs?: number | undefined;
  /** @default one attempt */
  readonly retry?: RetryPolicy | undefined;
  /**
   * Says what became of a `once` effect whose outcome was lost: its outcome, or undefined when it did not happen and never will.
   * Asked only after the deadline of the attempt.
   */
  readonly probe?: ((input: unknown, call: Call) => T | undefined | Promise<T | undefined>) | undefined;
  /** The effect can be undone: that it is about to begin is recorded first (R6). @default false */
  readonly undoable?: boolean;
  /** Once it has happened nothing is undone: that it is about to begin is recorded first, and its outcome must be known. @default false */
  readonly pivot?: boolean;
  /**
   * Done although the run was cancelled or its time is up, and tried again when the run is resumed instead of having failed:
   * an undo. @default false
   */
  readonly shielded?: boolean;
  /** The body begins another run and gives its id; the step has the outcome of that run. @default false */
  readonly child?: boolean;
  /** An earlier ask that can be undone: the body gets what is known of it, a `Subject` decoded anew each time, in place of the input. */
  readonly subject?: Promise<unknown>;
  /**
   * Only finds out what became of an equal ask with effect `once` whose outcome was lost: by its probe, or by what a person said. It is not
   * done anew, and goes on although the run was stopped. @default false
   */
  readonly settles?: boolean;
  /** One attempt. Gets the input as the journal would give it back. */
  body(input: unknown, call: Call): T | Promise<T>;
}

/** What an undo is told of what it undoes. */
export interface Subject {
  readonly input: unknown;
  /** Undefined when the outcome is not known. */
  readonly output: unknown;
  /** The idempotency key that it was done with. */
  readonly key: string;
}

/** Keeps what would stop the run from being delivered. One of the two is called once. */
export interface StopsHeld {
  /** What came meanwhile is delivered now. */
  release(): void;
  /** Nothing stops the run any more. */
  drop(): void;
}

/** An event as the run gets it, in the order of the journal. */
export interface RecordedEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly data: unknown;
  readonly time: Date;
}

/** The run's events, one at a time. */
export interface EventInbox {
  /** Names the types that may be emitted, with the class of their data. Nothing is accepted before. */
  declare(types: Readonly<Record<string, Class<object>>>): void;
  /** The next event, or undefined when the inbox was closed and all events before that were taken. */
  next(): Promise<RecordedEvent | undefined>;
  /** Events that come later are not delivered. */
  close(): Promise<void>;
}

/** A point in time after which the run is stopped. */
export interface TimeLimit {
  readonly name: string;
  readonly until: Date;
  /** It is reckoned from the present time of the run: a run that is gone on with later has as long from then on. @default false */
  readonly relative?: boolean;
  /** What the run is stopped with. */
  passed(): TimeoutError;
}

/** What observers are told that is not a record. */
export type Observation =
  | { readonly type: 'phase'; readonly phase: Phase }
  /** A step of the run has begun another run, or gone on with it. */
  | { readonly type: 'child-started'; readonly command: string; readonly run: string }
  | { readonly type: 'steps-expected'; readonly phase: Phase; readonly total: number }
  | {
      readonly type: 'gate';
      readonly gate: string;
      readonly severity: 'error' | 'warning';
      /** `waiting` is for a person's override. */
      readonly verdict: 'passed' | 'failed' | 'overridden' | 'waiting';
      readonly found?: string;
    };

export interface DurableRun {
  readonly id: string;
  /** Aborts when the cancellation of the run, or the end of its time, is delivered; with that error as its reason. */
  readonly signal: AbortSignal;
  /** True while recorded outcomes are delivered again; what was logged or shown then must not be repeated. */
  readonly replaying: boolean;
  /** The trace that the run belongs to; without tracing its id without hyphens. */
  readonly traceId: string;
  readonly events: EventInbox;
  /** Time of the last delivered record, in milliseconds since the epoch; the same on replay. */
  readonly time: number;
  /** Real time, for what happens inside attempts: nothing that the course of the run depends on. */
  readonly clock: Clock;
  uuid(): string;
  random(): number;
  /** The outcome of an effect: the recorded one, or else that of doing it now. */
  step<T>(request: StepRequest<T>): Promise<T>;
  /**
   * Identity of an ask that can be undone or is done once, by its promise; undefined where it was refused. An equal ask after an outcome
   * that is unknown has the same.
   */
  identityOf(outcome: Promise<unknown>): string | undefined;
  /**
   * Neither a cancellation nor the end of time that comes after an effect has begun is delivered, until it is said what becomes of them.
   * Undefined for an ask that was refused.
   */
  holdStops(outcome: Promise<unknown>): StopsHeld | undefined;
  /**
   * What a person decided about a failed gate, or undefined when nobody did within `withinMs` of the present time of the
   * run. A decision may come before it is asked for.
   */
  override(gate: string, withinMs: number): Promise<GateOverride | undefined>;
  /** Stops the run when the time comes, in order with what else happens; the returned function takes the limit back. */
  limit(limit: TimeLimit): () => void;
  /** Resolves when the time has come: `durationMs` after the present time of the run. */
  sleep(durationMs: number): Promise<void>;
  /** The next signal of that name that was not taken yet; undefined when none came within `timeoutMs` of the present time of the run. */
  nextSignal(name: string, timeoutMs: number | undefined): Promise<{ readonly value: unknown } | undefined>;
  /** Sends this run a signal; once, however often it is sent with the same token. */
  notify(name: string, value: unknown, token: string): void;
  /** What a query of the run gives from now on. */
  publish(state: unknown): void;
  /**
   * A part of the run whose outcome is recorded as one, so that what happened inside it need not be replayed (R12), unless it
   * asked for something that can be undone. Parts of equal names in one place are told apart by their order.
   */
  branch<T>(part: { readonly phase: string; readonly name: string }, body: () => Promise<T>): Promise<T>;
  /** Ends this run when its code does, and begins a successor with these params in the same commit. */
  continueAs(params: object): void;
  /** Resolves when every step that was asked for has had its outcome delivered. */
  settled(): Promise<void>;
  /** Interactions whose promise nobody looked at, by name. */
  unread(): readonly string[];
  statistics(): readonly StepStatistics[];
  /** Tells observers and traces. Not journaled. */
  observe(observation: Observation): void;
}

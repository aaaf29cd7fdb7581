/**
 * The durable primitives that the lifecycle stands on, as this side needs them. An engine provides them; whether it is
 * a file, a cluster or memory does not show here.
 */
import type { Call, Effect } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';

/** An ask for one journaled effect. */
export interface StepRequest<T> {
  /** Where in the run: a phase, or a named branch of one. */
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
  /** One attempt. Gets the input as the journal would give it back. */
  body(input: unknown, call: Call): T | Promise<T>;
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

export interface DurableRun {
  readonly id: string;
  /** Aborts when the cancellation of the run is delivered, with its reason as a CancelledError. */
  readonly signal: AbortSignal;
  /** True while recorded outcomes are delivered again; what was logged or shown then must not be repeated. */
  readonly replaying: boolean;
  readonly events: EventInbox;
  /** Time of the last delivered record; the same on replay. */
  now(): Date;
  uuid(): string;
  random(): number;
  /** The outcome of an effect: the recorded one, or else that of doing it now. */
  step<T>(request: StepRequest<T>): Promise<T>;
  /** Interactions whose promise nobody looked at, by name. */
  unread(): readonly string[];
  /** Tells observers that the run entered a phase. Not journaled. */
  announce(phase: string): void;
}

/**
 * What traces and metrics are told of a run while it happens. The engine tells; an adapter such as OpenTelemetry's
 * listens. Nothing here may throw, wait, or change the course of a run; texts have passed the redaction of secrets.
 */
import type { Phase } from './Phase.js';

export interface Telemetry {
  /** A load of a run begins. Called in the asynchronous context of whoever started it. */
  begin(run: TracedRun): RunTrace;
}

export interface TracedRun {
  readonly runId: string;
  readonly command: string;
  readonly version: string;
  /** An earlier process began it. */
  readonly resumed: boolean;
  /** W3C trace context that the run was recorded with, for a resumed one. */
  readonly traceparent: string | undefined;
}

export interface RunTrace {
  /** W3C trace context of the run; undefined when nobody traces. */
  readonly traceparent: string | undefined;
  /** The run enters a phase, and leaves the one before. */
  phase(phase: Phase): void;
  /** A step is started; one that the journal answers is not. */
  step(name: string, effect: string): StepTrace;
  gate(verdict: TracedGate): void;
  /** @param status how the run ended, or `handed-back` when it is left to be resumed */
  end(status: string, reason?: string): void;
}

export interface TracedGate {
  readonly name: string;
  readonly passed: boolean;
  readonly severity: 'error' | 'warning';
  readonly overridden: boolean;
}

export interface StepTrace {
  /** @param number 1 for the first */
  attempt(number: number): AttemptTrace;
  end(status: string, reason?: string): void;
}

export interface AttemptTrace {
  /** W3C trace context for what the attempt calls. */
  readonly traceparent: string | undefined;
  /** Runs the body as what is active, so that spans of other libraries nest under it. */
  run<T>(body: () => T): T;
  end(status: string, reason?: string): void;
}

const SILENT_ATTEMPT: AttemptTrace = { traceparent: undefined, run: (body) => body(), end: () => undefined };
const SILENT_STEP: StepTrace = { attempt: () => SILENT_ATTEMPT, end: () => undefined };
const SILENT_RUN: RunTrace = {
  traceparent: undefined,
  phase: () => undefined,
  step: () => SILENT_STEP,
  gate: () => undefined,
  end: () => undefined,
};

/** Tells nobody. */
export const silentTelemetry: Telemetry = { begin: () => SILENT_RUN };

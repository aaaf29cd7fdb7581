import type { Logger } from './Logger.js';

/**
 * What may happen when an effect is asked for again after its outcome was lost.
 * `read` changes nothing; `idempotent` may be repeated with the same key; `once` is never repeated on its own.
 */
export type Effect = 'read' | 'idempotent' | 'once';

/** What one attempt of one operation or step knows. Always the last parameter of an operation. */
export interface Call {
  /** Idempotency key: the same for every attempt of this step, also after a crash. */
  readonly key: string;
  /** Aborts when the run is cancelled, the step's time is up or the engine closes. */
  readonly signal: AbortSignal;
  /** When the attempt is given up, if it has a limit. */
  readonly deadline: Date | undefined;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** W3C trace context of the attempt, if the run is traced. */
  readonly traceparent: string | undefined;
  /**
   * The run's private temporary folder, mode 0700, made at the first use and removed when the run leaves this process.
   * The same path before and after a crash; do not keep results in it.
   */
  workspace(): Promise<string>;
  /**
   * Reports that something happened, to the run's `handleOrchestrationEvents`. Recorded when it is emitted; a repeated
   * attempt emits its n-th event under the same id, and only the first of them counts.
   *
   * @throws UsageError `EVENT_NOT_DECLARED` when the run's scope does not declare the type.
   */
  emit(type: string, data: object): void;
  /** Every line carries command, run, phase, step and trace. */
  readonly log: Logger;
  /** Tells observers how far the attempt is. Not recorded. Both in the same unit, which is the caller's choice; `done` may not exceed `total`. */
  progress(done: number, total: number): void;
  /**
   * The value of a secret, by its reference such as `env:STRIPE_KEY`. Asked of its provider now. The value is kept out of
   * the journal, logs, traces and reports; do not hand it on in parts or encoded.
   *
   * @throws UsageError `SECRET_NOT_FOUND` or `SECRET_TOO_SHORT`.
   */
  secret(reference: string): Promise<string>;
}

import type { Ended } from './StepRecords.js';

/** How a child run ended; the body is text of the codec, of its result or its error. */
export interface ChildOutcome extends Ended {
  /** It did not end well, and what it did stands: there was no way back. */
  readonly stands?: boolean | undefined;
}

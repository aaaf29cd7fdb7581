import type { RunReport } from '../abstract/RunReport.js';
import { SixfoldError } from '../kernel/errors.js';

/** An error as data; stable for programs that read it. */
export interface Trouble {
  /** A code of Sixfold's table, or the name of any other error. */
  readonly code: string;
  readonly message: string;
  readonly cause?: Trouble;
}

interface Ended extends RunReport {
  readonly runId: string;
  readonly durationMs: number;
}

/** How a run ended. */
export type Outcome<R> = Ended &
  (
    | { readonly status: 'completed'; readonly result: R }
    | { readonly status: 'failed'; readonly error: Trouble }
    /** It failed, and what it had done was undone. */
    | { readonly status: 'compensated'; readonly error: Trouble }
    /** What it had done was undone too. */
    | { readonly status: 'cancelled'; readonly error: Trouble }
    /** An effect may or may not have happened; somebody must look. Nothing was undone. */
    | { readonly status: 'unknown'; readonly error: Trouble }
  );

/** Causes deeper than this are cut. */
const CAUSES_MAX = 10;

export function troubleOf(error: unknown, depth = 0): Trouble {
  if (!(error instanceof Error)) return { code: 'Error', message: String(error) };
  const cause = error.cause === undefined || depth >= CAUSES_MAX ? {} : { cause: troubleOf(error.cause, depth + 1) };
  return { code: error instanceof SixfoldError ? error.code : error.name, message: error.message, ...cause };
}

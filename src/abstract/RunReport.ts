/** Something found wrong, or worth a look, that is not the error of the run. */
export interface StateFinding {
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
  /** An error that was not repaired fails the run. */
  readonly severity: 'error' | 'warning';
  readonly repaired?: boolean;
}

/** What the outcome of every command says besides its result. */
export interface RunReport {
  /** Optional systems that were not there or failed. */
  readonly degraded: readonly { readonly system: string; readonly reason: string }[];
  readonly findings: readonly StateFinding[];
}

/** R7: a promise that the code started and never looked at is named, not lost. */
export function forgottenAwait(name: string): StateFinding {
  return { subject: name, expected: 'its promise to be awaited', found: 'nobody looked at its outcome', severity: 'warning' };
}

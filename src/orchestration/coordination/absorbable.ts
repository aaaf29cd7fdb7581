import { CancelledError, InvariantViolation, UsageError } from '../../kernel/errors.js';

/** What failed may be done without. Not so when the run was stopped, its code is wrong, or Sixfold is: that others succeed makes up for none of it. */
export function isAbsorbable(error: unknown, stopped: AbortSignal): boolean {
  return !(stopped.aborted || error instanceof CancelledError || error instanceof UsageError || error instanceof InvariantViolation);
}

/** Results of commands: the check of what a command returned against the class that it declares. */
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import { readDeclared } from './validation/declaredValue.js';
import { textOf, type Violation } from './validation/violations.js';

/**
 * The result to keep: an instance of its declared class, every rule checked, unknown properties refused; see `readDeclared`.
 *
 * `undefined` is refused like any other value that is no object; whoever drives the command asks first, since it knows
 * which hook returned nothing.
 *
 * @returns the result itself where no rule has to be waited for, else a promise; rejects and never throws.
 * @throws UsageError `RESULT_INVALID` with all violations in `details.violations`.
 */
export function readResult<R>(type: Class<R>, given: unknown, command: string): R | Promise<R> {
  return readDeclared(given, { type, refusal: (violations) => invalid(command, violations) });
}

function invalid(command: string, violations: readonly Violation[]): UsageError {
  return new UsageError('RESULT_INVALID', `The result of ${command} is not valid: ${textOf(violations)}.`, { details: { violations } });
}

/** Signals: values that somebody sends to a run, and what its code makes of them. */
import type { Class } from '../kernel/Class.js';
import { TimeoutError, UsageError } from '../kernel/errors.js';
import { ClassRules } from './validation/ClassRules.js';
import { checkedInstance } from './validation/checkedInstance.js';
import { hasFields, kindOf } from './validation/plainValues.js';
import { Reading } from './validation/Reading.js';
import { textOf, type Violation } from './validation/violations.js';

/** What may be sent. @throws UsageError `SIGNAL_INVALID` unless it is an object */
export function checkedSignal(signal: string, value: unknown): object {
  if (hasFields(value)) return value;
  throw invalid(signal, [{ path: '', message: `must be an object, and it is ${kindOf(value)}` }]);
}

/**
 * The value as an instance of its class, read as params are. Of a class without rules every property is taken.
 *
 * @returns the instance where no rule has to be waited for, else a promise; rejects, and throws for what is no object
 * @throws UsageError `SIGNAL_INVALID` with all violations in `details.violations`; none shows a value.
 */
export function readSignal<T extends object>(type: Class<T>, given: unknown, signal: string): T | Promise<T> {
  const fields = checkedSignal(signal, given) as Record<string, unknown>;
  const refusal = (violations: readonly Violation[]): UsageError => invalid(signal, violations);
  if (!ClassRules.of(type).isEmpty) return checkedInstance(type, fields, { keepsInstances: false, refusal });
  const reading = new Reading(fields, false);
  const made = reading.instance(type);
  if (made && reading.violations.length === 0) return made;
  throw refusal(reading.violations);
}

export function signalTimedOut(signal: string, timeoutMs: number): TimeoutError {
  return new TimeoutError(
    'SIGNAL_TIMED_OUT',
    `The signal "${signal}" did not come within ${timeoutMs} ms. Send it earlier, or allow more.`,
    {
      details: { signal, timeoutMs },
    },
  );
}

function invalid(signal: string, violations: readonly Violation[]): UsageError {
  return new UsageError('SIGNAL_INVALID', `The value of the signal "${signal}" is not valid: ${textOf(violations)}.`, {
    details: { signal, violations },
  });
}

import { UsageError } from '../kernel/errors.js';

/** A hundred years: longer is taken for a mistake. */
const DURATION_MS_MAX = 100 * 365.25 * 86_400_000;

/** @param what takes so long, for the message. @throws UsageError `DURATION_INVALID` */
export function checkedDuration(durationMs: number, what: string): number {
  if (typeof durationMs === 'number' && durationMs >= 0 && durationMs <= DURATION_MS_MAX) return durationMs;
  throw new UsageError('DURATION_INVALID', `${what} has the duration ${String(durationMs)}. Give milliseconds from 0 to 100 years.`, {
    details: { durationMs: String(durationMs) },
  });
}

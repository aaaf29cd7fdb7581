/** The longest that a call can take, from what is declared of it. */
import type { RetryPolicy } from '../../kernel/RetryPolicy.js';
import type { DeclaredOperation } from '../../systems/operation.js';

/** The defaults of an engine; see `RetryPolicy`. */
const BACKOFF_MS = 100;
const BACKOFF_FACTOR = 2;
const BACKOFF_MS_MAX = 60_000;
/** How often the probe of an operation without a retry policy is asked. */
const PROBES_MAX = 3;
/** Members of a series that are added one by one. */
const EXACT_MAX = 1000;

export interface Longest {
  /** The operations of its system. */
  readonly among: ReadonlyMap<string, DeclaredOperation>;
  /** How an operation without a policy of its own is tried again. @default not at all */
  readonly retry?: RetryPolicy | undefined;
}

/** Attempts, waits, probes, and then its fallback, in milliseconds. @returns undefined where an attempt has no limit */
export function worstMsOf(operation: DeclaredOperation, { among, retry }: Longest): number | undefined {
  let sumMs = 0;
  const counted = new Set<string>();
  for (let one: DeclaredOperation | undefined = operation; one && !counted.has(one.name); ) {
    counted.add(one.name);
    sumMs += ownMs(one, one.policy.retry ?? retry);
    one = one.fallback === undefined ? undefined : among.get(one.fallback);
  }
  return Number.isFinite(sumMs) ? sumMs : undefined;
}

function ownMs(
  { policy: { timeoutMs = Number.POSITIVE_INFINITY }, effect, probe }: DeclaredOperation,
  retry: RetryPolicy | undefined,
): number {
  const { attemptsMax, ...spacing } = retry ?? { attemptsMax: 1 };
  if (!Number.isFinite(attemptsMax)) return Number.POSITIVE_INFINITY;
  if (effect !== 'once' || probe === undefined) return timeoutsMs(timeoutMs, attemptsMax, spacing) + waitsMs(attemptsMax - 1, spacing);
  // Each attempt is lost, and its probe answers at the last moment; what it says did not happen gets one attempt more.
  const asked = retry?.attemptsMax ?? PROBES_MAX;
  const probedMs = asked * timeoutMs + waitsMs(asked - 1, spacing);
  return timeoutsMs(timeoutMs, attemptsMax + 1, spacing) + waitsMs(attemptsMax, spacing) + (attemptsMax + 1) * probedMs;
}

type Spacing = Omit<RetryPolicy, 'attemptsMax'>;

function timeoutsMs(firstMs: number, attempts: number, { timeoutFactor = 1, timeoutMsMax = Number.POSITIVE_INFINITY }: Spacing): number {
  return sumOf(attempts, { first: firstMs, factor: timeoutFactor, max: timeoutMsMax });
}

function waitsMs(
  waits: number,
  { backoffMs = BACKOFF_MS, backoffFactor = BACKOFF_FACTOR, backoffMsMax = BACKOFF_MS_MAX }: Spacing,
): number {
  return sumOf(waits, { first: backoffMs, factor: backoffFactor, max: backoffMsMax });
}

/** Of a geometric series whose members are cut off at `max`; after the first thousand members a bound of it. */
function sumOf(count: number, { first, factor, max }: { first: number; factor: number; max: number }): number {
  let sum = 0;
  let member = first;
  const exact = Math.min(count, EXACT_MAX);
  for (let done = 0; done < exact; done += 1) {
    sum += Math.min(member, max);
    member *= factor;
  }
  return count > exact ? sum + (count - exact) * (factor > 1 ? max : Math.min(member, max)) : sum;
}

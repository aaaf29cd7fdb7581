/** Whether a policy can be meant, before anything is called under it. The engine checks `retry` itself. */
import { UsageError } from '../../kernel/errors.js';
import type { DeclaredOperation } from '../operation.js';
import type { Policy } from '../Policy.js';
import type { System } from '../System.js';

/** A hundred years: longer is taken for a mistake. */
const DURATION_MS_MAX = 100 * 365.25 * 86_400_000;
/** A cache makes room for all its entries at once. */
const ENTRIES_MAX = 1_000_000;

interface Rule {
  readonly allowed: string;
  holds(value: number | undefined): boolean;
}

const COUNT = whole(1);
const COUNT_OR_NONE = whole(0);
const ENTRIES: Rule = {
  allowed: `a whole number from 1 to ${ENTRIES_MAX}`,
  holds: (value = 0) => COUNT.holds(value) && value <= ENTRIES_MAX,
};
const TIME: Rule = {
  allowed: 'milliseconds, more than 0 and at most 100 years',
  holds: (value) => value !== 0 && TIME_OR_NONE.holds(value),
};
const TIME_OR_NONE: Rule = {
  allowed: 'milliseconds from 0 to 100 years',
  holds: (value = -1) => Number.isFinite(value) && value >= 0 && value <= DURATION_MS_MAX,
};

function whole(least: number): Rule {
  return { allowed: `a whole number from ${least} on`, holds: (value = -1) => Number.isInteger(value) && value >= least };
}

function optional(rule: Rule): Rule {
  return { ...rule, holds: (value) => value === undefined || rule.holds(value) };
}

/**
 * @param owner the system, as errors name it
 * @param system where it is at hand, to see whether it has the method of the batch
 * @throws UsageError `POLICY_INVALID`, or `SYSTEM_INVALID` for a batch by a method that is not there
 */
export function checkedPolicy(owner: string, operation: DeclaredOperation, system?: System): Policy {
  const { policy } = operation;
  const name = `${owner}.${operation.name}`;
  for (const [field, value, rule] of numbersOf(policy)) {
    if (rule.holds(value)) continue;
    throw new UsageError('POLICY_INVALID', `The policy of ${name} has ${field} ${value}. Give ${rule.allowed}.`, {
      details: { system: owner, operation: operation.name, field, value: String(value) },
    });
  }
  if (policy.cache && operation.effect !== 'read') {
    throw new UsageError(
      'POLICY_INVALID',
      `The policy of ${name} has a cache, but its effect is '${operation.effect}': an effect that is not had would be taken for one that is. ` +
        "Declare the effect 'read' if it changes nothing, else leave the cache out.",
      { details: { system: owner, operation: operation.name, field: 'cache', value: operation.effect } },
    );
  }
  if (system && policy.batch) checkBatch(name, operation, system);
  return policy;
}

function numbersOf({ timeoutMs, breaker, bulkhead, cache, batch }: Policy): readonly (readonly [string, number | undefined, Rule])[] {
  const numbers: [string, number | undefined, Rule][] = [['timeoutMs', timeoutMs, optional(TIME)]];
  if (breaker) numbers.push(['breaker.failuresMax', breaker.failuresMax, COUNT], ['breaker.openMs', breaker.openMs, TIME]);
  if (bulkhead) {
    numbers.push(['bulkhead.concurrencyMax', bulkhead.concurrencyMax, COUNT]);
    numbers.push(['bulkhead.waitingMax', bulkhead.waitingMax, optional(COUNT_OR_NONE)]);
  }
  if (cache) numbers.push(['cache.ttlMs', cache.ttlMs, TIME], ['cache.entriesMax', cache.entriesMax, optional(ENTRIES)]);
  if (batch) numbers.push(['batch.itemsMax', batch.itemsMax, optional(COUNT)], ['batch.waitMs', batch.waitMs, optional(TIME_OR_NONE)]);
  return numbers;
}

function checkBatch(name: string, operation: DeclaredOperation, system: System): void {
  const by = operation.policy.batch?.by ?? '';
  if (by !== operation.name && typeof Reflect.get(system, by) === 'function') return;
  const why = by === operation.name ? 'which is the operation itself' : `but ${system.constructor.name} has no such method`;
  throw new UsageError(
    'SYSTEM_INVALID',
    `The policy of ${name} has batch.by '${by}', ${why}. Name a method that takes \`readonly BatchItem[]\` and gives one answer for each.`,
    { details: { system: system.constructor.name, operation: operation.name, by } },
  );
}

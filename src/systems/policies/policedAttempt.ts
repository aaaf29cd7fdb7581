/** One attempt of an operation under its policy, as far as that stands around attempts: breaker, bulkhead, cache, batch. */
import type { Call } from '../../kernel/Call.js';
import type { Clock } from '../../kernel/Clock.js';
import type { DeclaredOperation } from '../operation.js';
import type { System } from '../System.js';
import { invoked, OperationPolicy } from './OperationPolicy.js';
import type { PolicyStanding } from './PolicyStanding.js';

/** What is called, on which instance. */
export interface PolicedOperation {
  readonly system: System;
  readonly operation: DeclaredOperation;
  readonly clock: Clock;
}

/** For as long as the instance lives, and for all who use it. Nobody has an entry before an operation with a policy was called. */
const POLICIES = new WeakMap<System, Map<string, OperationPolicy>>();

/**
 * Calls the method of an operation, unless its policy answers, holds back or refuses the call.
 *
 * @throws UsageError `POLICY_INVALID` or `SYSTEM_INVALID`
 * @throws TransientError `BREAKER_OPEN` or `BULKHEAD_FULL`: the method was not called
 */
export async function policedAttempt(policed: PolicedOperation, input: unknown, call: Call): Promise<unknown> {
  const { system, operation, clock } = policed;
  const { cache, bulkhead, breaker, batch } = operation.policy;
  if (cache || bulkhead || breaker || batch) return policyOf(policed).attempt(input, call, clock);
  return invoked(system, operation.name, operation.input ? [input, call] : [call]);
}

/** How the policies of a system stand, of those operations that were called in this process. */
export function standingsOf(system: System): readonly PolicyStanding[] {
  return [...(POLICIES.get(system)?.values() ?? [])].map(({ standing }) => standing);
}

function policyOf({ system, operation, clock }: PolicedOperation): OperationPolicy {
  const policies = POLICIES.get(system) ?? new Map<string, OperationPolicy>();
  POLICIES.set(system, policies);
  const known = policies.get(operation.name);
  if (known) return known;
  const policy = new OperationPolicy(system, operation, clock);
  policies.set(operation.name, policy);
  return policy;
}

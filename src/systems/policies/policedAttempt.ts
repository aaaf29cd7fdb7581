/** One attempt of an operation under its policy, as far as that stands around attempts: breaker, bulkhead, cache, batch. */
import type { Call } from '../../kernel/Call.js';
import type { Clock } from '../../kernel/Clock.js';
import type { DeclaredOperation } from '../operation.js';
import type { System } from '../System.js';

/** What is called, on which instance. */
export interface PolicedOperation {
  readonly system: System;
  readonly operation: DeclaredOperation;
  readonly clock: Clock;
}

export async function policedAttempt({ system, operation }: PolicedOperation, input: unknown, call: Call): Promise<unknown> {
  const method = Reflect.get(system, operation.name) as (...args: unknown[]) => unknown;
  return method.apply(system, operation.input ? [input, call] : [call]);
}

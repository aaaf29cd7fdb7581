/** Quality gates: a named criterion, checked once, with a verdict that the journal keeps. */
import { inspect } from 'node:util';
import { CommandFailure, messageOf, UsageError } from '../kernel/errors.js';
import type { GateCheck, GateFinding } from './CommandContext.js';
import type { GateRecord } from './Timeline.js';

export interface CheckedGate {
  readonly passed: boolean;
  readonly found?: string;
}

/** Runs a check; one that throws has not passed, unless it was told to stop. @throws UsageError `HOOK_RESULT_INVALID` */
export async function checkGate(name: string, check: GateCheck, signal: AbortSignal): Promise<CheckedGate> {
  let finding: GateFinding;
  try {
    finding = await check();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UsageError) throw error;
    return { passed: false, found: messageOf(error) };
  }
  if (typeof finding === 'boolean') return { passed: finding };
  if (typeof finding?.passed === 'boolean') {
    return { passed: finding.passed, ...(finding.found === undefined ? {} : { found: finding.found }) };
  }
  throw new UsageError(
    'HOOK_RESULT_INVALID',
    `The check of gate "${name}" gave ${inspect(finding)}. Return true, false or { passed, found }.`,
    {
      details: { gate: name },
    },
  );
}

export function gateFailed({ name, found }: GateRecord): CommandFailure {
  const why = found === undefined ? '' : `: ${found}`;
  return new CommandFailure(
    'GATE_FAILED',
    `The gate "${name}" did not pass${why}. See to what it checks, or let a person override it while it waits.`,
    { details: { gate: name } },
  );
}

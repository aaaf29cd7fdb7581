/**
 * Whether the systems of a scope can be used now: their health, and their versions where the scope says which it can work with.
 *
 * Owns: nothing. Does not own: what becomes of a run whose systems cannot be used.
 * Invariant: every system is asked, also when another is known to be ill, so that all reasons are told at once.
 */
import type { RunContext } from '../abstract/RunContext.js';
import type { Call } from '../kernel/Call.js';
import { messageOf } from '../kernel/errors.js';
import { systemSpecOf } from '../systems/System.js';
import { isInRange } from '../systems/versionRange.js';
import type { AnyScope, NamedSystem } from './scope.js';

/** A check that takes longer counts as failed. */
const CHECK_MS_MAX = 30_000;

export interface CheckedSystem extends NamedSystem {
  /** Why it cannot be used; undefined when it can. */
  readonly trouble: string | undefined;
}

export function checkSystems(run: RunContext, scope: AnyScope, named: readonly NamedSystem[]): Promise<readonly CheckedSystem[]> {
  return Promise.all(named.map(async (one) => ({ ...one, trouble: (await illnessOf(run, one)) ?? (await misfitOf(run, one, scope)) })));
}

async function illnessOf(run: RunContext, { alias, system }: NamedSystem): Promise<string | undefined> {
  if (!system.checkHealth && !system.channel) return undefined;
  const body = (_input: unknown, call: Call) => (system.checkHealth ? system.checkHealth(call) : system.channel?.checkHealth(call));
  try {
    await run.ask({ name: `${alias}.checkHealth`, effect: 'read', timeoutMs: CHECK_MS_MAX, body });
    return undefined;
  } catch (error) {
    run.signal.throwIfAborted();
    return messageOf(error);
  }
}

async function misfitOf(run: RunContext, { alias, member, system }: NamedSystem, { versions }: AnyScope): Promise<string | undefined> {
  const range = versions?.[member];
  if (range === undefined) return undefined;
  const declared = systemSpecOf(system).version;
  const name = `${alias}.version`;
  const body = async (_input: unknown, call: Call): Promise<string | undefined> => {
    const running = (await system.channel?.version(call)) ?? declared;
    return isInRange(running, range) ? undefined : `it runs version ${running}, and ${range} is needed`;
  };
  try {
    return await run.ask({ name, effect: 'read', timeoutMs: CHECK_MS_MAX, body });
  } catch (error) {
    run.signal.throwIfAborted();
    return messageOf(error);
  }
}

/**
 * What stands around the attempts of one operation of one system instance, from the outside: cache, bulkhead, breaker, batch.
 *
 * Owns: their state. Does not own: retries and time limits, which are the engine's.
 */
import type { Call } from '../../kernel/Call.js';
import type { Clock } from '../../kernel/Clock.js';
import type { DeclaredOperation } from '../operation.js';
import { type System, systemSpecOf } from '../System.js';
import { Batches } from './Batches.js';
import { Breaker } from './Breaker.js';
import { Bulkhead } from './Bulkhead.js';
import { checkedPolicy } from './checkedPolicy.js';
import { ForwardTime } from './ForwardTime.js';
import { OutputCache } from './OutputCache.js';
import type { PolicyStanding } from './PolicyStanding.js';

export class OperationPolicy {
  private readonly time: ForwardTime;
  private readonly cache: OutputCache | undefined;
  private readonly bulkhead: Bulkhead | undefined;
  private readonly breaker: Breaker | undefined;
  private readonly batches: Batches | undefined;

  /** @throws UsageError `POLICY_INVALID` or `SYSTEM_INVALID` */
  constructor(
    private readonly system: System,
    private readonly operation: DeclaredOperation,
    clock: Clock,
  ) {
    const name = { system: systemSpecOf(system).name, operation: operation.name };
    const { cache, bulkhead, breaker, batch } = checkedPolicy(name.system, operation, system);
    this.time = new ForwardTime(clock);
    this.cache = cache && new OutputCache(name, cache, this.time);
    this.bulkhead = bulkhead && new Bulkhead(name, bulkhead);
    this.breaker = breaker && new Breaker(name, breaker, this.time);
    this.batches =
      batch &&
      new Batches({ name, effect: operation.effect, method: (items, call) => invoked(system, batch.by, [items, call]) }, batch, this.time);
  }

  get standing(): PolicyStanding {
    const { cache, bulkhead, breaker } = this;
    return {
      operation: this.operation.name,
      ...(breaker && { breaker: breaker.standing }),
      ...(bulkhead && { bulkhead: bulkhead.standing }),
      ...(cache && { cache: cache.standing }),
    };
  }

  attempt(input: unknown, call: Call, clock: Clock): Promise<unknown> {
    this.time.follow(clock);
    return this.cache ? this.cache.answer(input, call, (shared) => this.inTurn(input, shared)) : this.inTurn(input, call);
  }

  private inTurn(input: unknown, call: Call): Promise<unknown> {
    return this.bulkhead ? this.bulkhead.around(call, () => this.unlessOpen(input, call)) : this.unlessOpen(input, call);
  }

  private unlessOpen(input: unknown, call: Call): Promise<unknown> {
    return this.breaker ? this.breaker.around(call, () => this.made(input, call)) : this.made(input, call);
  }

  private async made(input: unknown, call: Call): Promise<unknown> {
    if (this.batches) return this.batches.call(input, call);
    return invoked(this.system, this.operation.name, this.operation.input ? [input, call] : [call]);
  }
}

/** Calls a method of a system. */
export function invoked(system: System, name: string, args: unknown[]): unknown {
  const method = Reflect.get(system, name) as (...given: unknown[]) => unknown;
  return method.apply(system, args);
}

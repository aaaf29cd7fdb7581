/**
 * Turns the systems of a scope into what hooks call: every call becomes a journaled step under the strategy.
 *
 * Owns: the proxies, which optional systems are not tried. Does not own: the steps, the record of interactions.
 * Invariant: an optional system never fails the run by failing; cancellation and misuse always do.
 */
import type { RunContext } from '../abstract/RunContext.js';
import { AskedPromise, UnreadAsks } from '../kernel/AskedPromise.js';
import { CancelledError, InvariantViolation, messageOf, OutcomeUnknownError, UsageError } from '../kernel/errors.js';
import { type DeclaredOperation, operationsOf } from '../systems/operation.js';
import { Absent } from './Absent.js';
import type { InteractionRecord } from './hooks.js';
import { InteractionLedger } from './InteractionLedger.js';
import { OperationCall } from './OperationCall.js';
import type { OrchestrationPlan } from './plan/OrchestrationPlan.js';
import type { CallOptions, NamedSystem } from './scope.js';
import type { CoordinationStrategy } from './strategies.js';

type Method = (...args: unknown[]) => unknown;

export interface DeskParts {
  readonly participants: readonly NamedSystem[];
  readonly strategy: CoordinationStrategy;
  readonly plan: OrchestrationPlan;
  /** Name of the operation that is the point of no return, as `system.operation`. */
  readonly pivot: string | undefined;
}

export class InteractionDesk {
  /** The operations of every system, under the names of the scope. */
  readonly systems: object;
  readonly ledger = new InteractionLedger();
  private readonly unhealthy = new Map<string, string>();
  private readonly asks = new UnreadAsks();

  constructor(
    private readonly run: RunContext,
    private readonly parts: DeskParts,
  ) {
    this.systems = this.proxiesOf(parts.participants);
  }

  /** From now on the operations of this optional system give Absent without being tried. */
  markAbsent(alias: string, reason: string): void {
    this.unhealthy.set(alias, reason);
    this.ledger.noteAbsent(new Absent(alias, reason));
  }

  /** Names of the interactions whose promise nobody looked at. */
  unread(): readonly string[] {
    return this.asks.list;
  }

  private proxiesOf(participants: readonly NamedSystem[]): object {
    const groups = Map.groupBy(participants, ({ member }) => member);
    return Object.fromEntries(
      [...groups].map(([member, named]) => {
        const proxies = named.map((one) => [one.alias, this.proxyOf(one)] as const);
        const single = named[0]?.alias === member;
        if (single) return [member, proxies[0]?.[1]];
        const list = named.every(({ alias }) => alias.endsWith(']'));
        return [
          member,
          list
            ? proxies.map(([, proxy]) => proxy)
            : Object.fromEntries(proxies.map(([alias, proxy]) => [alias.slice(member.length + 1), proxy])),
        ];
      }),
    );
  }

  private proxyOf(named: NamedSystem): object {
    const methods = [...operationsOf(named.system).values()].map((declared) => {
      const method: Method = declared.input
        ? (input, options) => this.call(named, declared, input, options as CallOptions | undefined)
        : (options) => this.call(named, declared, undefined, options as CallOptions | undefined);
      return [declared.name, method] as const;
    });
    return new Proxy(Object.freeze(Object.fromEntries(methods)), {
      get(target, property, receiver) {
        // `then` is asked for by await; symbols by inspection.
        if (property in target || property === 'then' || typeof property === 'symbol') return Reflect.get(target, property, receiver);
        throw new UsageError(
          'OPERATION_UNKNOWN',
          `${named.alias} has no operation "${property}"; it declares ${methods.map(([name]) => name).join(', ')}. Mark the method with @operation.`,
          { details: { system: named.alias, operation: property } },
        );
      },
    });
  }

  private call(named: NamedSystem, declared: DeclaredOperation, input: unknown, options: CallOptions = {}): Promise<unknown> {
    const name = `${named.alias}.${declared.name}`;
    const call = new OperationCall(this.run, { named, declared, input, options }, this.parts.pivot);
    const promise = new AskedPromise<unknown>((resolve) => resolve(this.interact(named, declared, call))).handled();
    return this.asks.note(name, promise);
  }

  private async interact(named: NamedSystem, declared: DeclaredOperation, call: OperationCall): Promise<unknown> {
    const { alias, optional } = named;
    const began = this.run.now();
    const note = (status: InteractionRecord['status']): void => {
      this.ledger.note({ system: alias, operation: declared.name, status, durationMs: this.run.now().getTime() - began.getTime() });
    };
    const reason = this.unhealthy.get(alias);
    if (reason !== undefined) {
      note('absent');
      return new Absent(alias, reason);
    }
    const { strategy, plan } = this.parts;
    try {
      const next = () => call.make();
      const output = await (strategy.interact?.({ system: alias, operation: declared.name, input: call.input }, next, plan) ?? next());
      note('succeeded');
      return output;
    } catch (error) {
      note(optional ? 'absent' : 'failed');
      if (!optional || error instanceof CancelledError || error instanceof UsageError || error instanceof InvariantViolation) throw error;
      if (error instanceof OutcomeUnknownError) await call.takeBack(); // The code goes on as if it had not been done.
      const absent = new Absent(alias, messageOf(error));
      this.ledger.noteAbsent(absent);
      return absent;
    }
  }
}

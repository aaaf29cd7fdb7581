/** Operations that are declared without a body: what the channel of the system does for them. */
import type { Call } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import type { System } from './System.js';

/**
 * An operation that the other side of the channel does, so that it needs no body:
 *
 * ```ts
 * @operation({ input: Order, output: Receipt, via: 'POST /orders' })
 * declare place: Remote<Order, Receipt>;
 * ```
 *
 * Without `declare` the property would be a field of its own, and hide the operation.
 *
 * @typeParam I its input; never where it takes none
 * @typeParam O its output, `O | undefined` where it is `nullable`
 */
export type Remote<I, O = void> = [I] extends [never] ? (call: Call) => Promise<O> : (input: I, call: Call) => Promise<O>;

/** What of an operation says how the channel is asked. */
interface Asking {
  readonly name: string;
  readonly input: Class<object> | undefined;
  readonly output: Class<unknown> | undefined;
  readonly nullable: boolean;
  readonly via: string | undefined;
}

/** The method of an operation without a body. What comes back is left unchecked, as it is of a method; without an output it is left out. */
export function askChannel({ name, input: type, output, nullable, via = name }: Asking): (this: System, ...args: unknown[]) => unknown {
  return async function ask(this: System, ...args: unknown[]): Promise<unknown> {
    const { channel } = this;
    if (!channel) throw channelMissing(this, name);
    const [input, call] = (type ? args : [undefined, ...args]) as [object | undefined, Call];
    const reply = await channel.invoke<unknown>(via, input, call);
    if (!output) return undefined;
    return nullable && reply === null ? undefined : reply;
  };
}

/** @throws UsageError `CHANNEL_MISSING` when one of them has no body */
export function refuseWithoutChannel(system: System, operations: Iterable<Asking>): void {
  for (const { name, via } of operations) if (via !== undefined) throw channelMissing(system, name);
}

/** A field that is defined and never assigned stands before what the decorator made. @throws UsageError `OPERATION_INVALID` */
export function refuseHidden(system: System, names: Iterable<string>): void {
  for (const name of names) {
    if (!Object.hasOwn(system, name) || Reflect.get(system, name) !== undefined) continue;
    const owner = system.constructor.name;
    throw new UsageError(
      'OPERATION_INVALID',
      `${owner}.${name} is an operation, and a field of that name without a value hides it. Write \`declare\` before the field: \`declare ${name}: …\`.`,
      { details: { system: owner, operation: name } },
    );
  }
}

function channelMissing({ constructor: { name: owner } }: System, name: string): UsageError {
  return new UsageError(
    'CHANNEL_MISSING',
    `${owner}.${name} has no body, and ${owner} has no channel to ask. Give it a \`channel\`; one that its base class is injected comes to a ` +
      'subclass by `@injectFromBase({ extendConstructorArguments: false, extendProperties: true })`.',
    { details: { system: owner, operation: name } },
  );
}

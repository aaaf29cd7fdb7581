/** The operations of the systems of a run by their names as text, as graphs have them. */
import { UsageError } from '../../kernel/errors.js';
import type { CallOptions } from '../scope.js';

/** Calls an operation. @param input undefined for one that takes none */
type NamedCall = (input: unknown, options: CallOptions) => Promise<unknown>;

export class NamedOperations {
  private readonly calls = new Map<string, NamedCall>();

  /** @param systems as hooks are given them */
  constructor(private readonly systems: object) {}

  /**
   * @param name `system.operation`; of a system among several `shards[0].write`, `regions.eu.write`
   * @param user the node that calls it
   * @throws UsageError `GRAPH_INVALID` when there is nothing of that name
   */
  of(name: string, user: string): NamedCall {
    const call = this.calls.get(name) ?? this.find(name, user);
    this.calls.set(name, call);
    return call;
  }

  private find(name: string, user: string): NamedCall {
    let found: unknown = this.systems;
    // Only what is there is looked up: the systems that hooks are given throw for what they do not have.
    for (const step of name.split(/[.[\]]+/)) {
      found = typeof found === 'object' && found !== null && Object.hasOwn(found, step) ? Reflect.get(found, step) : undefined;
    }
    if (typeof found !== 'function') {
      throw new UsageError('GRAPH_INVALID', `"${user}" calls ${name}, which is no operation of a system of the scope.`, {
        details: { node: user, call: name },
      });
    }
    const method = found as (...args: unknown[]) => Promise<unknown>;
    return (input, options) => (input === undefined ? method(options) : method(input, options));
  }
}

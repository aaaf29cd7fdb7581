/**
 * `@operation`: what a system offers to commands. The types refuse, with a sentence, an operation that forgets its
 * `call` or returns `any`; at run time the wrapper refuses a call that would bypass the journal.
 */
import type { Call, Effect } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import { whereabouts } from '../kernel/whereabouts.js';
import type { System } from './System.js';

export interface Policy {
  /** An attempt that takes longer is aborted, and its outcome is a timeout. @default no limit */
  readonly timeoutMs?: number;
}

export interface OperationSpec<I extends object, O, N extends boolean> {
  /** Class of the input; absent where the operation takes none. */
  readonly input?: Class<I>;
  /** Class of the output; absent where the operation returns nothing. */
  readonly output?: Class<O>;
  /** The output may be undefined. */
  readonly nullable?: N;
  /** @default 'idempotent' */
  readonly effect?: Effect;
  readonly policy?: Policy;
  readonly description?: string;
}

/** A declared operation as the planner and the proxies see it. */
export interface DeclaredOperation {
  readonly name: string;
  readonly input: Class<object> | undefined;
  readonly output: Class<unknown> | undefined;
  readonly effect: Effect;
  readonly policy: Policy;
  readonly description: string | undefined;
}

type Method<I, O> = [I] extends [never] ? (call: Call) => O | Promise<O> : (input: I, call: Call) => O | Promise<O>;
type IsAny<T> = 0 extends 1 & T ? true : false;
// biome-ignore-start lint/suspicious/noExplicitAny: inference over every parameter list
type TakesCall<M> = M extends (...a: any[]) => infer R
  ? IsAny<Awaited<R>> extends true
    ? { readonly 'sixfold: annotate the return type; it is `any` here and would be `any` in every command': true }
    : HasCall<M>
  : never;
type HasCall<M> = M extends (...a: infer A) => unknown
  ? A extends [unknown, Call] | [Call]
    ? unknown
    : { readonly 'sixfold: the last parameter of an operation is `call: Call`': A }
  : never;
// biome-ignore-end lint/suspicious/noExplicitAny: inference over every parameter list

const DECLARED = new WeakMap<object, Map<string, DeclaredOperation>>();

/**
 * Declares a method of a system as an operation that commands may call through `systems`. Outside a run it stays a
 * plain method; called directly inside a run, where the journal would not see it, it is refused.
 *
 * @throws UsageError `OPERATION_BYPASSES_JOURNAL` from such a direct call.
 */
export function operation<I extends object = never, O = void, const N extends boolean = false>(spec: OperationSpec<I, O, N>) {
  return <S extends System, M extends Method<I, N extends true ? O | undefined : O>>(
    target: S,
    name: string,
    descriptor: TypedPropertyDescriptor<M> & TakesCall<M>,
  ): void => {
    declare(target, {
      name,
      input: spec.input,
      output: spec.output,
      effect: spec.effect ?? 'idempotent',
      policy: spec.policy ?? {},
      description: spec.description,
    });
    guard(target, name, descriptor);
  };
}

function declare(prototype: object, declared: DeclaredOperation): void {
  const own = DECLARED.get(prototype) ?? new Map<string, DeclaredOperation>();
  own.set(declared.name, declared);
  DECLARED.set(prototype, own);
}

/** Replaces the method by one that refuses to run where the journal would not see it. */
function guard(prototype: object, name: string, descriptor: PropertyDescriptor): void {
  const method = descriptor.value as (...args: unknown[]) => unknown;
  descriptor.value = function guarded(this: System, ...args: unknown[]): unknown {
    if (whereabouts() === 'between-steps') {
      const owner = prototype.constructor.name;
      throw new UsageError(
        'OPERATION_BYPASSES_JOURNAL',
        `${owner}.${name} was called directly inside a run, so the journal would not know of it. Call it through the hook's \`systems\` parameter.`,
        { details: { system: owner, operation: name } },
      );
    }
    return method.apply(this, args);
  };
}

/** The operations of a system, those of its base classes included, by name. */
export function operationsOf(instance: System): ReadonlyMap<string, DeclaredOperation> {
  const found = new Map<string, DeclaredOperation>();
  for (let prototype = Object.getPrototypeOf(instance); prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, declared] of DECLARED.get(prototype) ?? []) {
      if (!found.has(name)) found.set(name, declared);
    }
  }
  return found;
}

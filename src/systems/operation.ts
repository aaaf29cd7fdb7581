/**
 * `@operation`: what a system offers to commands. The types refuse, with a sentence, an operation that forgets its
 * `call` or returns `any`; at run time the wrapper refuses a call that would bypass the journal.
 */
import type { Call, Effect } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import { whereabouts } from '../kernel/whereabouts.js';
import type { Policy } from './Policy.js';
import type { System } from './System.js';

/** An undo that needs something else than the output of what it undoes. */
export interface UndoFrom<U extends string, I, O, X extends object = object> {
  readonly operation: U;
  /** Makes its input of what is known of the call. */
  readonly from: (done: { readonly input: I; readonly output: O; readonly key: string }) => X;
}

/**
 * An undo that knows what to undo by the key of the call, so that a lost reply need not be settled first. It must do nothing where nothing
 * happened, and must keep a request that is still on its way from happening later.
 */
export interface UndoByKey<U extends string, I, X extends object = object> {
  readonly operation: U;
  readonly byKey: (begun: { readonly input: I; readonly key: string }) => X;
}

export interface OperationSpec<
  I extends object,
  O,
  U extends string = never,
  B extends string = never,
  F extends string = never,
  N extends boolean = false,
> {
  /** Class of the input, whose rules are checked before anything is sent; absent where the operation takes none. */
  readonly input?: Class<I>;
  /** Class of the output, whose rules are checked when it comes; absent where the operation returns nothing. */
  readonly output?: Class<O>;
  /** The output may be undefined. */
  readonly nullable?: N;
  /** @default 'idempotent' */
  readonly effect?: Effect;
  /** The operation of the same system that takes this one back when the run fails: given the output, or what `from` or `byKey` makes. */
  readonly undo?: U | UndoFrom<U, I, O> | UndoByKey<U, I>;
  /**
   * For effect `once`: a method `(input, call) => output | undefined` of the same system that finds out what became of a call whose reply
   * was lost, by `call.key`. Undefined promises that it did not happen and never will. Asked only after the deadline of the attempt.
   */
  readonly probe?: B;
  /** Another operation with the same input and output, called when this one is not to be had: after a definite failure that is not a refusal. */
  readonly fallback?: F;
  readonly policy?: Policy;
  /** Semantic version of the operation, where it is not that of the system. */
  readonly version?: string;
  readonly description?: string;
}

/** How an operation is undone, as the planner and the desk see it. */
export type DeclaredUndo =
  | { readonly by: 'output'; readonly operation: string }
  | {
      readonly by: 'values';
      readonly operation: string;
      readonly from: (done: { readonly input: unknown; readonly output: unknown; readonly key: string }) => object;
    }
  | {
      readonly by: 'key';
      readonly operation: string;
      readonly from: (begun: { readonly input: unknown; readonly key: string }) => object;
    };

/** A declared operation as the planner and the proxies see it. */
export interface DeclaredOperation {
  readonly name: string;
  readonly input: Class<object> | undefined;
  readonly output: Class<unknown> | undefined;
  readonly nullable: boolean;
  readonly effect: Effect;
  readonly undo: DeclaredUndo | undefined;
  readonly probe: string | undefined;
  readonly fallback: string | undefined;
  readonly policy: Policy;
  readonly version: string | undefined;
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
/** `string` is what is inferred where the undo is an object, whose name `UndoNamed` looks at. */
type UndoOf<S, U, O> = [U] extends [never]
  ? unknown
  : string extends U
    ? unknown
    : U extends keyof S
      ? S[U] extends (input: infer X, call: Call) => unknown
        ? [O] extends [X]
          ? unknown
          : { readonly 'sixfold: the undo does not accept the output of this operation': { output: O; accepts: X } }
        : { readonly 'sixfold: the undo names a property that is not an operation': U }
      : { readonly 'sixfold: this system has no public method of that name to undo with': U };
type UndoNamed<S, U, X> = [U] extends [never]
  ? unknown
  : U extends keyof S
    ? S[U] extends (input: infer Y, call: Call) => unknown
      ? [X] extends [Y]
        ? unknown
        : { readonly 'sixfold: the undo does not accept what is made for it': { made: X; accepts: Y } }
      : S[U] extends (call: Call) => unknown
        ? unknown
        : { readonly 'sixfold: the undo names a property that is not an operation': U }
    : { readonly 'sixfold: this system has no public method of that name to undo with': U };
type ProbeOf<S, B, I, O> = [B] extends [never]
  ? unknown
  : S extends { readonly [K in B & string]: (input: I, call: Call) => O | undefined | Promise<O | undefined> }
    ? unknown
    : { readonly 'sixfold: a probe is a public method (input, call) => output | undefined': B };
type FallbackOf<S, F, I, O> = [F] extends [never]
  ? unknown
  : S extends { readonly [K in F & string]: (input: I, call: Call) => O | Promise<O> }
    ? unknown
    : { readonly 'sixfold: a fallback is an operation with the same input and output': F };

const DECLARED = new WeakMap<object, Map<string, DeclaredOperation>>();

interface Spec<
  I extends object,
  O,
  U extends string,
  V extends string,
  X extends object,
  B extends string,
  F extends string,
  N extends boolean,
> extends Omit<OperationSpec<I, O, U, B, F, N>, 'undo'> {
  readonly undo?: U | UndoFrom<V, I, O, X> | UndoByKey<V, I, X>;
}

/**
 * Declares a method of a system as an operation that commands may call through `systems`. Outside a run it stays a
 * plain method; called directly inside a run, where the journal would not see it, it is refused.
 *
 * @throws UsageError `OPERATION_BYPASSES_JOURNAL` from such a direct call.
 */
export function operation<
  I extends object = never,
  O = void,
  const U extends string = never,
  const V extends string = never,
  X extends object = never,
  const B extends string = never,
  const F extends string = never,
  const N extends boolean = false,
>(spec: Spec<I, O, U, V, X, B, F, N>) {
  return <S extends System, M extends Method<I, N extends true ? O | undefined : O>>(
    target: S & UndoOf<S, U, O> & UndoNamed<S, V, X> & ProbeOf<S, B, I, O> & FallbackOf<S, F, I, O>,
    name: string,
    descriptor: TypedPropertyDescriptor<M> & TakesCall<M>,
  ): void => {
    declare(target, {
      name,
      input: spec.input,
      output: spec.output,
      nullable: spec.nullable === true,
      effect: spec.effect ?? 'idempotent',
      undo: declaredUndo(spec.undo as AnyUndo | undefined),
      probe: spec.probe,
      fallback: spec.fallback,
      policy: spec.policy ?? {},
      version: spec.version,
      description: spec.description,
    });
    guard(target, name, descriptor);
  };
}

type AnyUndo = string | UndoFrom<string, unknown, unknown> | UndoByKey<string, unknown>;

function declaredUndo(undo: AnyUndo | undefined): DeclaredUndo | undefined {
  if (undo === undefined) return undefined;
  if (typeof undo === 'string') return { by: 'output', operation: undo };
  const { operation: name } = undo;
  return 'byKey' in undo ? { by: 'key', operation: name, from: undo.byKey } : { by: 'values', operation: name, from: undo.from };
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

/** Of whole classes, by their prototype. A class is complete when there is an instance of it. */
const OPERATIONS = new WeakMap<object, ReadonlyMap<string, DeclaredOperation>>();

/** The operations of a system, those of its base classes included, by name. */
export function operationsOf(instance: System): ReadonlyMap<string, DeclaredOperation> {
  const leaf: object = Object.getPrototypeOf(instance);
  const known = OPERATIONS.get(leaf);
  if (known) return known;
  const found = new Map<string, DeclaredOperation>();
  for (let prototype: object | null = leaf; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, declared] of DECLARED.get(prototype) ?? []) if (!found.has(name)) found.set(name, declared);
  }
  OPERATIONS.set(leaf, found);
  return found;
}

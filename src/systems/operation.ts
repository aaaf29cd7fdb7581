/**
 * `@operation`: what a system offers to commands. The types refuse, with a sentence, an operation that forgets its
 * `call` or returns `any`; at run time the wrapper refuses a call that would bypass the journal.
 */
import type { Call, Effect } from '../kernel/Call.js';
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import { whereabouts } from '../kernel/whereabouts.js';
import type { Policy } from './Policy.js';
import { askChannel, type Remote, refuseHidden, refuseWithoutChannel } from './Remote.js';
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
   * For effect `once`: a method `(input, call) => output | undefined` of the same system, or an operation that is `nullable`, which finds out
   * what became of a call whose reply was lost, by `call.key`. Undefined promises that it did not happen and never will. Asked only after the deadline of the attempt.
   */
  readonly probe?: B;
  /** Another operation with the same input and output, called when this one is not to be had: after a definite failure that is not a refusal. */
  readonly fallback?: F;
  readonly policy?: Policy;
  /**
   * Only for an operation that is declared without a body: what the channel of the system is asked for, in its own words. A name that it was told
   * a way for; for an `HttpChannel` also a route, such as `POST /orders/{orderId}/shipment`. @default the name of the operation
   */
  readonly via?: string;
  /** Semantic version of the operation, where it is not that of the system. */
  readonly version?: string;
  readonly description?: string;
}

/** How an operation is undone, as the planner and the desk see it. */
type DeclaredUndo =
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
  /** What the channel is asked for, of an operation without a body; undefined for a method. */
  readonly via: string | undefined;
  readonly version: string | undefined;
  readonly description: string | undefined;
}

type MethodOf<I, O> = [I] extends [never] ? (call: Call) => O | Promise<O> : (input: I, call: Call) => O | Promise<O>;
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

/** What a property without a body has to be declared as. */
type DeclaredAs<S, K extends string, I, O> = K extends keyof S
  ? [S[K], Remote<I, O>] extends [Remote<I, O>, S[K]]
    ? AnyIn<S[K]> extends true
      ? { readonly 'sixfold: `any` here would be `any` in every command': S[K] }
      : unknown
    : { readonly 'sixfold: an operation without a body is `declare`d as this `Remote`, of its input and output': Remote<I, O> }
  : { readonly 'sixfold: an operation is a public property': K };
type AnyIn<F> = F extends (...args: infer A) => infer R ? (true extends IsAny<A[0]> | IsAny<Awaited<R>> ? true : false) : true;

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

type Checks<S, I, O, U, V, X, B, F> = UndoOf<S, U, O> & UndoNamed<S, V, X> & ProbeOf<S, B, I, O> & FallbackOf<S, F, I, O>;

/** What `@operation(…)` is put before. */
interface OperationDecorator<
  I extends object,
  O,
  U extends string,
  V extends string,
  X extends object,
  B extends string,
  F extends string,
  N extends boolean,
> {
  /** A property that is declared without a body. */
  <S extends System, K extends string>(
    target: S & Checks<S, I, O, U, V, X, B, F> & DeclaredAs<S, K, I, N extends true ? O | undefined : O>,
    name: K,
  ): void;
  /** A method. It stands last, since the compiler shows the errors of the last one. */
  <S extends System, M extends MethodOf<I, N extends true ? O | undefined : O>>(
    target: S & Checks<S, I, O, U, V, X, B, F>,
    name: string,
    descriptor: TypedPropertyDescriptor<M> & TakesCall<M>,
  ): void;
}

/**
 * Declares a method of a system as an operation that commands may call through `systems`. Outside a run it stays a
 * plain method; called directly inside a run, where the journal would not see it, it is refused.
 *
 * Before a `declare`d property, `@operation({ … }) declare ship: Remote<Parcel>`, it makes the method, which asks the channel of the system.
 *
 * @throws UsageError `OPERATION_BYPASSES_JOURNAL` from such a direct call.
 * @throws UsageError `OPERATION_INVALID` for a method with `via`, which would go unused.
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
>(spec: Spec<I, O, U, V, X, B, F, N>): OperationDecorator<I, O, U, V, X, B, F, N> {
  return (target: System, name: string, descriptor?: PropertyDescriptor): void => {
    const method = descriptor?.value as Method | undefined;
    if (method && spec.via !== undefined) throw unusedVia(target, name);
    const declared: DeclaredOperation = {
      name,
      input: spec.input,
      output: spec.output,
      nullable: spec.nullable === true,
      effect: spec.effect ?? 'idempotent',
      undo: declaredUndo(spec.undo as AnyUndo | undefined),
      probe: spec.probe,
      fallback: spec.fallback,
      policy: spec.policy ?? {},
      via: method ? undefined : (spec.via ?? name),
      version: spec.version,
      description: spec.description,
    };
    declare(target, declared);
    const value = guarded(target, name, method ?? askChannel(declared));
    if (descriptor) descriptor.value = value;
    else Object.defineProperty(target, name, { value, writable: true, configurable: true });
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

function unusedVia(prototype: object, name: string): UsageError {
  const owner = prototype.constructor.name;
  return new UsageError(
    'OPERATION_INVALID',
    `${owner}.${name} has a body, and so no use for its \`via\`. Declare it without a body, \`declare ${name}: Remote<…>\`, or leave \`via\` out.`,
    { details: { system: owner, operation: name } },
  );
}

type Method = (this: System, ...args: unknown[]) => unknown;

/** A method that refuses to run where the journal would not see it. */
function guarded(prototype: object, name: string, method: Method): Method {
  return function guardedMethod(this: System, ...args: unknown[]): unknown {
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

/**
 * The operations of a system, those of its base classes included, by name.
 *
 * @throws UsageError `OPERATION_INVALID` for one that a field of the instance hides
 * @throws UsageError `CHANNEL_MISSING` for one without a body, where the system has no channel
 */
export function operationsOf(instance: System): ReadonlyMap<string, DeclaredOperation> {
  const leaf: object = Object.getPrototypeOf(instance);
  const known = OPERATIONS.get(leaf) ?? operationsIn(leaf, instance);
  if (!instance.channel) refuseWithoutChannel(instance, known.values());
  return known;
}

function operationsIn(leaf: object, instance: System): ReadonlyMap<string, DeclaredOperation> {
  const found = new Map<string, DeclaredOperation>();
  for (let prototype: object | null = leaf; prototype !== null; prototype = Object.getPrototypeOf(prototype)) {
    for (const [name, declared] of DECLARED.get(prototype) ?? []) if (!found.has(name)) found.set(name, declared);
  }
  refuseHidden(instance, found.keys());
  OPERATIONS.set(leaf, found);
  return found;
}

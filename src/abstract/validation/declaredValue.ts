/** A value against the class that is declared for it: a result of a command, the input or the output of an operation. */
import type { Class } from '../../kernel/Class.js';
import { copyOf } from '../../kernel/copyOf.js';
import { ClassRules } from './ClassRules.js';
import { checkedInstance } from './checkedInstance.js';
import { type Fields, hasFields, isPlain, kindOf } from './plainValues.js';
import { isUnknownProperty, type Violation } from './violations.js';

const PRIMITIVES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

export interface DeclaredValue<T> {
  readonly type: Class<T>;
  /** Fields that the class does not know are left out instead of refused: another version of a system may give more. @default false */
  readonly tolerant?: boolean;
  /** The error to reject with; `violations` is never empty. */
  readonly refusal: (violations: readonly Violation[]) => Error;
}

/**
 * An instance of the declared class, every rule checked. An instance is taken over with its fields, a plain object is read
 * as params are. A class without any rule of class-validator is not looked into, and what it is declared for is given back as it is; so are
 * text, numbers, lists and the other values of built-in classes such as `String` or `Array`, which need only be what their class says.
 *
 * @returns the value itself where no rule has to be waited for, else a promise; rejects and never throws.
 */
export function readDeclared<T>(given: unknown, { type, tolerant = false, refusal }: DeclaredValue<T>): T | Promise<T> {
  const declared = type as Class<object>;
  const mismatch = mismatchOf(declared, given);
  if (mismatch) return Promise.reject(refusal([{ path: '', message: `${mismatch}, and it is ${kindOf(given)}` }]));
  if (!hasFields(given) || ClassRules.of(declared).isEmpty) return given as T;
  const read = (fields: Fields, refused: DeclaredValue<T>['refusal']): T | Promise<T> =>
    checkedInstance(declared, fields, { keepsInstances: true, refusal: refused }) as T | Promise<T>;
  if (!tolerant) return read(given, refusal);
  const first = read(given, (violations) => new Excess(violations));
  if (!(first instanceof Promise)) return first;
  return first.catch((error: unknown) => {
    if (!(error instanceof Excess)) throw error;
    const unknown = error.violations.filter(isUnknownProperty);
    if (unknown.length === 0) throw refusal(error.violations);
    return read(without(given, unknown), refusal);
  });
}

/** What was given has fields that the class does not know, or breaks rules. */
class Excess extends Error {
  constructor(readonly violations: readonly Violation[]) {
    super();
  }
}

/** A copy without the fields at those paths. */
function without(given: Fields, unknown: readonly Violation[]): Fields {
  const copy = copyOf(given) as Fields;
  for (const { path } of unknown) {
    const steps = path.split(/[.[\]]+/).filter((step) => step !== '');
    const last = steps.pop() ?? '';
    const owner = steps.reduce<unknown>((value, step) => (hasItems(value) ? value[step] : undefined), copy);
    if (hasItems(owner)) delete owner[last];
  }
  return copy;
}

function hasItems(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** What a value has to be of a class and is not. The journal carries no instance of another class, also of a subclass. */
function mismatchOf(type: Class<object>, given: unknown): string | undefined {
  const primitive = PRIMITIVES.get(type);
  if (primitive !== undefined) return typeof given === primitive ? undefined : `must be a ${primitive}`;
  if (isBuiltIn(type)) return given instanceof type ? undefined : `must be an instance of ${type.name}`;
  if (hasFields(given) && (isPlain(given) || Object.getPrototypeOf(given) === type.prototype)) return undefined;
  return `must be a ${type.name} or a plain object`;
}

/** To ask a class for its text costs more than to check a small value. */
const BUILT_IN = new WeakMap<Class<object>, boolean>();

function isBuiltIn(type: Class<object>): boolean {
  const known = BUILT_IN.get(type) ?? Function.prototype.toString.call(type).endsWith('{ [native code] }');
  BUILT_IN.set(type, known);
  return known;
}

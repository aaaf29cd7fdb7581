/** Results of commands: the check of what a command returned against the class that it declares. */
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import { ClassRules } from './validation/ClassRules.js';
import { checkedInstance } from './validation/checkedInstance.js';
import { hasFields, isPlain, kindOf } from './validation/plainValues.js';
import { textOf, type Violation } from './validation/violations.js';

const PRIMITIVES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [String, 'string'],
  [Number, 'number'],
  [Boolean, 'boolean'],
]);

/**
 * The result to keep: an instance of its declared class, every rule checked, unknown properties refused. An instance is
 * taken over with its fields, a plain object is read as params are. A class without any rule of class-validator is not
 * looked into, and what it is declared for is given back as it is; so are text, numbers, lists and the other values of
 * built-in classes such as `String` or `Array`, which need only be what their class says.
 *
 * `undefined` is refused like any other value that is no object; whoever drives the command asks first, since it knows
 * which hook returned nothing.
 *
 * @returns the result itself where no rule has to be waited for, else a promise; rejects and never throws.
 * @throws UsageError `RESULT_INVALID` with all violations in `details.violations`.
 */
export function readResult<R>(type: Class<R>, given: unknown, command: string): R | Promise<R> {
  const declared = type as Class<object>;
  const refusal = (violations: readonly Violation[]): UsageError => invalid(command, violations);
  const mismatch = mismatchOf(declared, given);
  if (mismatch) return Promise.reject(refusal([{ path: '', message: `${mismatch}, and it is ${kindOf(given)}` }]));
  if (!hasFields(given) || ClassRules.of(declared).isEmpty) return given as R;
  return checkedInstance(declared, given, { keepsInstances: true, refusal }) as R | Promise<R>;
}

/** What a value has to be of a class and is not. The journal carries no instance of another class, also of a subclass. */
function mismatchOf(type: Class<object>, given: unknown): string | undefined {
  const primitive = PRIMITIVES.get(type);
  if (primitive !== undefined) return typeof given === primitive ? undefined : `must be a ${primitive}`;
  if (isBuiltIn(type)) return given instanceof type ? undefined : `must be an instance of ${type.name}`;
  if (hasFields(given) && (isPlain(given) || Object.getPrototypeOf(given) === type.prototype)) return undefined;
  return `must be a ${type.name} or a plain object`;
}

function isBuiltIn(type: Class<object>): boolean {
  return Function.prototype.toString.call(type).endsWith('{ [native code] }');
}

function invalid(command: string, violations: readonly Violation[]): UsageError {
  return new UsageError('RESULT_INVALID', `The result of ${command} is not valid: ${textOf(violations)}.`, { details: { violations } });
}

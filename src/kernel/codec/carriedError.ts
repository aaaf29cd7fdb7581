/** How errors travel: through the journal and back with class, code, cause and stack, as far as this process knows the class. */
import { inspect } from 'node:util';
import type { AbstractClass } from '../Class.js';
import type { ErrorCode } from '../codes.js';
import { errorClassNamed, groupOf, SixfoldError } from '../errors.js';
import { isSensitiveKey, REDACTED, withoutSensitive } from '../sensitiveKeys.js';

export interface CarriedError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  /** Names of the classes of the application that it is of, its own first; absent where that is the name alone. */
  readonly kinds?: readonly string[];
  /** Present on Sixfold's own errors: the code, and which of the classes it is or extends. */
  readonly code?: ErrorCode;
  readonly group?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** The members of an AggregateError. */
  readonly errors?: readonly unknown[];
  /** Further fields of the error that are text, numbers or truth values, such as `errno` or `status`. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

/** What an error was before it went through the journal, which knows no class of the application. */
const KINDS = new WeakMap<Error, readonly string[]>();

/** Whether an error is of a class, or was before it went through the journal. */
export function isKindOf(error: unknown, type: AbstractClass<Error>): boolean {
  return error instanceof type || (error instanceof Error && kindsOf(error).includes(type.name));
}

/** Names of the classes of the application that an error is of, its own first. */
function kindsOf(error: Error): readonly string[] {
  const carried = KINDS.get(error);
  if (carried) return carried;
  const kinds: string[] = [];
  for (let one = Object.getPrototypeOf(error); one && !isKnown(one.constructor); one = Object.getPrototypeOf(one))
    kinds.push(one.constructor.name);
  return kinds;
}

function isKnown(type: unknown): boolean {
  return (
    type === Error ||
    type === AggregateError ||
    type === SixfoldError ||
    BUILT_IN.includes(type as typeof TypeError) ||
    errorClassNamed((type as { name?: string })?.name ?? '') === type
  );
}

const BUILT_IN = [TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError];

export function carriedOf(error: Error): CarriedError {
  const own = error instanceof SixfoldError ? { code: error.code, group: groupOf(error), details: shownDetails(error) } : {};
  const kinds = kindsOf(error);
  const fields = Object.entries(error)
    .filter(([key, value]) => !(key in own) && key !== 'name' && isSimple(value))
    .map(([key, value]): [string, string | number | boolean] => [key, isSensitiveKey(key) ? REDACTED : value]);
  return {
    name: error.name,
    message: error.message,
    ...(kinds.length > 0 ? { kinds } : {}),
    ...own,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: carriedCause(error.cause) }),
    ...(error instanceof AggregateError ? { errors: error.errors.map(carriedCause) } : {}),
    ...(fields.length > 0 ? { fields: Object.fromEntries(fields) } : {}),
  };
}

function shownDetails({ details }: SixfoldError): Readonly<Record<string, unknown>> {
  return withoutSensitive(details) as Readonly<Record<string, unknown>>; // A record stays one.
}

export function errorOf(carried: CarriedError): Error {
  const options = carried.cause === undefined ? {} : { cause: carried.cause };
  const error = construct(carried, options);
  if (carried.stack !== undefined) define(error, 'stack', carried.stack);
  if (carried.kinds) KINDS.set(error, carried.kinds);
  for (const [key, value] of Object.entries(carried.fields ?? {})) Object.assign(error, { [key]: value });
  return error;
}

/** The same error without what hangs on it: details, cause and further fields. */
export function bareError(error: Error): Error {
  const { name, message, stack } = error;
  const code = error instanceof SixfoldError ? { code: error.code, group: groupOf(error) } : {};
  return errorOf({ name: String(name), message: String(message), ...(typeof stack === 'string' ? { stack } : {}), ...code });
}

function construct(carried: CarriedError, options: { cause?: unknown }): Error {
  const Own = errorClassNamed(carried.group ?? carried.name);
  if (Own && carried.code) {
    const own = new Own(carried.code, carried.message, { ...options, details: carried.details ?? {} });
    if (own.name !== carried.name) define(own, 'name', carried.name); // A class of the application, which extends one of ours.
    return own;
  }
  if (carried.errors) return new AggregateError(carried.errors, carried.message, options);
  const BuiltIn = BUILT_IN.find((candidate) => candidate.name === carried.name);
  if (BuiltIn) return new BuiltIn(carried.message, options);
  const error = new Error(carried.message, options);
  if (carried.name !== 'Error') define(error, 'name', carried.name);
  return error;
}

/** A cause that is neither an error nor simple is kept as its text, so that one odd cause cannot lose the error. */
function carriedCause(cause: unknown): unknown {
  return cause instanceof Error || cause === null || isSimple(cause) ? cause : inspectedText(cause);
}

/** The text of something that is no error, on one line, without what stands under sensitive names. */
export function inspectedText(value: unknown): string {
  return inspect(withoutSensitive(value), { depth: 2, breakLength: Number.POSITIVE_INFINITY });
}

function isSimple(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function define(error: Error, key: 'stack' | 'name', value: string): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

/**
 * The closed set of error classes, grouped by who must act. The codes and what each asks of the reader stand in
 * `codes.ts`, which `docs/errors.md` must match.
 */
import type { ErrorCode } from './codes.js';

/** What every Sixfold error carries besides its message. Values are JSON and never secrets. */
export interface ErrorOptions {
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Base of all errors that Sixfold throws. `code` is stable across releases; `message` is for people and is not. */
export abstract class SixfoldError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** The author of the calling code must act: a wrong argument, a missing decorator, an unknown name. */
export class UsageError extends SixfoldError {}

/** The business, or a system, said no, definitely. */
export class CommandFailure extends SixfoldError {}

/** Nobody must act: wait and try again. */
export class TransientError extends SixfoldError {}

/** The caller already acted: it cancelled. */
export class CancelledError extends SixfoldError {}

/** The caller already acted: it set a limit, and the limit passed. */
export class TimeoutError extends SixfoldError {}

/** An effect may or may not have happened; a probe or a person must say which. */
export class OutcomeUnknownError extends SixfoldError {}

/** A defect in Sixfold itself, or a journal that something else wrote to. */
export class InvariantViolation extends SixfoldError {}

const CLASSES = [UsageError, CommandFailure, TransientError, CancelledError, TimeoutError, OutcomeUnknownError, InvariantViolation];

/** The class of that name, or undefined where it is none of Sixfold's. */
export function errorClassNamed(name: string): (typeof CLASSES)[number] | undefined {
  return CLASSES.find((candidate) => candidate.name === name);
}

/** The name of the class of ours that an error is or extends; an error that extends the base alone is a failure. */
export function groupOf(error: SixfoldError): string {
  return (CLASSES.find((candidate) => error instanceof candidate) ?? CommandFailure).name;
}

/** The text of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

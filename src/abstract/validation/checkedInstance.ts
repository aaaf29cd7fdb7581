/** The way of a given value through its class: what is made of it, then what the rules say. */
import { validate } from 'class-validator';
import type { Class } from '../../kernel/Class.js';
import { ClassRules } from './ClassRules.js';
import type { Fields } from './plainValues.js';
import { Reading } from './Reading.js';
import { secretViolations } from './secretFields.js';
import { isWithin, type Violation, violationsOf } from './violations.js';

const OPTIONS = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false };

export interface Asked {
  /** See `Reading`. */
  readonly keepsInstances: boolean;
  /** The error to reject with; `violations` is never empty. */
  readonly refusal: (violations: readonly Violation[]) => Error;
}

/**
 * An instance that keeps all rules of its class: at once where no rule has to be waited for, else a promise. Refuses by
 * rejecting, never by throwing.
 */
export function checkedInstance<T extends object>(type: Class<T>, given: Fields, asked: Asked): T | Promise<T> {
  const reading = new Reading(given, asked.keepsInstances);
  let made: T | undefined;
  try {
    made = reading.instance(type);
  } catch (error) {
    return Promise.reject(error); // A setter of the class threw.
  }
  if (made && reading.violations.length === 0 && holds(type, made)) return made;
  return refusedOrAccepted(made, reading, asked.refusal);
}

/** A rule that throws is asked again by class-validator, which then rejects. */
function holds(type: Class<object>, made: object): boolean {
  try {
    return ClassRules.of(type).hold(made as Fields);
  } catch {
    return false;
  }
}

async function refusedOrAccepted<T extends object>(made: T | undefined, reading: Reading, refusal: Asked['refusal']): Promise<T> {
  const broken = made === undefined ? [] : await brokenRules(made, reading.unread);
  const violations = [...reading.violations, ...broken];
  if (made === undefined || violations.length > 0) throw refusal(violations);
  return made;
}

async function brokenRules(made: object, unread: readonly string[]): Promise<Violation[]> {
  const secrets = secretViolations(made);
  const hidden = [...unread, ...secrets.map(({ path }) => path)];
  const said = violationsOf(await validate(made, OPTIONS));
  return [...said.filter(({ path }) => !hidden.some((outer) => isWithin(path, outer))), ...secrets];
}

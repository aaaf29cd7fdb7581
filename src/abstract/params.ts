/** Params classes: what their fields are, by class-validator's own metadata, and the check of a value against them. */
import 'reflect-metadata';
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import { type FieldSpec, fieldSpecOf } from './field.js';
import { checkedInstance } from './validation/checkedInstance.js';
import { rulesOf } from './validation/fieldRules.js';
import { hasFields, kindOf } from './validation/plainValues.js';
import { textOf, type Violation } from './validation/violations.js';

export type { Violation } from './validation/violations.js';

export type FieldType = 'text' | 'number' | 'integer' | 'truth' | 'other';

/** A params field, as the command line and documentation need it. */
export interface ParamsField extends FieldSpec {
  readonly name: string;
  readonly type: FieldType;
  /** It holds a list of that type. */
  readonly list: boolean;
  readonly optional: boolean;
  /** Value of the initialiser, or undefined. */
  readonly fallback: unknown;
  readonly choices: readonly unknown[] | undefined;
}

const TYPES: Readonly<Record<string, FieldType>> = {
  isString: 'text',
  isInt: 'integer',
  isNumber: 'number',
  isBoolean: 'truth',
  isIn: 'text',
  isEnum: 'text',
};

/** The fields of a params class that have at least one rule, inherited ones included, in order of declaration. */
export function paramsFieldsOf(type: Class<object>): ParamsField[] {
  const rules = rulesOf(type);
  const initial = new type() as Record<string, unknown>;
  const names = [...new Set(rules.map((rule) => rule.propertyName))];
  return names.map((name) => {
    const own = rules.filter((rule) => rule.propertyName === name);
    const named = (rule: string) => own.find((candidate) => (candidate.name ?? candidate.type) === rule);
    const among = named('isIn') ?? named('isEnum');
    const typed = own.map((rule) => TYPES[rule.name ?? '']).find((found) => found !== undefined);
    return {
      ...fieldSpecOf(type, name),
      name,
      type: named('isInt') ? 'integer' : (typed ?? 'other'),
      list: named('isArray') !== undefined || own.some((rule) => rule.each),
      optional: own.some((rule) => rule.type === 'conditionalValidation') || initial[name] !== undefined,
      fallback: initial[name],
      choices: among ? choicesOf(among.constraints[0]) : undefined,
    };
  });
}

function choicesOf(constraint: unknown): readonly unknown[] {
  return Array.isArray(constraint) ? constraint : Object.values(constraint as object);
}

/**
 * The params as an instance of their class, every rule checked. Initialisers stand in for what is absent or undefined; null
 * is a value. A value is converted only where `@Type` or `@Transform` says so. Refused are also properties that the class
 * does not know, at every depth, and what contains itself, is nested more than 100 levels deep or holds more than 100,000
 * lists and objects.
 *
 * @returns the params themselves where no rule has to be waited for, else a promise; rejects and never throws.
 * @throws UsageError `PARAMS_INVALID` with all violations in `details.violations`; none shows a value.
 */
export function readParams<P extends object>(type: Class<P>, given: unknown, command: string): P | Promise<P> {
  const refusal = (violations: readonly Violation[]): UsageError => invalid(command, violations);
  if (!hasFields(given)) return Promise.reject(refusal([{ path: '', message: `must be an object, and it is ${kindOf(given)}` }]));
  return checkedInstance(type, given, { keepsInstances: false, refusal });
}

function invalid(command: string, violations: readonly Violation[]): UsageError {
  return new UsageError('PARAMS_INVALID', `The params of ${command} are not valid: ${textOf(violations)}.`, { details: { violations } });
}

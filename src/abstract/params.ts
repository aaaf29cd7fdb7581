/** Params classes: what their fields are, by class-validator's own metadata, and the check of a value against them. */
import 'reflect-metadata';
import { plainToInstance } from 'class-transformer';
import { getMetadataStorage, type ValidationError, validate } from 'class-validator';
import type { Class } from '../kernel/Class.js';
import { UsageError } from '../kernel/errors.js';
import { type FieldSpec, fieldSpecOf } from './field.js';

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

/** One rule that a value breaks. */
export interface Violation {
  /** Such as `lines[0].quantity`. */
  readonly path: string;
  readonly message: string;
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
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
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
 * The params as an instance of their class, every rule checked.
 *
 * @throws UsageError `PARAMS_INVALID` with all violations in `details.violations`.
 */
export async function readParams<P extends object>(type: Class<P>, given: unknown, command: string): Promise<P> {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw invalid(command, [{ path: '', message: `must be an object, and it is ${Array.isArray(given) ? 'a list' : String(given)}` }]);
  }
  // Defaults go the way of given values, so that a @Transform meets both.
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const params = plainToInstance(type, { ...new type(), ...stated });
  const errors = await validate(params, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: false });
  if (errors.length > 0) throw invalid(command, violationsOf(errors));
  return params;
}

function invalid(command: string, violations: readonly Violation[]): UsageError {
  const list = violations.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join('; ');
  return new UsageError('PARAMS_INVALID', `The params of ${command} are not valid: ${list}.`, { details: { violations } });
}

/** All violations with their paths, nested ones flattened. */
function violationsOf(errors: readonly ValidationError[], prefix = ''): Violation[] {
  return errors.flatMap((error) => {
    const path = /^\d+$/.test(error.property) ? `${prefix}[${error.property}]` : prefix ? `${prefix}.${error.property}` : error.property;
    const own = Object.values(error.constraints ?? {}).map((message) => ({ path, message: withoutProperty(message, error.property) }));
    return [...own, ...violationsOf(error.children ?? [], path)];
  });
}

/** class-validator's messages begin with the property, which the path already names. */
function withoutProperty(message: string, property: string): string {
  return message.startsWith(`${property} `) ? message.slice(property.length + 1) : message;
}

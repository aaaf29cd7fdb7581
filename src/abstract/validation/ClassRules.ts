/**
 * The rules of a class, read once from class-validator, so that a value that keeps them all is accepted without it.
 *
 * Owns: the same conditions and constraints, run in the same way. Does not own: verdicts against a value and their
 * messages, which are class-validator's own.
 * Invariant: what is accepted here class-validator accepts, with `whitelist` and `forbidNonWhitelisted` and without groups.
 * Rules that are registered after the first use of a class are not seen.
 */
import type { ValidationArguments } from 'class-validator';
import type { Class } from '../../kernel/Class.js';
import { answersAtOnce, type Check, type FieldRules, fieldRulesOf, rulesOf } from './fieldRules.js';
import type { Fields } from './plainValues.js';
import { isSecretReference } from './secretFields.js';

const RULES = new WeakMap<Class<object>, ClassRules>();

export class ClassRules {
  private readonly fields: readonly FieldRules[];
  private readonly names: ReadonlySet<string>;
  private isDecidable: boolean;

  static of(type: Class<object>): ClassRules {
    const known = RULES.get(type);
    if (known) return known;
    const rules = new ClassRules(type);
    RULES.set(type, rules);
    return rules;
  }

  private constructor(private readonly type: Class<object>) {
    const rules = rulesOf(type);
    this.fields = fieldRulesOf(type, rules);
    this.names = new Set(this.fields.map(({ name }) => name));
    this.isDecidable = rules.every(answersAtOnce);
  }

  get isEmpty(): boolean {
    return this.fields.length === 0;
  }

  /** Every rule says at once whether it is kept. */
  get isDecided(): boolean {
    return this.isDecidable;
  }

  /** True only when every rule says so at once; false says nothing. */
  hold(object: Fields): boolean {
    if (!this.isDecidable) return false;
    for (const key of Object.keys(object)) if (!this.names.has(key)) return false;
    for (const field of this.fields) if (!this.holdFor(field, object, object[field.name])) return false;
    return true;
  }

  private holdFor({ secret, conditions, checks, nested }: FieldRules, object: Fields, value: unknown): boolean {
    if (secret && !isSecretReference(value)) return false;
    let isAsked = true;
    for (const condition of conditions) isAsked = Boolean(condition(object, value)) && isAsked;
    if (!isAsked) return true;
    for (const check of checks) if (!this.passes(check, object, value)) return false;
    return !nested || nestedHold(value);
  }

  private passes({ rule, constraint, fixed }: Check, object: Fields, value: unknown): boolean {
    if (rule.validateIf && !rule.validateIf(object, value)) return true;
    const { propertyName: property, constraints, each } = rule;
    const asked: ValidationArguments = { targetName: this.type.name, property, object, value, constraints };
    const validator = fixed ?? constraint.instance;
    if (!each) return this.isYes(validator.validate(value, asked));
    if (isRareCollection(value)) return false;
    if (!Array.isArray(value)) return this.isYes(validator.validate(value, asked));
    for (const item of value) if (!this.isYes(validator.validate(item, asked))) return false;
    return true;
  }

  private isYes(verdict: unknown): boolean {
    if (verdict === true) return true;
    if (typeof verdict !== 'object' || verdict === null || !('then' in verdict)) return Boolean(verdict);
    this.isDecidable = false; // Else every value would ask twice: here, and by class-validator.
    Promise.resolve(verdict).catch(() => undefined); // class-validator asks again, and reports what comes of it.
    return false;
  }
}

/** Left to class-validator. */
function isRareCollection(value: unknown): boolean {
  return value instanceof Set || value instanceof Map;
}

function nestedHold(value: unknown): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return value.every(nestedHold);
  if (typeof value !== 'object' || !(value instanceof Object) || isRareCollection(value)) return false;
  return typeof value.constructor === 'function' && ClassRules.of(value.constructor as Class<object>).hold(value as Fields);
}

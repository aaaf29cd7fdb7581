/** The fields of a class that no value could fill, or any: found when a command is registered, not when it runs. */
import { ValidationTypes } from 'class-validator';
import type { Class } from '../../kernel/Class.js';
import { describedFieldsOf } from '../field.js';
import { conversionOf } from '../fieldClasses.js';
import { constraintsOf, type Rule, rulesOf } from './fieldRules.js';

export interface UncheckedField {
  /** Such as `lines.sku`. */
  readonly path: string;
  readonly lack: Lack;
}

type Lack = keyof typeof LACKS;

/** What is missing, with what follows from it and what to do. */
export const LACKS = {
  rule: 'no class-validator rule, so every value would be refused. Add one, such as @IsString().',
  check:
    'no rule that checks it, so every value would be accepted: a condition such as @IsOptional() checks nothing, nor does a ' +
    'class without @ValidatorConstraint. Add a rule, such as @IsString(), or @Allow() if that is meant.',
  type: '@ValidateNested() without @Type, so plain objects in it could not be checked. Add @Type(() => …) with their class.',
  nested: '@Type with a class that has rules, and no @ValidateNested(), so those would not be asked. Add it.',
} as const;

/** Those of a class and, through `@Type`, of the classes nested in it; each class is looked at once. */
export function uncheckedFieldsOf(type: Class<object>): readonly UncheckedField[] {
  return [...uncheckedWithin(type, '', new Set())];
}

function* uncheckedWithin(type: Class<object>, prefix: string, seen: Set<Class<object>>): Generator<UncheckedField> {
  if (seen.has(type)) return;
  seen.add(type);
  const rules = Map.groupBy(rulesOf(type), ({ propertyName }) => propertyName);
  const conversions = conversionOf(type).fields;
  const names = new Set([...initialNames(type), ...describedFieldsOf(type), ...conversions.keys(), ...rules.keys()]);
  for (const name of names) {
    const path = `${prefix}${name}`;
    const target = conversions.get(name)?.target;
    const lack = lackOf(rules.get(name) ?? [], target);
    if (lack) yield { path, lack };
    else if (target && isNested(rules.get(name) ?? [])) yield* uncheckedWithin(target, `${path}.`, seen);
  }
}

function lackOf(rules: readonly Rule[], target: Class<object> | undefined): Lack | undefined {
  if (rules.length === 0) return 'rule';
  if (rules.some(({ type }) => type === ValidationTypes.WHITELIST || type === ValidationTypes.PROMISE_VALIDATION)) return undefined;
  if (isNested(rules)) return target ? undefined : 'type';
  if (target && rulesOf(target).length > 0) return 'nested';
  return rules.some((rule) => constraintsOf(rule).length > 0) ? undefined : 'check';
}

function isNested(rules: readonly Rule[]): boolean {
  return rules.some(({ type }) => type === ValidationTypes.NESTED_VALIDATION);
}

/** A class that cannot be made without arguments shows its fields by their decorators only. */
function initialNames(type: Class<object>): string[] {
  try {
    return Object.keys(new type());
  } catch {
    return [];
  }
}

/** What class-validator was told of the fields of a class, in the form in which it is run. */
import { getMetadataStorage, ValidationTypes } from 'class-validator';
import type { Class } from '../../kernel/Class.js';
import { fieldSpecOf } from '../field.js';

export type Rule = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];
export type Constraint = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidatorConstraints']>[number];

/** A rule and the constraint that decides it. */
export interface Check {
  readonly rule: Rule;
  readonly constraint: Constraint;
  /** The instance where it is always the same one; else class-validator's container is asked each time. */
  readonly fixed: Constraint['instance'] | undefined;
}

/** Everything that is asked of one field. */
export interface FieldRules {
  readonly name: string;
  /** It may hold nothing but a reference to a secret. */
  readonly secret: boolean;
  /** Where one of them says no, nothing else is asked. */
  readonly conditions: readonly ((object: object, value: unknown) => unknown)[];
  readonly checks: readonly Check[];
  /** The values in it have classes with rules of their own. */
  readonly nested: boolean;
}

/** What class-validator wraps around a validator that is no class of its own. */
const WRAPPER = 'CustomConstraint';

/** The rules of all fields, inherited ones included, in order of declaration. */
export function rulesOf(type: Class<object>): Rule[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  return rules.filter(({ propertyName }) => typeof propertyName === 'string');
}

/** The constraints that a rule runs; none where its class lacks `@ValidatorConstraint`, so that it checks nothing. */
export function constraintsOf(rule: Rule): readonly Constraint[] {
  if (rule.type !== ValidationTypes.CUSTOM_VALIDATION && rule.type !== ValidationTypes.IS_DEFINED) return [];
  return getMetadataStorage().getTargetValidatorConstraints(rule.constraintCls);
}

/** False when a rule may answer later, so that class-validator has to wait for it. */
export function answersAtOnce(rule: Rule): boolean {
  return rule.type !== ValidationTypes.PROMISE_VALIDATION && !constraintsOf(rule).some((constraint) => constraint.async);
}

export function fieldRulesOf(type: Class<object>, rules: readonly Rule[]): FieldRules[] {
  return [...Map.groupBy(rules, ({ propertyName }) => propertyName)].map(([name, own]) => {
    const ofType = (wanted: string): Rule[] => own.filter((rule) => rule.type === wanted);
    return {
      name,
      secret: fieldSpecOf(type, name).secret === true,
      conditions: ofType(ValidationTypes.CONDITIONAL_VALIDATION).map(({ constraints }) => constraints[0]),
      checks: [...ofType(ValidationTypes.IS_DEFINED), ...ofType(ValidationTypes.CUSTOM_VALIDATION)].flatMap(checksOf),
      nested: ofType(ValidationTypes.NESTED_VALIDATION).length > 0,
    };
  });
}

function checksOf(rule: Rule): Check[] {
  return constraintsOf(rule).map((constraint) => ({
    rule,
    constraint,
    fixed: constraint.target.name === WRAPPER ? constraint.instance : undefined,
  }));
}

/** What is known of the fields of a class: by the rules of class-validator, the `@Type` of class-transformer, and an instance of it. */
import { conversionOf } from '../../abstract/fieldClasses.js';
import { type ParamsField, paramsFieldsOf } from '../../abstract/params.js';
import type { Class } from '../../kernel/Class.js';
import type { PlannedField } from './OrchestrationPlan.js';

/** Classes in classes are described so deep. */
const DEPTH_MAX = 8;
const FIELDS_MAX = 1000;

const FIELDS = new WeakMap<Class<object>, readonly ParamsField[]>();
const PLANNED = new WeakMap<Class<object>, readonly PlannedField[]>();

/** What is no object but text, a number or a truth. */
const PRIMITIVES: ReadonlyMap<unknown, string> = new Map<unknown, string>([
  [String, 'text'],
  [Number, 'number'],
  [Boolean, 'truth'],
]);

/** The fields with a rule, those of nested classes included. Empty for a class without rules. Read once of each class. */
export function plannedFieldsOf(type: Class<object>): readonly PlannedField[] {
  const primitive = PRIMITIVES.get(type);
  if (primitive !== undefined) return [{ name: '', type: primitive, required: true }];
  const known = PLANNED.get(type) ?? describe(type, '', []).slice(0, FIELDS_MAX);
  PLANNED.set(type, known);
  return known;
}

function describe(type: Class<object>, prefix: string, within: readonly Class<object>[]): PlannedField[] {
  if (within.includes(type) || within.length >= DEPTH_MAX) return [];
  const { fields } = conversionOf(type);
  return ruledFieldsOf(type).flatMap((field) => {
    const { target, leaf } = fields.get(field.name) ?? {};
    const name = `${prefix}${field.name}`;
    const own = { name, type: `${(target ?? leaf)?.name ?? field.type}${field.list ? '[]' : ''}`, required: !field.optional };
    return target ? [own, ...describe(target, `${name}${field.list ? '[]' : ''}.`, [...within, type])] : [own];
  });
}

/** Those with a rule. A class that cannot be made without arguments, and so not out of data, is as one without rules. */
export function ruledFieldsOf(type: Class<object>): readonly ParamsField[] {
  const known = FIELDS.get(type) ?? fieldsOf(type);
  FIELDS.set(type, known);
  return known;
}

function fieldsOf(type: Class<object>): readonly ParamsField[] {
  try {
    return paramsFieldsOf(type);
  } catch {
    return [];
  }
}

/** False only where it is certain that no instance of the class has a value at the path, such as `lines.0.sku`. */
export function mayHave(type: Class<object>, path: string): boolean {
  if (PRIMITIVES.has(type)) return path === '';
  let at: { readonly type: Class<object> | undefined; readonly list: boolean } = { type, list: false };
  for (const step of path === '' ? [] : path.split('.')) {
    if (at.list && /^\d+$/.test(step)) {
      at = { type: at.type, list: false };
      continue;
    }
    if (at.list) return step in Array.prototype;
    if (!at.type || ruledFieldsOf(at.type).length === 0) return true;
    const field = ruledFieldsOf(at.type).find(({ name }) => name === step);
    if (!field) return isThereAnyway(at.type, step);
    at = { type: conversionOf(at.type).fields.get(step)?.target, list: field.list };
  }
  return true;
}

/** Without a rule: a getter, or a field with a value from the start. */
function isThereAnyway(type: Class<object>, name: string): boolean {
  return name in new type();
}

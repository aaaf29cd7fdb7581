import { readFileSync } from 'node:fs';
import { type OrchestrationPlan, UsageError } from '../../index.js';
import { firstLineOf } from '../explain.js';

/** The plan that `sixfold plan --format json` wrote to a file. @throws UsageError `CONTRACT_NOT_READ` */
export function earlierPlan(file: string): OrchestrationPlan {
  const text = read(file);
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (cause) {
    throw refusal(file, `is not JSON: ${firstLineOf(cause)}`, cause);
  }
  if (!isPlan(found)) throw refusal(file, 'is no plan');
  return { ...found, compensation: found.compensation ?? { order: 'reverse' }, constraints: found.constraints ?? {} };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw refusal(file, `cannot be read: ${firstLineOf(cause)}`, cause);
  }
}

function refusal(file: string, why: string, cause?: unknown): UsageError {
  return new UsageError('CONTRACT_NOT_READ', `${file} ${why}. Give a file that \`sixfold plan --format json\` wrote.`, {
    cause,
    details: { file },
  });
}

/** What a comparison looks at has the right form. */
function isPlan(found: unknown): found is OrchestrationPlan {
  if (!hasTexts(found, ['command', 'pattern']) || !isListOf(found, 'systems', isSystem) || !isListOf(found, 'events', isText)) return false;
  const { interactions, constraints = {}, compensation = {} } = found as { [field: string]: unknown };
  return (interactions === undefined || isListOf(found, 'interactions', isInteraction)) && isObject(constraints) && isObject(compensation);
}

function isSystem(found: unknown): boolean {
  return (
    hasTexts(found, ['name', 'system', 'version', 'protocol']) &&
    isListOf(found, 'operations', isOperation) &&
    isListOf(found, 'requires', isText)
  );
}

function isOperation(found: unknown): boolean {
  return (
    hasTexts(found, ['name', 'effect']) &&
    ['input', 'output'].every((side) => !(side in (found as object)) || isListOf(found, side, isField))
  );
}

function isField(found: unknown): boolean {
  return hasTexts(found, ['name', 'type']) && typeof Reflect.get(found as object, 'required') === 'boolean';
}

function isInteraction(found: unknown): boolean {
  return hasTexts(found, ['name', 'system', 'operation']) && isListOf(found, 'after', isText);
}

function isListOf(found: unknown, field: string, isOne: (item: unknown) => boolean): boolean {
  const list: unknown = isObject(found) ? Reflect.get(found, field) : undefined;
  return Array.isArray(list) && list.every(isOne);
}

function hasTexts(found: unknown, fields: readonly string[]): found is object {
  return isObject(found) && fields.every((field) => isText(Reflect.get(found, field)));
}

function isObject(found: unknown): found is object {
  return typeof found === 'object' && found !== null;
}

function isText(found: unknown): found is string {
  return typeof found === 'string';
}

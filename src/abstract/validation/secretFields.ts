/** Fields that hold a reference to a secret: what was given instead may be the secret, so it is never shown. */
import type { Class } from '../../kernel/Class.js';
import { parseSecretReference } from '../../kernel/secretReference.js';
import { fieldSpecOf } from '../field.js';
import { pathTo, type Violation } from './violations.js';

const MESSAGE = 'must be a reference to a secret, such as env:NAME; what was given is not shown';

/** True for a reference, and for nothing: whether the field may be empty is for its rules to say. */
export function isSecretReference(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'string' && parseSecretReference(value) !== undefined;
}

/** The secret fields that hold something else than a reference, at every depth of an instance. */
export function secretViolations(value: unknown, path = '', seen = new Set<object>()): Violation[] {
  if (typeof value !== 'object' || value === null || seen.has(value)) return [];
  seen.add(value);
  const type: unknown = Array.isArray(value) ? undefined : value.constructor;
  return Object.entries(value).flatMap(([key, field]) => {
    const own = pathTo(path, key);
    if (typeof type !== 'function' || !fieldSpecOf(type as Class<object>, key).secret) return secretViolations(field, own, seen);
    return isSecretReference(field) ? [] : [{ path: own, message: MESSAGE }];
  });
}

/** Values of the journal as JSON for a document: nothing is lost silently, nothing sensitive is shown. */
import { fieldSpecOf } from '../../abstract/field.js';
import type { Class } from '../../kernel/Class.js';
import { parseSecretReference } from '../../kernel/secretReference.js';
import { isSensitiveKey, REDACTED } from '../../kernel/sensitiveKeys.js';
import { troubleOf } from '../Outcome.js';

const DEPTH_MAX = 100;
/** Lists and objects beyond this are left out. */
const NODES_MAX = 100_000;
const LEFT_OUT = '[…]';

/**
 * A value as plain JSON: dates as ISO texts, big numbers as digits, bytes as base64, sets and maps as lists. Values of
 * sensitive names are `[redacted]`; a field that its class declares secret is shown as the reference that it holds.
 */
export function plainValue(value: unknown): unknown {
  let nodes = 0;
  const visit = (present: unknown, depth: number): unknown => {
    if (typeof present !== 'object' || present === null) return plainScalar(present);
    nodes += 1;
    if (depth > DEPTH_MAX || nodes > NODES_MAX) return LEFT_OUT;
    const leaf = plainLeaf(present);
    if (leaf !== undefined) return leaf;
    const inner = (item: unknown): unknown => visit(item, depth + 1);
    if (present instanceof Map) return [...present].map(([key, item]) => [inner(key), isHiddenKey(key) ? hidden(item) : inner(item)]);
    if (Array.isArray(present) || present instanceof Set) return [...present].map(inner);
    return Object.fromEntries(
      Object.entries(present)
        .filter(([, field]) => field !== undefined)
        .map(([key, field]) => [key, shownField(present, key, field) ?? inner(field)]),
    );
  };
  return visit(value, 0);
}

/** What should be text, as text. */
export function plainText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(plainValue(value));
}

function plainScalar(value: unknown): unknown {
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) return String(value);
  return value ?? null;
}

function plainLeaf(value: object): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return value instanceof Error ? troubleOf(value) : undefined;
}

/** What stands for a field that must not be shown as it is; undefined for any other. */
function shownField(owner: object, key: string, value: unknown): unknown {
  if (isSecretField(owner, key)) return typeof value === 'string' && parseSecretReference(value) ? value : hidden(value);
  return isHiddenKey(key) ? hidden(value) : undefined;
}

function isSecretField(owner: object, key: string): boolean {
  const type: unknown = owner.constructor;
  return typeof type === 'function' && fieldSpecOf(type as Class<object>, key).secret === true;
}

function isHiddenKey(key: unknown): boolean {
  return typeof key === 'string' && isSensitiveKey(key);
}

function hidden(value: unknown): unknown {
  return value === undefined || value === null ? null : REDACTED;
}

/** Finds the references in the input mapping of a node, and puts in their place what they stand for. */
import { UsageError } from '../../kernel/errors.js';
import { type InputMapping, isReference, type Reference } from './InteractionGraph.js';

/** Nodes that a mapping takes values from, each once. Linear in the size of the mapping. */
export function referencedNodes(mapping: InputMapping): ReadonlySet<string> {
  const nodes = new Set<string>();
  const holders = new Set<object>([mapping]);
  // Those that are added meanwhile come up as well.
  for (const holder of holders) {
    for (const value of Object.values(holder)) {
      if (isReference(value)) nodes.add(value.node);
      else if (isHolder(value)) holders.add(value);
    }
  }
  return nodes;
}

/** A copy of the mapping with the value of each reference in its place. What is neither a plain object nor an array stays as it is. */
export function resolvedInput(mapping: InputMapping, take: (reference: Reference) => unknown): unknown {
  const copies = new Map<object, object>();
  const resolve = (value: unknown): unknown => {
    if (isReference(value)) return take(value);
    if (!isHolder(value)) return value;
    const known = copies.get(value);
    if (known) return known; // The codec refuses what contains itself.
    const copy: object = Array.isArray(value) ? [] : {};
    copies.set(value, copy);
    for (const key of Object.keys(value)) setField(copy, key, resolve((value as Record<string, unknown>)[key]));
    return copy;
  };
  return resolve(mapping);
}

/** What stands at the path of a reference in the output of its node. @throws UsageError `GRAPH_INVALID` where nothing does */
export function valueAt(output: unknown, { node, path }: Reference, user: string): unknown {
  let value = output;
  if (path.includes('.')) for (const segment of path.split('.')) value = fieldOf(value, segment);
  else if (path !== '') value = fieldOf(value, path);
  if (value !== undefined) return value;
  const place = path === '' ? '' : ` at "${path}"`;
  throw new UsageError(
    'GRAPH_INVALID',
    `The input of "${user}" comes from "${node}"${place}, and its output has nothing there. Correct the path, or use a function where it may be missing.`,
    { details: { node: user, from: node, path } },
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function setField(target: object, key: string, value: unknown): void {
  // An assignment would set the prototype.
  if (key === '__proto__') Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else (target as Record<string, unknown>)[key] = value;
}

/** Has fields that may hold references. */
function isHolder(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null; // A plain object of any realm.
}

/**
 * A structured copy that keeps the classes of instances, which `structuredClone` does not. What the journal cannot carry either
 * (functions, private fields, accessors) is handed on as it is or left out.
 */
export function copyOf(value: unknown): unknown {
  return copied(value, Object.getPrototypeOf, new Map());
}

/** As `copyOf`, with plain objects in place of instances, as the journal carries them. */
export function plainCopyOf(value: unknown): unknown {
  return copied(value, () => Object.prototype, new Map());
}

type PrototypeOf = (value: object) => object | null;

function copied(value: unknown, prototypeOf: PrototypeOf, seen: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const inner = (part: unknown): unknown => copied(part, prototypeOf, seen);
  const noted = <T extends object>(copy: T): T => {
    seen.set(value, copy);
    return copy;
  };
  if (Array.isArray(value)) {
    const list = noted<unknown[]>([]);
    for (const part of value) list.push(inner(part));
    return list;
  }
  if (value instanceof Date) return new Date(value);
  if (value instanceof Uint8Array) return Buffer.isBuffer(value) ? Buffer.from(value) : new Uint8Array(value);
  if (value instanceof Error) return value;
  if (value instanceof Map) {
    const map = noted(new Map<unknown, unknown>());
    for (const [key, part] of value) map.set(inner(key), inner(part));
    return map;
  }
  if (value instanceof Set) {
    const set = noted(new Set<unknown>());
    for (const part of value) set.add(inner(part));
    return set;
  }
  const fields = noted(Object.create(prototypeOf(value)) as object);
  for (const [key, part] of Object.entries(value)) {
    // Not an assignment: a setter of the class must not run.
    Object.defineProperty(fields, key, { value: inner(part), writable: true, enumerable: true, configurable: true });
  }
  return fields;
}

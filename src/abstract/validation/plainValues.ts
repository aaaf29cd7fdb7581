/** Plain data and its keys: what may be taken over key by key, and where a key would reach something else than data. */
export type Fields = Record<string, unknown>;

/** Keys with which a value could reach a prototype. */
const RESERVED: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

export function isReserved(key: string): boolean {
  return RESERVED.has(key);
}

/** True for an object without a class; also one of another realm, as test runners and `vm` make them. */
export function isPlain(value: object): value is Fields {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) return true;
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'isPrototypeOf');
}

/** True for a plain object or an instance of a class, and not for a list, a Map, a Date and the like. */
export function hasFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Object]';
}

/** What a value is, in words that do not show it. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return isPlain(value) ? 'a plain object' : `an instance of ${value.constructor?.name || 'an unnamed class'}`;
}

/** Whether a key can become a field of an instance that has none of that name: not where it would hide a method. */
export function takesKey(instance: object, key: string): boolean {
  if (RESERVED.has(key)) return false;
  if (!(key in instance)) return true;
  for (let one: object | null = instance; one && one !== Object.prototype; one = Object.getPrototypeOf(one)) {
    if (Object.getOwnPropertyDescriptor(one, key)?.set) return true;
  }
  return false;
}

/** The fields that are not undefined. */
export function stated(given: Fields): Fields {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

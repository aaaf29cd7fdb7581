import type { Class } from '../Class.js';

/** The class declared for a field of a class, as `@Type` does; undefined where none is. */
export type FieldClass = (owner: Class<object>, field: string) => Class<object> | undefined;

/** An object with this key is a marked value; a plain object that has such a key is written as a list of entries. */
export const TAG = '$';

/** A value that JSON lacks, as JSON: what it is, and its content. */
export function marked(tag: string, content: string): string {
  return `{"${TAG}":"${tag}","v":${content}}`;
}

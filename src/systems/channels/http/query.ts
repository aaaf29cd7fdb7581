/** What stands behind the question mark of a request. */
import { UsageError } from '../../../kernel/errors.js';

/** Lists repeat the name; what is undefined or null is left out. */
export function withQuery(path: string, query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) for (const text of textsOf(path, name, value)) parameters.append(name, text);
  if (parameters.size === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${parameters.toString()}`;
}

/** A field of a `{?…}`. */
export interface QueryField {
  readonly name: string;
  /** A list repeats the name, instead of being joined by commas. */
  readonly isExploded: boolean;
}

/** As RFC 6570, section 3.2.8, expands `{?list,exploded*}`; what is undefined or null is left out, and so is an empty list. */
export function expandedQuery(path: string, fields: readonly QueryField[], values: ReadonlyMap<string, unknown>): string {
  const parameters = fields.flatMap(({ name, isExploded }) => {
    const texts = textsOf(path, name, values.get(name)).map(encoded);
    const items = isExploded || texts.length === 0 ? texts : [texts.join(',')];
    return items.map((text) => `${encoded(name)}=${text}`);
  });
  return parameters.length === 0 ? path : `${path}?${parameters.join('&')}`;
}

/** Text of what can stand in a URL as it is; undefined for the rest. */
export function scalarText(value: unknown): string | undefined {
  if (value instanceof Date) return value.toISOString();
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

function textsOf(path: string, name: string, value: unknown): string[] {
  const items = (Array.isArray(value) ? (value as unknown[]) : [value]).filter((item) => item !== undefined && item !== null);
  return items.map((item) => {
    const text = scalarText(item);
    if (text !== undefined) return text;
    throw new UsageError('INPUT_INVALID', `${name} is nested, and cannot stand in the query of ${path}. Nothing was sent.`, {
      details: { field: name },
    });
  });
}

/** All but the unreserved characters of RFC 3986. */
function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}

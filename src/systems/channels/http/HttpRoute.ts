/** Where an operation is found: `DELETE /reservations/{id}`. Fields in braces come from the input; the rest is query or body. */
import { UsageError } from '../../../kernel/errors.js';
import { channelInvalid } from '../channelErrors.js';

export interface HttpRequest {
  readonly method: string;
  /** From the root of the channel on, encoded, with the query. */
  readonly path: string;
  readonly body?: object | undefined;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'DELETE']);
const ROUTE = /^([A-Z]+) (\/[^\s#]*)$/;
const FIELD = /\{([^{}]*)\}/g;

export class HttpRoute {
  readonly method: string;
  private readonly template: string;
  private readonly pathFields: ReadonlySet<string>;

  /** @throws UsageError `CHANNEL_INVALID` naming `field` */
  constructor(field: string, route: string) {
    const [, method = '', template = ''] = ROUTE.exec(route) ?? [];
    if (!METHODS.includes(method)) {
      throw channelInvalid(field, route, `Give a method (${METHODS.join(', ')}) and a path, such as 'POST /reservations/{id}'.`);
    }
    const fields = [...template.matchAll(FIELD)].map(([, name = '']) => name);
    if (fields.includes('') || /[{}]/.test(template.replaceAll(FIELD, ''))) throw channelInvalid(field, route, 'Its braces name no field.');
    this.method = method;
    this.template = template;
    this.pathFields = new Set(fields);
  }

  /** @throws UsageError `INPUT_INVALID` when a field of the path is missing, or would lead to another path */
  request(operation: string, input: object | undefined): HttpRequest {
    const fields = Object.entries(input ?? {});
    const byName = new Map(fields);
    const path = this.template.replaceAll(FIELD, (_, name: string) => pathSegment(operation, name, byName.get(name)));
    const rest = Object.fromEntries(fields.filter(([name]) => !this.pathFields.has(name)));
    if (WITHOUT_BODY.has(this.method)) return { method: this.method, path: withQuery(path, rest) };
    const body = this.pathFields.size === 0 ? input : rest;
    return { method: this.method, path, body: input && body };
  }
}

/** @throws UsageError `CHANNEL_INVALID` for a path that does not begin at the root of the channel, or climbs out of it */
export function checkedPath(path: string): string {
  const climbs = path
    .split(/[?]/, 1)[0]
    ?.split('/')
    .some((segment) => /^(?:\.|%2e){1,2}$/i.test(segment));
  if (!path.startsWith('/') || climbs || !/^[\x21\x22\x24-\x7e]*$/.test(path)) {
    throw channelInvalid(
      'path',
      path,
      'It goes from the base URL on: a slash first, no segments of dots, and encodeURIComponent around what is put in.',
    );
  }
  return path;
}

function pathSegment(operation: string, name: string, value: unknown): string {
  const text = scalarText(value);
  if (text === undefined || text === '' || text === '.' || text === '..') {
    throw new UsageError(
      'INPUT_INVALID',
      `The path of ${operation} needs ${name}, which is ${value === undefined ? 'missing' : JSON.stringify(value)}. Nothing was sent.`,
      { details: { operation, field: name } },
    );
  }
  return encodeURIComponent(text);
}

/** Lists repeat the name; what is undefined or null is left out. */
export function withQuery(path: string, query: object): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (item === undefined || item === null) continue;
      const text = scalarText(item);
      if (text === undefined) {
        throw new UsageError('INPUT_INVALID', `${name} is nested, and cannot stand in the query of ${path}. Nothing was sent.`, {
          details: { field: name },
        });
      }
      parameters.append(name, text);
    }
  }
  if (parameters.size === 0) return path;
  return `${path}${path.includes('?') ? '&' : '?'}${parameters.toString()}`;
}

function scalarText(value: unknown): string | undefined {
  if (value instanceof Date) return value.toISOString();
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value) ? String(value) : undefined;
}

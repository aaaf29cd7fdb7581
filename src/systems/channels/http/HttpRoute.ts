/**
 * Where an operation is found: `DELETE /reservations/{id}`. Fields in braces come from the input; the rest is query or body. A `{?site,sku}` at
 * the end, as in RFC 6570, names the fields of the query; the rest is body then, or left out where there is none.
 */
import { UsageError } from '../../../kernel/errors.js';
import { channelInvalid } from '../channelErrors.js';
import { expandedQuery, type QueryField, scalarText, withQuery } from './query.js';

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
const QUERY = /\{\?([^{}]*)\}$/;
const FIELD_NAME = /^[^?&,*]+$/;

/** Whether a text has the form of a route, rather than that of a name. */
export function isRoute(text: string): boolean {
  return ROUTE.test(text);
}

export class HttpRoute {
  readonly method: string;
  private readonly template: string;
  /** Names of the fields that stand in the path or in its `{?…}`. */
  private readonly placed: ReadonlySet<string>;
  /** Undefined where the route does not say what is query. */
  private readonly queryFields: readonly QueryField[] | undefined;

  /** @throws UsageError `CHANNEL_INVALID` naming `field` */
  constructor(field: string, route: string) {
    const [, method = '', whole = ''] = ROUTE.exec(route) ?? [];
    if (!METHODS.includes(method)) {
      throw channelInvalid(field, route, `Give a method (${METHODS.join(', ')}) and a path, such as 'POST /reservations/{id}'.`);
    }
    const query = QUERY.exec(whole);
    const template = query ? whole.slice(0, query.index) : whole;
    if (query && template.includes('?')) throw channelInvalid(field, route, 'Put the whole query in the braces, or none of it.');
    const pathFields = [...template.matchAll(FIELD)].map(([, name = '']) => name);
    const queryFields = query?.[1]?.split(',').map(queryField);
    const names = [...pathFields, ...(queryFields ?? []).map(({ name }) => name)];
    if (!names.every((name) => FIELD_NAME.test(name)) || /[{}]/.test(template.replaceAll(FIELD, '')))
      throw channelInvalid(field, route, 'Its braces name no field.');
    this.method = method;
    this.template = template;
    this.placed = new Set(names);
    this.queryFields = queryFields;
  }

  /** @throws UsageError `INPUT_INVALID` when a field of the path is missing, or would lead to another path */
  request(operation: string, input: object | undefined): HttpRequest {
    const { method, queryFields } = this;
    const fields = Object.entries(input ?? {});
    const byName = new Map<string, unknown>(fields);
    const path = this.template.replaceAll(FIELD, (_, name: string) => pathSegment(operation, name, byName.get(name)));
    const rest = Object.fromEntries(fields.filter(([name]) => !this.placed.has(name)));
    const at = queryFields && expandedQuery(path, queryFields, byName);
    if (WITHOUT_BODY.has(method)) return { method, path: at ?? withQuery(path, rest) };
    const body = this.placed.size === 0 ? input : rest;
    return { method, path: at ?? path, body: input && body };
  }
}

function queryField(text: string): QueryField {
  const isExploded = text.endsWith('*');
  return { name: isExploded ? text.slice(0, -1) : text, isExploded };
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

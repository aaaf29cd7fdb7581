import type { Call } from '../../../kernel/Call.js';
import type { Channel } from '../Channel.js';
import { noWayFor } from '../channelErrors.js';
import { positive } from '../settings.js';
import type { HttpChannelOptions, HttpVersionSource } from './HttpChannelOptions.js';
import { HttpOrigin } from './HttpOrigin.js';
import type { HttpReply } from './HttpReply.js';
import { checkedPath, type HttpRequest, HttpRoute, isRoute } from './HttpRoute.js';
import { jsonLinesOf, jsonOf } from './json.js';
import { withQuery } from './query.js';

const JSON_TYPE = 'application/json';
const LINES_TYPE = 'application/x-ndjson';
const REPLY_BYTES_MAX = 16 * 1024 * 1024;
/** Routes that it was asked for, not told: more are read again at every call. */
const ASKED_ROUTES_MAX = 1000;

/**
 * Reaches a system by HTTP/1.1 and JSON. With every request go `Idempotency-Key`, `traceparent` and `Sixfold-Deadline` (the
 * instant in ISO 8601). A reply without a body gives undefined; a stream is `application/x-ndjson`. Redirects are not followed.
 *
 * `invoke` and `stream` take a name of `routes`, or a route itself, such as `POST /orders/{orderId}/shipment`.
 * The verbs take a path from the base URL on, and reject as `invoke` does.
 */
export class HttpChannel implements Channel {
  readonly protocol = 'http';
  private readonly origin: HttpOrigin;
  private readonly routes: ReadonlyMap<string, HttpRoute>;
  private readonly askedRoutes = new Map<string, HttpRoute>();
  private readonly health: HttpRoute | undefined;
  private readonly versionFrom: (HttpVersionSource & { readonly at: HttpRoute }) | undefined;
  private readonly replyBytesMax: number;

  /** @throws UsageError `CHANNEL_INVALID` naming the option and its value */
  constructor({ routes = {}, health, versionFrom, ...options }: HttpChannelOptions) {
    this.origin = new HttpOrigin(options);
    this.replyBytesMax = positive('replyBytesMax', options.replyBytesMax ?? REPLY_BYTES_MAX);
    this.routes = new Map(Object.entries(routes).map(([name, route]) => [name, new HttpRoute(`routes.${name}`, route)]));
    this.health = health === undefined ? undefined : new HttpRoute('health', health);
    this.versionFrom = versionFrom && { ...versionFrom, at: new HttpRoute('versionFrom.route', versionFrom.route) };
  }

  get<O>(path: string, call: Call): Promise<O>;
  /** @param query lists repeat the name; what is undefined or null is left out */
  get<O>(path: string, query: object, call: Call): Promise<O>;
  get<O>(path: string, ...rest: [Call] | [object, Call]): Promise<O> {
    return this.withoutBody('GET', path, rest);
  }

  delete<O>(path: string, call: Call): Promise<O>;
  delete<O>(path: string, query: object, call: Call): Promise<O>;
  delete<O>(path: string, ...rest: [Call] | [object, Call]): Promise<O> {
    return this.withoutBody('DELETE', path, rest);
  }

  /** @param body as JSON; undefined sends none */
  post<O>(path: string, body: object | undefined, call: Call): Promise<O> {
    return this.withBody('POST', { path, body }, call);
  }

  put<O>(path: string, body: object | undefined, call: Call): Promise<O> {
    return this.withBody('PUT', { path, body }, call);
  }

  patch<O>(path: string, body: object | undefined, call: Call): Promise<O> {
    return this.withBody('PATCH', { path, body }, call);
  }

  async invoke<O>(operation: string, input: object | undefined, call: Call): Promise<O> {
    return this.json(this.routeOf(operation).request(operation, input), call);
  }

  async *stream<O>(operation: string, input: object | undefined, call: Call): AsyncGenerator<O, void, undefined> {
    const reply = await this.origin.send(this.routeOf(operation).request(operation, input), call, LINES_TYPE);
    try {
      if (!reply.isSuccess) throw await reply.error();
      yield* jsonLinesOf(reply, this.replyBytesMax) as AsyncGenerator<O, void, undefined>;
    } finally {
      reply.close();
    }
  }

  async checkHealth(call: Call): Promise<void> {
    const request = this.health?.request('health', undefined) ?? { method: 'HEAD', path: '/' };
    await this.reply(request, call, async (reply) => {
      const isThere = reply.head.status < 500 && reply.head.status !== 429;
      if (!reply.isSuccess && (this.health || !isThere)) throw await reply.error();
    });
  }

  async version(call: Call): Promise<string | undefined> {
    const { versionFrom } = this;
    if (!versionFrom) return undefined;
    return this.reply(versionFrom.at.request('version', undefined), call, async (reply) => {
      if (!reply.isSuccess) throw await reply.error();
      const found = versionFrom.header
        ? reply.head.headers[versionFrom.header.toLowerCase()]
        : fieldOf(await jsonOf(reply, this.replyBytesMax), versionFrom.field ?? 'version');
      return typeof found === 'string' && found !== '' ? found : undefined;
    });
  }

  acquire(): void {
    this.origin.connections.acquire();
  }

  async release(): Promise<void> {
    await this.origin.connections.release();
  }

  private async withoutBody<O>(method: string, path: string, rest: [Call] | [object, Call]): Promise<O> {
    const [query, call] = rest.length === 1 ? [{}, rest[0]] : rest;
    return this.json({ method, path: withQuery(checkedPath(path), query) }, call);
  }

  private async withBody<O>(method: string, { path, body }: Omit<HttpRequest, 'method'>, call: Call): Promise<O> {
    return this.json({ method, path: checkedPath(path), body }, call);
  }

  private json<O>(request: HttpRequest, call: Call): Promise<O> {
    return this.reply(request, call, async (reply) => {
      if (!reply.isSuccess) throw await reply.error();
      return (await jsonOf(reply, this.replyBytesMax)) as O;
    });
  }

  private async reply<T>(request: HttpRequest, call: Call, read: (reply: HttpReply) => Promise<T>): Promise<T> {
    const reply = await this.origin.send(request, call, JSON_TYPE);
    try {
      return await read(reply);
    } finally {
      reply.close();
    }
  }

  private routeOf(operation: string): HttpRoute {
    const known = this.routes.get(operation) ?? this.askedRoutes.get(operation);
    if (known) return known;
    if (!isRoute(operation)) throw noWayFor(operation, this.routes.keys());
    const route = new HttpRoute('The route', operation);
    if (this.askedRoutes.size < ASKED_ROUTES_MAX) this.askedRoutes.set(operation, route);
    return route;
  }
}

function fieldOf(value: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined | null)?.[name], value);
}

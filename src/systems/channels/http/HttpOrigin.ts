/**
 * The server that a channel talks to: sends one request at one address, as somebody.
 *
 * Owns: the connections. Does not own: retries (the run's policy makes them, with the same key) or what a reply says.
 * Invariant: a request is sent once; only one that was refused for its token is sent again, with another token.
 */
import { Pool } from 'undici';
import type { Call } from '../../../kernel/Call.js';
import { type Clock, systemClock } from '../../../kernel/Clock.js';
import { UsageError } from '../../../kernel/errors.js';
import type { Authentication, Credentials } from '../authentication.js';
import { beforeSending, whenCallEnds } from '../CallEnd.js';
import { Connections } from '../Connections.js';
import { channelInvalid, channelInvalidUnseen } from '../channelErrors.js';
import { checkPlaintext, headerText, positive } from '../settings.js';
import { type TlsMaterial, TlsSource } from '../tls.js';
import { Exchange } from './Exchange.js';
import type { HttpChannelOptions } from './HttpChannelOptions.js';
import { HttpReply } from './HttpReply.js';
import type { HttpRequest } from './HttpRoute.js';
import { transportError } from './statusErrors.js';
import { tlsConnector } from './tlsConnector.js';

const SAFE = new Set(['GET', 'HEAD']);

export class HttpOrigin {
  readonly connections: Connections<Pool>;
  readonly clock: Clock;
  private readonly url: URL;
  private readonly basePath: string;
  private readonly auth: Authentication | undefined;

  constructor(options: HttpChannelOptions) {
    this.url = baseUrlOf(options);
    this.basePath = this.url.pathname.replace(/\/$/, '');
    this.auth = options.auth;
    this.clock = options.clock ?? systemClock;
    const limits = poolLimits(options);
    const connect = (material: TlsMaterial) => tlsConnector(limits.connectTimeout, material, options.tls?.serverName);
    this.connections = new Connections(
      {
        open: (material) => new Pool(this.url.origin, material ? { ...limits, connect: connect(material) } : limits),
        close: (pool) => pool.close(),
      },
      options.tls && new TlsSource(options.tls),
    );
  }

  /**
   * Sends a request, and waits for the head of its reply. The reply must be closed.
   *
   * @param accept the media type that is understood
   */
  async send(request: HttpRequest, call: Call, accept: string): Promise<HttpReply> {
    const body = request.body === undefined ? undefined : jsonText(request);
    const credentials = await this.credentials(call);
    const reply = await this.sendAs(credentials, { request, body, accept }, call);
    if (reply.head.status !== 401 || !credentials || !this.auth?.renew(credentials)) return reply;
    reply.close();
    return this.sendAs(await this.credentials(call), { request, body, accept }, call);
  }

  private async credentials(call: Call): Promise<Credentials | undefined> {
    call.signal.throwIfAborted();
    return this.auth && beforeSending(call, this.clock, this.auth.credentials(call));
  }

  private async sendAs(credentials: Credentials | undefined, sent: Sent, call: Call): Promise<HttpReply> {
    const { request, body, accept } = sent;
    const pool = await beforeSending(call, this.clock, this.connections.of(call));
    const words = `${request.method} ${this.url.origin}${this.basePath}${request.path.split('?', 1)[0]}`;
    const exchange = new Exchange();
    const stopWatching = whenCallEnds(call, this.clock, (reason) => exchange.giveUp(reason));
    const headers = { ...headersOf(call, accept), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const authorized = credentials ? { ...headers, [credentials.header]: credentials.value } : headers;
    pool.dispatch({ method: request.method, path: `${this.basePath}${request.path}`, headers: authorized, body: body ?? null }, exchange);
    try {
      const head = await exchange.head;
      const isSafe = SAFE.has(request.method);
      return new HttpReply({ exchange, head, call, request: words, isSafe, credentials, now: () => this.clock.now(), stopWatching });
    } catch (error) {
      stopWatching();
      call.signal.throwIfAborted();
      throw transportError(error, words, exchange.isSent);
    }
  }
}

interface Sent {
  readonly request: HttpRequest;
  readonly body: string | undefined;
  readonly accept: string;
}

function headersOf(call: Call, accept: string): Record<string, string> {
  return {
    accept,
    'accept-encoding': 'identity',
    'idempotency-key': headerText(call.key),
    'user-agent': 'sixfold',
    ...(call.traceparent === undefined ? {} : { traceparent: call.traceparent }),
    ...(call.deadline === undefined ? {} : { 'sixfold-deadline': call.deadline.toISOString() }),
  };
}

function jsonText({ method, path, body }: HttpRequest): string {
  try {
    return JSON.stringify(body);
  } catch (error) {
    throw new UsageError('INPUT_INVALID', `The input of ${method} ${path} cannot be sent as JSON: ${String(error)}. Nothing was sent.`);
  }
}

function poolLimits(options: HttpChannelOptions) {
  const replyTimeoutMs = positive('replyTimeoutMs', options.replyTimeoutMs ?? 300_000);
  return {
    allowH2: false, // Its streams are retried and refused by rules of their own.
    pipelining: 1,
    connections: positive('connectionsMax', options.connectionsMax ?? 64),
    keepAliveTimeout: positive('keepAliveMs', options.keepAliveMs ?? 4000),
    connectTimeout: positive('connectTimeoutMs', options.connectTimeoutMs ?? 10_000),
    headersTimeout: replyTimeoutMs,
    bodyTimeout: replyTimeoutMs,
  };
}

function baseUrlOf({ baseUrl, auth, tls, allowPlaintext = false }: HttpChannelOptions): URL {
  const url = URL.parse(String(baseUrl));
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw channelInvalid('baseUrl', String(baseUrl), 'Give the URL of a server, such as https://shop.test/api.');
  }
  if (url.username !== '' || url.password !== '')
    throw channelInvalidUnseen('baseUrl', 'holds credentials. Give them as auth, by reference.');
  if (url.search !== '' || url.hash !== '') throw channelInvalid('baseUrl', String(baseUrl), 'Leave its query and fragment out.');
  const encrypted = url.protocol === 'https:';
  if (tls && !encrypted) throw channelInvalid('baseUrl', String(baseUrl), 'With tls it begins with https.');
  checkPlaintext({ address: url.origin, host: url.hostname, encrypted, authenticated: auth !== undefined, allowPlaintext });
  return url;
}

/** What belongs to one protocol: how HTTP and gRPC say what became of a request, and what a request looks like. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { Metadata, Server, ServerCredentials, type ServiceError, status } from '@grpc/grpc-js';
import { apiKey } from '../../src/systems/channels/authentication.js';
import { GrpcChannel } from '../../src/systems/channels/grpc/GrpcChannel.js';
import type { GrpcChannelOptions } from '../../src/systems/channels/grpc/GrpcChannelOptions.js';
import { HttpChannel } from '../../src/systems/channels/http/HttpChannel.js';
import type { HttpChannelOptions } from '../../src/systems/channels/http/HttpChannelOptions.js';
import { failureOf } from '../support/channels/channelCases.js';
import { callWith } from '../support/channels/channelKinds.js';
import { WAREHOUSE_SERVICE } from '../support/channels/grpcWarehouse.js';
import { ManualClock } from '../support/ManualClock.js';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Of a server that accepts connections, and says nothing. It ends when all of them are closed from the other side. */
async function deafPort(): Promise<number> {
  const server = createTcpServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(0, 'localhost');
  await once(server, 'listening');
  closers.push(async () => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

describe('HTTP', () => {
  type Answering = (request: IncomingMessage, response: ServerResponse, body: string) => unknown;

  async function channelTo(answer: Answering, options: Partial<HttpChannelOptions> = {}): Promise<HttpChannel> {
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (part) => {
        body += String(part);
      });
      request.on('end', () => void answer(request, response, body));
    });
    server.listen(0, 'localhost');
    await once(server, 'listening');
    const channel = new HttpChannel({ baseUrl: `http://localhost:${(server.address() as AddressInfo).port}/api`, ...options });
    closers.push(
      () => channel.release(),
      async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    );
    return channel;
  }

  interface Echo {
    readonly method: string;
    readonly url: string;
    readonly body: string;
    readonly type?: string;
  }
  const echo: Answering = ({ method, url, headers }, response, body) => {
    response.end(JSON.stringify({ method, url, body, type: headers['content-type'] }));
  };

  it('sends a verb to a path below the base URL, with a query or a body of JSON', async () => {
    const channel = await channelTo(echo);
    const call = callWith();
    const sent: Echo[] = await Promise.all([
      channel.get<Echo>('/stock', call),
      channel.get<Echo>('/stock?site=1', { sku: ['a b', 'c&d'], at: new Date(0), none: undefined, nothing: null, whole: true }, call),
      channel.delete<Echo>('/stock/1', call),
      channel.delete<Echo>('/stock/1', { force: 1 }, call),
      channel.post<Echo>('/stock', { sku: 'ä' }, call),
      channel.put<Echo>('/stock/1', { at: new Date(0) }, call),
      channel.patch<Echo>('/stock/1', undefined, call),
    ]);
    expect(sent.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['GET', '/api/stock', ''],
      ['GET', '/api/stock?site=1&sku=a+b&sku=c%26d&at=1970-01-01T00%3A00%3A00.000Z&whole=true', ''],
      ['DELETE', '/api/stock/1', ''],
      ['DELETE', '/api/stock/1?force=1', ''],
      ['POST', '/api/stock', '{"sku":"ä"}'],
      ['PUT', '/api/stock/1', '{"at":"1970-01-01T00:00:00.000Z"}'],
      ['PATCH', '/api/stock/1', ''],
    ]);
    expect(sent.map(({ type }) => type)).toEqual([...Array(4), 'application/json', 'application/json', undefined]);
  });

  it('finds an operation by its route: fields in braces from the input, the rest in the query or the body', async () => {
    const routes = {
      find: 'GET /stock/{site}/{sku}',
      release: 'DELETE /reservations/{id}',
      ship: 'POST /orders/{id}/ship',
      ping: 'POST /ping',
    };
    const channel = await channelTo(echo, { routes });
    const sent = async (operation: string, input?: object) => {
      const { method, url, body } = await channel.invoke<Echo>(operation, input, callWith());
      return `${method} ${url} ${body}`;
    };
    expect(await sent('find', { site: 'a/b', sku: '100%', size: 3 })).toBe('GET /api/stock/a%2Fb/100%25?size=3 ');
    expect(await sent('release', { id: 7 })).toBe('DELETE /api/reservations/7 ');
    expect(await sent('ship', { id: 7, by: 'air' })).toBe('POST /api/orders/7/ship {"by":"air"}');
    expect(await sent('ship', { id: 7 })).toBe('POST /api/orders/7/ship {}');
    expect(await sent('ping')).toBe('POST /api/ping ');
  });

  it('takes a route for the name of an operation, and refuses what is neither', async () => {
    const channel = await channelTo(echo, { routes: { 'GET /stock': 'GET /other', list: 'GET /list' } });
    for (const id of ['7', 'ä']) {
      const { method, url, body } = await channel.invoke<Echo>('POST /orders/{id}/ship', { id, by: 'air' }, callWith());
      expect([method, url, body]).toEqual(['POST', `/api/orders/${encodeURIComponent(id)}/ship`, '{"by":"air"}']);
    }
    expect(await channel.invoke<Echo>('GET /stock', undefined, callWith())).toMatchObject({ url: '/api/other' });
    const items = channel.stream<Echo>('GET /stock/{id}', { id: 1 }, callWith());
    expect(await items.next()).toMatchObject({ value: { url: '/api/stock/1' } });
    await items.return();
    const refused = async (operation: string) => failureOf(channel.invoke(operation, undefined, callWith()));
    expect(await refused('FETCH /stock')).toMatchObject({ code: 'CHANNEL_INVALID', message: expect.stringContaining('"FETCH /stock"') });
    expect(await refused('GET /stock/{}')).toMatchObject({ code: 'CHANNEL_INVALID', message: expect.stringContaining('name no field') });
    for (const name of ['ship', 'GET stock', 'get /stock', 'GET /a b', '/stock']) {
      expect(await refused(name)).toMatchObject({
        code: 'CHANNEL_INVALID',
        message: expect.stringContaining('it knows GET /stock, list.'),
      });
    }
  });

  it('sends as query what a route names in {?…}, as RFC 6570 has it, and the rest as body or not at all', async () => {
    const channel = await channelTo(echo);
    const sent = async (route: string, input: object) => {
      const { method, url, body } = await channel.invoke<Echo>(route, input, callWith());
      return `${method} ${url} ${body}`.trim();
    };
    const input = { id: 'ada', orderId: "o'1 &2", lines: [{ sku: 'bolt' }] };
    expect(await sent('GET /customers/{id}{?orderId}', input)).toBe('GET /api/customers/ada?orderId=o%271%20%262');
    expect(await sent('POST /orders{?orderId}', input)).toBe(
      `POST /api/orders?orderId=o%271%20%262 ${JSON.stringify({ id: 'ada', lines: [{ sku: 'bolt' }] })}`,
    );
    expect(await sent('POST /orders/{id}{?id}', { id: 7 })).toBe('POST /api/orders/7?id=7 {}');
    const lists = { ids: [1, 2], names: ['a,b', 'c'], none: [], missing: undefined, nothing: null, empty: '', at: new Date(0), on: false };
    expect(await sent('GET /x{?ids,names*,none,missing,nothing,empty,unknown}', lists)).toBe(
      'GET /api/x?ids=1,2&names=a%2Cb&names=c&empty=',
    );
    expect(await sent('DELETE /x{?at,on}', lists)).toBe('DELETE /api/x?at=1970-01-01T00%3A00%3A00.000Z&on=false');
    expect(await sent('GET /x{?missing}', lists)).toBe('GET /api/x');
    expect(await failureOf(channel.invoke('GET /x{?lines}', input, callWith()))).toMatchObject({ code: 'INPUT_INVALID' });
    for (const route of ['GET /x{?}', 'GET /x{?a,}', 'GET /x{?a}/y', 'GET /x{?*}', 'GET /x{?a}{?b}', 'GET /x?site=1{?a}', 'GET /x{&a}']) {
      expect(await failureOf(channel.invoke(route, input, callWith()))).toMatchObject({ name: 'UsageError', code: 'CHANNEL_INVALID' });
    }
  });

  it('sends nothing to a path that would be another one', async () => {
    const channel = await channelTo(() => undefined, { routes: { release: 'DELETE /reservations/{id}', list: 'GET /list' } });
    for (const id of [undefined, null, '', '.', '..', {}, []]) {
      expect(await failureOf(channel.invoke('release', { id }, callWith()))).toMatchObject({ name: 'UsageError', code: 'INPUT_INVALID' });
    }
    expect(await failureOf(channel.invoke('list', { where: { site: 1 } }, callWith()))).toMatchObject({ code: 'INPUT_INVALID' });
    for (const path of ['stock', '/../admin', '/a/%2e%2E/b', '/a b', '/a#b', '/ä']) {
      expect(await failureOf(channel.get(path, callWith()))).toMatchObject({ name: 'UsageError', code: 'CHANNEL_INVALID' });
    }
    expect(await failureOf(channel.post('/x', { price: 1n }, callWith()))).toMatchObject({ name: 'UsageError', code: 'INPUT_INVALID' });
  });

  it.each<[number, string, string, number?]>([
    [400, 'CommandFailure', 'SYSTEM_REFUSED'],
    [401, 'CommandFailure', 'SYSTEM_REFUSED'],
    [404, 'CommandFailure', 'SYSTEM_REFUSED'],
    [409, 'CommandFailure', 'SYSTEM_REFUSED'],
    [422, 'CommandFailure', 'SYSTEM_REFUSED'],
    [408, 'OutcomeUnknownError', 'REPLY_LOST'],
    [425, 'TransientError', 'SYSTEM_OVERLOADED'],
    [429, 'TransientError', 'SYSTEM_OVERLOADED'],
    [503, 'TransientError', 'SYSTEM_OVERLOADED'],
    [500, 'OutcomeUnknownError', 'REPLY_LOST'],
    [502, 'OutcomeUnknownError', 'REPLY_LOST'],
    [504, 'OutcomeUnknownError', 'REPLY_LOST'],
    [302, 'OutcomeUnknownError', 'REPLY_LOST'],
    [303, 'OutcomeUnknownError', 'REPLY_LOST'],
    [307, 'CommandFailure', 'SYSTEM_REFUSED'],
    [308, 'CommandFailure', 'SYSTEM_REFUSED'],
  ])('takes %i in answer to a POST for %s %s', async (code, name, expected) => {
    const channel = await channelTo((_, response) => response.writeHead(code, { location: '/elsewhere' }).end());
    expect(await failureOf(channel.post('/stock', {}, callWith()))).toMatchObject({ name, code: expected });
  });

  it('has no doubt after a redirect of what changes nothing, and says where to', async () => {
    const channel = await channelTo((_, response) => response.writeHead(302, { location: '/elsewhere' }).end());
    const error = await failureOf(channel.get('/stock', callWith()));
    expect(error).toMatchObject({ code: 'SYSTEM_REFUSED', details: { status: 302, location: '/elsewhere' } });
  });

  it('gives undefined for a reply without content', async () => {
    const channel = await channelTo((request, response) => response.writeHead(request.method === 'POST' ? 204 : 200).end());
    expect(await channel.post<void>('/stock', {}, callWith())).toBeUndefined();
    expect(await channel.delete<void>('/stock/1', callWith())).toBeUndefined();
  });

  it.each([
    ['no JSON', '<html>'],
    ['cut off', '{"id": 1'],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22])],
  ])('has lost a reply whose body is %s', async (_, body) => {
    const channel = await channelTo((_request, response) => response.end(body));
    expect(await failureOf(channel.post('/stock', {}, callWith()))).toMatchObject({ name: 'OutcomeUnknownError', code: 'REPLY_LOST' });
  });

  it('has lost a reply whose body breaks off', async () => {
    const channel = await channelTo((_, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('{"id": 1');
      setImmediate(() => response.destroy());
    });
    expect(await failureOf(channel.post('/stock', {}, callWith()))).toMatchObject({ name: 'OutcomeUnknownError', code: 'REPLY_LOST' });
  });

  it('tells the problem that a system describes (RFC 9457)', async () => {
    const problem = { type: 'https://shop.test/out-of-stock', title: 'Out of stock', detail: 'There are 2 left.', left: 2 };
    const channel = await channelTo((_, response) => {
      response.writeHead(409, { 'content-type': 'application/problem+json; charset=utf-8' }).end(JSON.stringify(problem));
    });
    const error = await failureOf(channel.post('/stock?token=1', {}, callWith()));
    expect(error.details).toEqual({ status: 409, problem });
    expect(error.message).toMatch(/^POST http:\/\/localhost:\d+\/api\/stock was answered 409: Out of stock: There are 2 left\.$/);
  });

  it('is refused also when the body of the refusal is endless, breaks off or is no JSON, and keeps little of it', async () => {
    const channel = await channelTo((request, response) => {
      const kind = request.url?.split('/').at(-1);
      response.writeHead(400, { 'content-type': kind === 'text' ? 'text/plain' : 'application/json' });
      if (kind === 'text') response.end('n'.repeat(5000));
      else if (kind === 'broken') response.write('{', () => response.destroy());
      else response.write(`{"a":"${'x'.repeat(100_000)}`);
    });
    for (const kind of ['endless', 'broken', 'text']) {
      const error = await failureOf(channel.post(`/${kind}`, {}, callWith()));
      expect(error).toMatchObject({ code: 'SYSTEM_REFUSED', details: { status: 400 } });
      expect(error.message.length + JSON.stringify(error.details).length).toBeLessThan(9000);
    }
  });

  it.each([
    ['5', 5000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
    ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    ['1.5', undefined],
  ])('waits as long as Retry-After: %s says', async (value, expected) => {
    const channel = await channelTo((_, response) => response.writeHead(429, { 'retry-after': value }).end(), { clock: new ManualClock() });
    const error = await failureOf(channel.post('/stock', {}, callWith()));
    expect(error.details.retryAfterMs).toBe(expected);
  });

  it('streams lines however they are cut into packets, and leaves empty ones out', async () => {
    const text = Buffer.from('{"sku":"ä"}\r\n\n{"sku":"b"}\n\n{"sku":"c"}');
    const channel = await channelTo(
      async (_, response) => {
        for (const byte of text) {
          response.write(Buffer.from([byte]));
          await new Promise(setImmediate);
        }
        response.end();
      },
      { routes: { list: 'GET /list' } },
    );
    const items: unknown[] = [];
    for await (const item of channel.stream('list', undefined, callWith())) items.push(item);
    expect(items).toEqual([{ sku: 'ä' }, { sku: 'b' }, { sku: 'c' }]);
  });

  it('holds a server up whose stream nobody reads', async () => {
    let written = 0;
    const channel = await channelTo(
      (_, response) => {
        const write = (): void => {
          while (!response.destroyed && written < 2 ** 27) {
            written += 10_001;
            if (!response.write(`"${'x'.repeat(9998)}"\n`)) return void response.once('drain', write);
          }
        };
        write();
      },
      { routes: { list: 'GET /list' } },
    );
    const items = channel.stream('list', undefined, callWith());
    await items.next();
    let before = -1;
    while (before !== written) {
      before = written;
      for (let turn = 0; turn < 200; turn += 1) await new Promise(setImmediate);
    }
    expect(written).toBeLessThan(2 ** 24);
    await items.return();
  });

  it.each([
    ['at once', (response: ServerResponse) => response.end(`"${'x'.repeat(50)}"\n"${'x'.repeat(200)}"\n`)],
    ['without an end', (response: ServerResponse) => response.write(`"${'x'.repeat(50)}"\n"${'x'.repeat(200)}`)],
  ])('has lost a line that is longer than its limit, when it comes %s', async (_, send) => {
    const channel = await channelTo((_request, response) => send(response), { routes: { list: 'GET /list' }, replyBytesMax: 100 });
    const items = channel.stream('list', undefined, callWith());
    expect((await items.next()).value).toHaveLength(50);
    expect(await failureOf(items.next())).toMatchObject({ code: 'REPLY_LOST' });
  });

  it('takes a reply that does not come in time for lost, and a connection that does not come for nothing sent', async () => {
    const silent = await channelTo(() => undefined, { replyTimeoutMs: 50 });
    expect(await failureOf(silent.post('/stock', {}, callWith()))).toMatchObject({ code: 'REPLY_LOST' });
    const channel = new HttpChannel({ baseUrl: `https://localhost:${await deafPort()}`, connectTimeoutMs: 50 });
    expect(await failureOf(channel.post('/stock', {}, callWith()))).toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    await channel.release();
  });

  it('sends a key of any letters, different keys as different ones', async () => {
    const keys: unknown[] = [];
    const channel = await channelTo(({ headers }, response) => {
      keys.push(headers['idempotency-key']);
      response.end();
    });
    for (const key of ['run-1/inventory.reserve~0', 'Köln 1', 'K%C3%B6ln%201', 'line\nbreak', '\ud800'])
      await channel.get('/x', callWith({ key }));
    expect(keys).toEqual(['run-1/inventory.reserve~0', 'K%C3%B6ln%201', 'K%25C3%25B6ln%25201', 'line%0Abreak', '%EF%BF%BD']);
  });

  it('is healthy as the route says that it is given, or without one as long as the server answers at all', async () => {
    let code = 200;
    const answer: Answering = (_, response) => response.writeHead(code).end();
    const [any, route] = [await channelTo(answer), await channelTo(answer, { health: 'GET /health' })];
    code = 404;
    await any.checkHealth(callWith());
    expect(await failureOf(route.checkHealth(callWith()))).toMatchObject({ code: 'SYSTEM_REFUSED' });
    code = 503;
    expect(await failureOf(any.checkHealth(callWith()))).toMatchObject({ code: 'SYSTEM_OVERLOADED' });
    code = 204;
    await route.checkHealth(callWith());
  });

  it.each<[HttpChannelOptions['versionFrom'], string | undefined]>([
    [{ route: 'GET /info' }, '1.2.3'],
    [{ route: 'GET /info', field: 'info.version' }, '2.0.0'],
    [{ route: 'GET /info', field: 'info.none.version' }, undefined],
    [{ route: 'GET /info', header: 'X-Version' }, '3.0.0'],
    [undefined, undefined],
  ])('tells the version from %j', async (versionFrom, expected) => {
    const answer: Answering = (_, response) => {
      response.writeHead(200, { 'x-version': '3.0.0' }).end(JSON.stringify({ version: '1.2.3', info: { version: '2.0.0' } }));
    };
    const channel = await channelTo(answer, versionFrom ? { versionFrom } : {});
    expect(await channel.version(callWith())).toBe(expected);
  });

  it.each<[Partial<HttpChannelOptions>, string]>([
    [{ baseUrl: 'shop.test' }, 'baseUrl is "shop.test".'],
    [{ baseUrl: 'ftp://shop.test' }, 'baseUrl is "ftp://shop.test".'],
    [{ baseUrl: 'https://shop.test/?a=1' }, 'baseUrl is "https://shop.test/?a=1".'],
    [{ baseUrl: 'http://localhost', tls: {} }, 'baseUrl is "http://localhost". With tls it begins with https.'],
    [{ tls: { cert: 'cert.pem' } }, 'tls.key is missing.'],
    [{ routes: { reserve: '/stock' } }, 'routes.reserve is "/stock".'],
    [{ routes: { reserve: 'FETCH /stock' } }, 'routes.reserve is "FETCH /stock".'],
    [{ routes: { reserve: 'GET /stock/{}' } }, 'routes.reserve is "GET /stock/{}".'],
    [{ routes: { reserve: 'GET /stock/{id' } }, 'routes.reserve is "GET /stock/{id".'],
    [{ health: 'health' }, 'health is "health".'],
    [{ versionFrom: { route: 'version' } }, 'versionFrom.route is "version".'],
    [{ connectionsMax: 0 }, 'connectionsMax is 0.'],
    [{ replyBytesMax: 1.5 }, 'replyBytesMax is 1.5.'],
    [{ keepAliveMs: Number.NaN }, 'keepAliveMs is null.'],
  ])('with %j is a mistake that the message names', (options, message) => {
    expect(() => new HttpChannel({ baseUrl: 'https://shop.test', ...options })).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'CHANNEL_INVALID', message: expect.stringContaining(message) }),
    );
  });
});

describe('gRPC', () => {
  const LINE = { sku: 'bolt', quantity: 1 };

  async function channelTo(
    implementation: object,
    options: Partial<GrpcChannelOptions> = {},
    served = WAREHOUSE_SERVICE,
  ): Promise<GrpcChannel> {
    const server = new Server();
    server.addService(served, implementation as never);
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    const channel = new GrpcChannel({ address: `localhost:${port}`, service: WAREHOUSE_SERVICE, ...options });
    closers.push(
      () => channel.release(),
      async () => server.forceShutdown(),
    );
    return channel;
  }

  function failing(error: Partial<ServiceError>): object {
    return { Reserve: (_: unknown, done: (error: Partial<ServiceError>) => void) => done(error) };
  }

  it.each<[keyof typeof status, string, string]>([
    ...(['INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'UNAUTHENTICATED'] as const).map(
      (name) => [name, 'CommandFailure', 'SYSTEM_REFUSED'] as [keyof typeof status, string, string],
    ),
    ['FAILED_PRECONDITION', 'CommandFailure', 'SYSTEM_REFUSED'],
    ['OUT_OF_RANGE', 'CommandFailure', 'SYSTEM_REFUSED'],
    ['UNIMPLEMENTED', 'CommandFailure', 'SYSTEM_REFUSED'],
    ['RESOURCE_EXHAUSTED', 'TransientError', 'SYSTEM_OVERLOADED'],
    ['ABORTED', 'TransientError', 'SYSTEM_OVERLOADED'],
    ['CANCELLED', 'OutcomeUnknownError', 'REPLY_LOST'],
    ['UNKNOWN', 'OutcomeUnknownError', 'REPLY_LOST'],
    ['DEADLINE_EXCEEDED', 'OutcomeUnknownError', 'REPLY_LOST'],
    ['INTERNAL', 'OutcomeUnknownError', 'REPLY_LOST'],
    ['UNAVAILABLE', 'OutcomeUnknownError', 'REPLY_LOST'],
    ['DATA_LOSS', 'OutcomeUnknownError', 'REPLY_LOST'],
  ])('takes the status %s for %s %s', async (name, group, code) => {
    const channel = await channelTo(failing({ code: status[name] as status, details: 'because' }));
    const error = await failureOf(channel.invoke('reserve', LINE, callWith()));
    expect(error).toMatchObject({ name: group, code });
    expect(error.message).toContain(`${name}: because`);
  });

  it('knows a method that the server does not have for a refusal', async () => {
    const channel = await channelTo(failing({}));
    expect(await failureOf(channel.invoke('refuse', LINE, callWith()))).toMatchObject({
      code: 'SYSTEM_REFUSED',
      details: { status: 'UNIMPLEMENTED' },
    });
  });

  /** google.rpc.Status { code: 8, details: [Any { type_url, value: RetryInfo { retry_delay: { seconds: 3, nanos: 500_000_000 } } }] } */
  function retryInfo(): Buffer {
    const bytes = (field: number, content: Buffer): Buffer => Buffer.concat([Buffer.from([field * 8 + 2, content.length]), content]);
    const delay = Buffer.from([0x08, 3, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
    const url = bytes(1, Buffer.from('type.googleapis.com/google.rpc.RetryInfo'));
    return Buffer.concat([
      Buffer.from([0x08, 8]),
      bytes(2, Buffer.from('busy')),
      bytes(3, Buffer.concat([url, bytes(2, bytes(1, delay))])),
    ]);
  }

  it.each<[string, string | Buffer, number | undefined]>([
    ['retry-after-ms', '1500', 1500],
    ['grpc-retry-pushback-ms', '250', 250],
    ['retry-after-ms', 'soon', undefined],
    ['grpc-status-details-bin', retryInfo(), 3500],
    ['grpc-status-details-bin', Buffer.from([0x1a, 0x7f, 1]), undefined],
    ['grpc-status-details-bin', Buffer.alloc(20, 0xff), undefined],
  ])('waits as long as %s says', async (name, value, expected) => {
    const metadata = new Metadata();
    metadata.set(name, value);
    const channel = await channelTo(failing({ code: status.RESOURCE_EXHAUSTED, details: 'busy', metadata }));
    const error = await failureOf(channel.invoke('reserve', LINE, callWith()));
    expect(error).toMatchObject({ code: 'SYSTEM_OVERLOADED' });
    expect(error.details.retryAfterMs).toBe(expected);
  });

  it('knows a method by the name that it is told, by the operation with an upper case letter, or as it is', async () => {
    const asked: string[] = [];
    const answer = (name: string) => (_: unknown, done: (error: null, reply: object) => void) => {
      asked.push(name);
      done(null, LINE);
    };
    const channel = await channelTo({ Reserve: answer('Reserve'), Hang: answer('Hang') }, { methods: { wait: 'Hang' } });
    for (const operation of ['reserve', 'Reserve', 'wait']) await channel.invoke(operation, LINE, callWith());
    expect(asked).toEqual(['Reserve', 'Reserve', 'Hang']);
  });

  it('refuses what does not fit before anything is sent', async () => {
    const channel = await channelTo(failing({}));
    expect(await failureOf(channel.invoke('count', LINE, callWith()))).toMatchObject({ code: 'CHANNEL_INVALID' });
    expect(await failureOf(channel.stream('reserve', LINE, callWith()).next())).toMatchObject({ code: 'CHANNEL_INVALID' });
    expect(await failureOf(channel.invoke('reserve', { quantity: Symbol('one') }, callWith()))).toMatchObject({ code: 'INPUT_INVALID' });
    const keyed = await channelTo(failing({}), { auth: apiKey({ header: 'x-key-bin', key: 'env:KEY' }) });
    const secrets = { 'env:KEY': 'open-sesame' };
    expect(await failureOf(keyed.invoke('reserve', LINE, callWith({ secrets })))).toMatchObject({ code: 'CHANNEL_INVALID' });
  });

  it.each([0, 2])('has lost the reply of a server that answers one request with %i messages', async (count) => {
    const Reserve = { ...WAREHOUSE_SERVICE.Reserve, responseStream: true } as NonNullable<typeof WAREHOUSE_SERVICE.Reserve>;
    const answer = (stream: { write(line: object): void; end(): void }): void => {
      for (let sent = 0; sent < count; sent += 1) stream.write(LINE);
      stream.end();
    };
    const channel = await channelTo({ Reserve: answer }, { replyTimeoutMs: 100 }, { Reserve });
    expect(await failureOf(channel.invoke('reserve', LINE, callWith()))).toMatchObject({ name: 'OutcomeUnknownError', code: 'REPLY_LOST' });
  });

  it('takes a reply that does not come in time for lost', async () => {
    const channel = await channelTo({ Reserve: () => undefined }, { replyTimeoutMs: 50 });
    const error = await failureOf(channel.invoke('reserve', LINE, callWith()));
    expect(error).toMatchObject({ code: 'REPLY_LOST' });
    expect(error.message).toContain('no reply within 50 ms');
  });

  it('takes a connection that does not come in time for nothing sent', async () => {
    const address = `localhost:${await deafPort()}`;
    const channel = new GrpcChannel({ address, service: WAREHOUSE_SERVICE, connectTimeoutMs: 50 });
    expect(await failureOf(channel.invoke('reserve', LINE, callWith()))).toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    expect(await failureOf(channel.stream('count', LINE, callWith()).next())).toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    const deadline = new Date(Date.now() + 20);
    expect(await failureOf(channel.invoke('reserve', LINE, callWith({ deadline })))).toMatchObject({ code: 'CHANNEL_UNREACHABLE' });
    await channel.release();
  });

  it('is healthy as grpc.health.v1 says', async () => {
    const health = { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false };
    const asItIs = (bytes: Buffer): Buffer => bytes;
    const server = new Server();
    const asked: string[] = [];
    let serving = 1;
    server.addService(
      {
        Check: { ...health, requestSerialize: asItIs, requestDeserialize: asItIs, responseSerialize: asItIs, responseDeserialize: asItIs },
      },
      {
        Check: ((call: { request: Buffer }, done: (error: null, reply: Buffer) => void) => {
          asked.push(call.request.toString('utf8'));
          done(null, Buffer.from([0x08, serving]));
        }) as never,
      },
    );
    const port = await new Promise<number>((resolve) =>
      server.bindAsync('localhost:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound)),
    );
    const channel = new GrpcChannel({ address: `localhost:${port}`, service: WAREHOUSE_SERVICE, health: 'shop.Warehouse' });
    await channel.checkHealth(callWith());
    expect(asked).toEqual(['\n\u000eshop.Warehouse']);
    serving = 2;
    expect(await failureOf(channel.checkHealth(callWith()))).toMatchObject({ code: 'SYSTEM_OVERLOADED' });
    await channel.release();
    server.forceShutdown();
  });

  it.each<[Partial<GrpcChannelOptions>, string]>([
    [{ address: 'https://shop.test' }, 'address is "https://shop.test".'],
    [{ address: '' }, 'address is "".'],
    [{ service: undefined as never }, 'service is missing.'],
    [{ methods: { reserve: 'Melt' } }, 'methods.reserve is "Melt". The service has Reserve, Refuse,'],
    [{ versionFrom: { method: 'Melt' } }, 'versionFrom.method is "Melt".'],
    [{ connectTimeoutMs: -1 }, 'connectTimeoutMs is -1.'],
  ])('with %j is a mistake that the message names', (options, message) => {
    expect(() => new GrpcChannel({ address: 'shop.test:50051', service: WAREHOUSE_SERVICE, ...options })).toThrow(
      expect.objectContaining({ name: 'UsageError', code: 'CHANNEL_INVALID', message: expect.stringContaining(message) }),
    );
  });
});

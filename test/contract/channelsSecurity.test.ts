/** Who talks to whom: certificates of both sides, credentials, and that neither are shown. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Call } from '../../src/kernel/Call.js';
import { CommandFailure, OutcomeUnknownError } from '../../src/kernel/errors.js';
import { apiKey, type BearerToken, basic, bearer } from '../../src/systems/channels/authentication.js';
import { GrpcChannel } from '../../src/systems/channels/grpc/GrpcChannel.js';
import { HttpChannel } from '../../src/systems/channels/http/HttpChannel.js';
import type { TlsSettings } from '../../src/systems/channels/tls.js';
import { type Certificates, certificates } from '../support/channels/certificates.js';
import { failureOf, until } from '../support/channels/channelCases.js';
import { CHANNEL_KINDS, type ChannelKind, callWith, grpcMutual, httpMutual, type Opened } from '../support/channels/channelKinds.js';
import { WAREHOUSE_SERVICE } from '../support/channels/grpcWarehouse.js';
import { ManualClock } from '../support/ManualClock.js';

const LINE = { sku: 'bolt', quantity: 3 };
const UNREACHABLE = { name: 'TransientError', code: 'CHANNEL_UNREACHABLE' };
const REFUSED = { name: 'CommandFailure', code: 'SYSTEM_REFUSED' };
let all: Certificates;
let opened: Opened | undefined;

beforeAll(async () => {
  all = await certificates();
});
afterEach(async () => {
  await opened?.[Symbol.asyncDispose]();
  opened = undefined;
});

async function open(kind: ChannelKind, own?: Certificates['server']): Promise<Opened> {
  opened = await kind.open(own);
  return opened;
}

describe.each([httpMutual, grpcMutual])('certificates of $name', (kind) => {
  it.each([
    ['has expired', 'expired', /expired/i],
    ['is signed by an authority that it does not trust', 'foreign', /unable to verify|self.signed|local issuer/i],
    ['is of another host', 'elsewhere', /elsewhere\.test|altnames/i],
  ] as const)('a server whose certificate %s is not talked to, and the message says why', async (_, own, reason) => {
    const { warehouse, channel } = await open(kind, all[own]);
    const error = await failureOf(channel().invoke('reserve', LINE, callWith()));
    expect(error).toMatchObject(UNREACHABLE);
    expect(error.message).toMatch(reason);
    expect(warehouse.requests).toEqual([]);
  });

  it('a server is expected to have the name that is given, instead of its host', async () => {
    const { channel } = await open(kind, all.elsewhere);
    const tls = { ca: all.authority.cert, cert: all.client.cert, key: all.client.key, serverName: 'elsewhere.test' };
    expect(await channel({ tls }).invoke('reserve', LINE, callWith())).toEqual(LINE);
  });

  it.each([
    ['without a certificate', () => ({})],
    ['with a certificate of an authority that the server does not trust', () => all.foreign],
    ['with an expired certificate', () => all.expired],
  ])('nobody is let in %s, and nothing was sent', async (_, own) => {
    const { warehouse, channel } = await open(kind);
    const error = await failureOf(channel({ tls: { ca: all.authority.cert, ...own() } }).invoke('reserve', LINE, callWith()));
    expect(error).toMatchObject(UNREACHABLE);
    expect(error.message).toMatch(/certificate|Failed to connect/i);
    expect(warehouse.requests).toEqual([]);
  });

  it('a certificate that is changed at its provider is shown from the next call on', async () => {
    const { channel, wire } = await open(kind);
    const secrets = { 'env:CERT': all.foreign.cert, 'env:KEY': all.foreign.key };
    const client = channel({ tls: { ca: all.authority.cert, cert: 'env:CERT', key: 'env:KEY' } });
    expect(await failureOf(client.invoke('reserve', LINE, callWith({ secrets })))).toMatchObject(UNREACHABLE);
    Object.assign(secrets, { 'env:CERT': all.client.cert, 'env:KEY': all.client.key });
    expect(await client.invoke('reserve', LINE, callWith({ secrets }))).toEqual(LINE);
    const made = wire?.connectionsMade;
    Object.assign(secrets, { 'env:CERT': all.server.cert, 'env:KEY': all.server.key });
    await client.invoke('reserve', LINE, callWith({ secrets }));
    expect(wire?.connectionsMade).toBeGreaterThan(made ?? 0);
    await until(() => (wire?.connections ?? 0) <= 2); // Those of before are closed.
    await client.release();
  });

  it('a file is read again when it was changed', async () => {
    const { channel } = await open(kind);
    const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const write = (pair: Certificates['client']): void => {
      writeFileSync(cert, pair.cert);
      writeFileSync(key, pair.key);
    };
    const client = channel({ tls: { ca: all.authority.cert, cert, key } });
    write(all.foreign);
    expect(await failureOf(client.invoke('reserve', LINE, callWith()))).toMatchObject(UNREACHABLE);
    write(all.client);
    expect(await client.invoke('reserve', LINE, callWith())).toEqual(LINE);
    await client.release();
    rmSync(folder, { recursive: true });
  });

  it.each<[string, () => TlsSettings, string]>([
    [
      'a file that is not there',
      () => ({ ca: 'nowhere/ca.pem' }),
      'tls.ca is neither PEM nor a reference, and as a file it cannot be read (ENOENT): nowhere/ca.pem.',
    ],
    ['a certificate that is none', () => ({ cert: '-----BEGIN CERTIFICATE-----\nsesame', key: all.client.key }), 'tls.cert cannot be used'],
    ['a key of another certificate', () => ({ cert: all.client.cert, key: all.server.key }), 'tls.cert cannot be used'],
  ])('%s is a mistake that names its field and shows no key', async (_, tls, message) => {
    const { channel } = await open(kind);
    const error = await failureOf(channel({ tls: tls() }).invoke('reserve', LINE, callWith()));
    expect(error).toMatchObject({ name: 'UsageError', code: 'CHANNEL_INVALID' });
    expect(error.message).toContain(message);
    expect(error.message).not.toMatch(/sesame|PRIVATE/);
  });
});

describe.each(CHANNEL_KINDS.filter(({ name }) => ['HTTP', 'gRPC'].includes(name)))('credentials of $name', (kind) => {
  it('are sent as the scheme says', async () => {
    const { warehouse, channel } = await open(kind);
    const secrets = { 'env:PASSWORD': 'open sesame' };
    await channel({ auth: basic({ user: 'ali', password: 'env:PASSWORD' }) }).invoke('reserve', LINE, callWith({ secrets }));
    await channel({ auth: apiKey({ header: 'Authorization', key: 'env:KEY' }) }).invoke(
      'reserve',
      LINE,
      callWith({ secrets: { 'env:KEY': 'k-1' } }),
    );
    const basicly = `Basic ${Buffer.from('ali:open sesame').toString('base64')}`;
    expect(warehouse.requests.map(({ authorization }) => authorization)).toEqual([basicly, 'k-1']);
  });

  it('are shown in no error, as they are or encoded', async () => {
    const { warehouse, channel } = await open(kind);
    warehouse.authorization = 'nobody';
    const auth = basic({ user: 'ali', password: 'env:PASSWORD' });
    const error = await failureOf(channel({ auth }).invoke('reserve', LINE, callWith({ secrets: { 'env:PASSWORD': 'open sesame' } })));
    expect(error).toMatchObject(REFUSED);
    const encoded = Buffer.from('ali:open sesame').toString('base64');
    expect(JSON.stringify([error.message, error.details, error.stack])).not.toMatch(new RegExp(`sesame|${encoded}`));
    const quoted = await failureOf(
      channel({ auth: bearer('env:TOKEN') }).invoke('reserve', LINE, callWith({ secrets: { 'env:TOKEN': 'a"b\\c' } })),
    );
    expect(quoted.message).toContain('who is Bearer [secret]?');
  });

  it('by a function are asked for once by several calls, and again before they expire', async () => {
    const { warehouse, channel } = await open(kind);
    const clock = new ManualClock();
    let asked = 0;
    const source = async (): Promise<BearerToken> => {
      asked += 1;
      return { token: `token-${asked}`, expiresAt: new Date(clock.now() + 600_000) };
    };
    const client = channel({ auth: bearer(source, { clock }) });
    await Promise.all([1, 2, 3, 4, 5].map((quantity) => client.invoke('reserve', { sku: 'bolt', quantity }, callWith())));
    expect(asked).toBe(1);
    clock.advance(571_000);
    await client.invoke('reserve', LINE, callWith());
    expect(warehouse.requests.map(({ authorization }) => authorization)).toEqual([...Array(5).fill('Bearer token-1'), 'Bearer token-2']);
  });

  it('by a function are asked for again when the system refuses them, once, and then the refusal stands', async () => {
    const { warehouse, channel } = await open(kind);
    warehouse.authorization = 'Bearer token-2';
    let asked = 0;
    const source = async (): Promise<BearerToken> => {
      asked += 1;
      return { token: `token-${asked}` };
    };
    const client = channel({ auth: bearer(source) });
    expect(await client.invoke('reserve', LINE, callWith())).toEqual(LINE);
    warehouse.authorization = 'Bearer token-3';
    expect(await client.stream('count', LINE, callWith())[Symbol.asyncIterator]().next()).toMatchObject({ value: { quantity: 1 } });
    warehouse.authorization = 'Bearer of something else';
    expect(await failureOf(client.invoke('reserve', LINE, callWith()))).toMatchObject(REFUSED);
    expect(asked).toBe(4);
    expect(warehouse.requests).toHaveLength(6);
  });

  it('that cannot be had mean that nothing was sent, whatever went wrong', async () => {
    const { warehouse, channel } = await open(kind);
    const failing = (error: Error) => channel({ auth: bearer(() => Promise.reject(error)) }).invoke('reserve', LINE, callWith());
    expect(await failureOf(failing(new Error('the issuer is down')))).toMatchObject(UNREACHABLE);
    expect(await failureOf(failing(new OutcomeUnknownError('REPLY_LOST', 'the issuer fell silent')))).toMatchObject(UNREACHABLE);
    expect(await failureOf(failing(new CommandFailure('SYSTEM_REFUSED', 'the issuer says no')))).toMatchObject(REFUSED);
    expect(warehouse.requests).toEqual([]);
  });

  it('that one call waits for do not fail because another call ended', async () => {
    const { channel } = await open(kind);
    const controller = new AbortController();
    const source = (call: Call): Promise<BearerToken> =>
      call.key === 'first'
        ? new Promise((_, reject) => call.signal.addEventListener('abort', () => reject(call.signal.reason as Error)))
        : Promise.resolve({ token: 'token-2' });
    const client = channel({ auth: bearer(source) });
    const first = client.invoke('reserve', LINE, callWith({ key: 'first', signal: controller.signal }));
    const second = client.invoke('reserve', LINE, callWith({ key: 'second' }));
    const reason = new Error('not wanted any more');
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(await second).toEqual(LINE);
  });

  it('that cannot stand in a header are a mistake, and not shown', async () => {
    const { channel } = await open(kind);
    const secrets = { 'env:TOKEN': 'open\r\nsesame: yes' };
    const error = await failureOf(channel({ auth: bearer('env:TOKEN') }).invoke('reserve', LINE, callWith({ secrets })));
    expect(error).toMatchObject({ name: 'UsageError', code: 'CHANNEL_INVALID' });
    expect(error.message).not.toContain('sesame');
  });
});

describe('credentials', () => {
  const auth = bearer('env:TOKEN');

  it('are not sent unencrypted to another machine, unless that is allowed', () => {
    const service = WAREHOUSE_SERVICE;
    expect(() => new HttpChannel({ baseUrl: 'http://shop.test', auth })).toThrow(
      'auth would send its credentials unencrypted to http://shop.test.',
    );
    expect(() => new GrpcChannel({ address: 'shop.test:50051', service, auth })).toThrow('unencrypted to shop.test:50051.');
    expect(() => new GrpcChannel({ address: 'dns:///10.0.0.1:50051', service, auth })).toThrow('unencrypted');
    for (const allowed of [
      () => new HttpChannel({ baseUrl: 'http://shop.test', auth, allowPlaintext: true }),
      () => new HttpChannel({ baseUrl: 'http://shop.test' }),
      () => new HttpChannel({ baseUrl: 'https://shop.test', auth }),
      ...['localhost', '127.0.0.1', '[::1]', 'shop.localhost'].map((host) => () => new HttpChannel({ baseUrl: `http://${host}:80`, auth })),
      ...['localhost:1', '127.0.0.9:1', 'unix:/run/shop.sock', 'ipv6:[::1]:1'].map(
        (address) => () => new GrpcChannel({ address, service, auth }),
      ),
      () => new GrpcChannel({ address: 'shop.test:50051', service, auth, tls: {} }),
    ]) {
      expect(allowed).not.toThrow();
    }
  });

  it('are references; what looks like the secret itself is not shown', () => {
    const mistakes = [
      () => bearer('open-sesame'),
      () => basic({ user: 'ali', password: 'open-sesame' }),
      () => apiKey({ header: 'x-key', key: 'open-sesame' }),
      () => new HttpChannel({ baseUrl: 'https://ali:open-sesame@shop.test' }),
    ];
    for (const mistake of mistakes) {
      expect(mistake).toThrow(expect.objectContaining({ code: 'CHANNEL_INVALID', message: expect.not.stringContaining('sesame') }));
    }
    expect(() => apiKey({ header: 'x key', key: 'env:KEY' })).toThrow('apiKey.header is "x key".');
    expect(() => basic({ user: 'Ali:Baba', password: 'env:P' })).toThrow('basic.user is "Ali:Baba".');
  });
});

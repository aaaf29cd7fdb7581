/** Certificates for `localhost`, made anew by whoever asks for them first. */
import { generate } from 'selfsigned';

export interface Pair {
  readonly cert: string;
  readonly key: string;
}

export interface Certificates {
  /** Signs all but the foreign ones. */
  readonly authority: Pair;
  readonly server: Pair;
  /** Of the time before. */
  readonly expired: Pair;
  /** Of another host. */
  readonly elsewhere: Pair;
  readonly client: Pair;
  /** Signed by an authority that nobody knows. */
  readonly foreign: Pair;
}

let made: Promise<Certificates> | undefined;

export function certificates(): Promise<Certificates> {
  made ??= make();
  return made;
}

async function make(): Promise<Certificates> {
  const authority = await authorityNamed('warehouse authority');
  const other = await authorityNamed('another authority');
  const [server, expired, elsewhere, client, foreign] = await Promise.all([
    signed(authority, 'localhost'),
    signed(authority, 'localhost', new Date(Date.now() - 1000)),
    signed(authority, 'elsewhere.test'),
    signed(authority, 'shop'),
    signed(other, 'localhost'),
  ]);
  return { authority, server, expired, elsewhere, client, foreign };
}

async function authorityNamed(name: string): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: made.cert, key: made.private };
}

async function signed(authority: Pair, host: string, notAfterDate = new Date(Date.now() + 3_600_000)): Promise<Pair> {
  const made = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: { key: authority.key, cert: authority.cert },
    notBeforeDate: new Date(Date.now() - 86_400_000),
    notAfterDate,
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: host }] },
    ],
  });
  return { cert: made.cert, key: made.private };
}

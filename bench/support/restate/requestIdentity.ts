/** The key with which a Restate server signs what it asks of a worker. */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/**
 * Makes an ed25519 pair and keeps the private key in a file.
 *
 * @param file for PKCS #8 in PEM, which RESTATE_WORKER__INVOKER__REQUEST_IDENTITY_PRIVATE_KEY_PEM_FILE names
 * @returns the public key as `identityKeys` of an endpoint wants it
 */
export function makeIdentity(file: string): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  return `publickeyv1_${base58Of(Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'))}`;
}

/** As Bitcoin writes bytes: https://datatracker.ietf.org/doc/html/draft-msporny-base58-03 */
function base58Of(bytes: Buffer): string {
  let digits = '';
  for (let rest = BigInt(`0x${bytes.toString('hex')}`); rest > 0n; rest /= 58n) digits = ALPHABET.charAt(Number(rest % 58n)) + digits;
  const zeros = bytes.findIndex((byte) => byte !== 0);
  return ALPHABET.charAt(0).repeat(zeros) + digits;
}

import { UsageError } from '../../kernel/errors.js';

/** Of an engine, from outside. @throws UsageError `ENGINE_INVALID` */
export function checkedUrl(option: string, url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  throw new UsageError('ENGINE_INVALID', `${option}: ${JSON.stringify(url)} is no address. Give one such as http://127.0.0.1:8080.`, {
    details: { option, url },
  });
}

/** That they are public keys of a cluster. @throws UsageError `ENGINE_INVALID` */
export function checkKeys(keys: readonly string[]): void {
  const wrong = keys.find((key) => !/^publickeyv1_[1-9A-HJ-NP-Za-km-z]+$/.test(key));
  if (wrong === undefined) return;
  throw new UsageError(
    'ENGINE_INVALID',
    `identityKeys: ${JSON.stringify(wrong)} is no public key. Give that of the cluster as its nodes say it when they start, publickeyv1_….`,
  );
}

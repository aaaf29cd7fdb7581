import { UsageError } from '../../kernel/errors.js';
import type { Signal } from '../Engine.js';
import { notOnEngine } from '../notOnEngine.js';

/** Of an engine, from outside. @throws UsageError `ENGINE_INVALID` */
export function checkedUrl(option: string, url: string): string {
  if (/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return url;
  throw new UsageError('ENGINE_INVALID', `${option}: ${JSON.stringify(url)} is no address. Give one such as http://127.0.0.1:8080.`, {
    details: { option, url },
  });
}

/** A hundred years: more is a mistake, and more than a server of Restate takes. */
const SPAN_MS_MAX = 100 * 365 * 86_400_000;

/** That they are whole numbers of milliseconds. @param spans by the names of the options @throws UsageError `ENGINE_INVALID` */
export function checkSpans(spans: Readonly<Record<string, number | undefined>>): void {
  for (const [option, span] of Object.entries(spans)) {
    if (span === undefined || (Number.isInteger(span) && span >= 0 && span <= SPAN_MS_MAX)) continue;
    throw new UsageError('ENGINE_INVALID', `${option}: ${span} is no time in milliseconds. Give a whole number from 0 to ${SPAN_MS_MAX}.`, {
      details: { option },
    });
  }
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

/** With more than this a run could not record that it came, and would stand still whenever it is loaded. */
const SIGNAL_LENGTH_MAX = 4 * 1024 * 1024;

/** @throws UsageError `NOT_ON_ENGINE` for a signal that is larger than what is recorded together */
export function checkSize({ name, value }: Signal): void {
  if (value.length <= SIGNAL_LENGTH_MAX) return;
  const why = `it has ${value.length} characters, and no more than ${SIGNAL_LENGTH_MAX} are recorded together. Send where the value is`;
  throw notOnEngine('restate', `signal of the size of "${name}"`, why);
}

export function unsigned(): UsageError {
  return new UsageError(
    'WORKER_NOT_STARTED',
    'A worker takes only requests that Restate has signed. Give identityKeys, the public keys of the cluster, or for a test acceptUnsigned: true.',
  );
}

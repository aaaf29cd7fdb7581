/** Where secrets come from without a service of their own. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SecretProvider } from '../kernel/SecretVault.js';

/** `env:NAME` is the environment variable NAME, as it is when it is asked for. An empty one counts as missing. */
export function environmentSecrets(environment: Readonly<Record<string, string | undefined>> = process.env): SecretProvider {
  return { name: 'env', resolve: (name) => environment[name] || undefined };
}

const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * `file:NAME` is the content of the file NAME in one folder, without the line break at its end; the form in which
 * Docker and Kubernetes mount secrets. A name that leads out of the folder is no secret's.
 *
 * @param folder such as `/run/secrets`
 */
export function fileSecrets(folder: string): SecretProvider {
  return {
    name: 'file',
    async resolve(name) {
      if (!FILE_NAME.test(name)) return undefined;
      try {
        return (await readFile(join(folder, name), 'utf8')).replace(/\r?\n$/, '');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
  };
}

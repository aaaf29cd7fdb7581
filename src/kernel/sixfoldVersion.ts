import { readFileSync } from 'node:fs';

/** The version in this package's own `package.json`, which lies as far above `src` as above `dist`. */
export function sixfoldVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return manifest.version;
}

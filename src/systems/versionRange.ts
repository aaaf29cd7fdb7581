/** Semantic Versioning 2.0.0, and ranges as npm reads them. */
import { createRequire } from 'node:module';

type Semver = typeof import('semver');
let loaded: Semver | undefined;

/** Loaded with the first version that is looked at: most scopes name none. */
function semver(): Semver {
  loaded ??= createRequire(import.meta.url)('semver') as Semver;
  return loaded;
}

export function isRange(range: string): boolean {
  return semver().validRange(range) !== null;
}

export function isVersion(version: string): boolean {
  return semver().valid(version) !== null;
}

/** False also for what is no version. */
export function isInRange(version: string, range: string): boolean {
  return semver().satisfies(version, range);
}

/** Whether what was written against one version works with another by what their numbers promise. */
export function isCompatible(version: string, earlier: string): boolean {
  const { valid, satisfies } = semver();
  if (version === earlier) return true;
  return valid(version) !== null && valid(earlier) !== null && satisfies(version, `^${earlier}`, { includePrerelease: true });
}

/** Semantic Versioning 2.0.0, and ranges as npm reads them. */
import { createRequire } from 'node:module';

type Semver = typeof import('semver');
let loaded: Semver | undefined;

/** Loaded with the first version that is looked at: most scopes name none. */
function semver(): Semver {
  loaded ??= createRequire(import.meta.url)('semver') as Semver;
  return loaded;
}

/** What is wrong with a range, or undefined. */
export function invalidRange(range: string): string | undefined {
  return semver().validRange(range) === null ? `"${range}" is no range of versions, such as ^1.2.0` : undefined;
}

/** Why a version is not one that a range allows, or undefined when it is. */
export function outOfRange(version: string, range: string): string | undefined {
  if (semver().valid(version) === null) return `"${version}" is no semantic version, such as 1.2.0`;
  return semver().satisfies(version, range) ? undefined : `version ${version} is not in ${range}`;
}

/** Whether what was written against one version works with another by what their numbers promise. */
export function isCompatible(version: string, earlier: string): boolean {
  const { valid, satisfies } = semver();
  if (version === earlier) return true;
  return valid(version) !== null && valid(earlier) !== null && satisfies(version, `^${earlier}`, { includePrerelease: true });
}

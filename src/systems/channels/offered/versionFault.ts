/** Semantic Versioning 2.0.0, and ranges as npm reads them. */
import { createRequire } from 'node:module';

type Semver = typeof import('semver');
let loaded: Semver | undefined;

/** Loaded with the first range: not everybody has one. */
function semver(): Semver {
  loaded ??= createRequire(import.meta.url)('semver') as Semver;
  return loaded;
}

export function isRange(range: string): boolean {
  return semver().validRange(range) !== null;
}

/** Why a version is not one that a range allows, or undefined when it is. */
export function versionFault(version: string | undefined, range: string): string | undefined {
  if (version === undefined) return `does not say its version, which must be in ${range}`;
  if (semver().valid(version) === null) return `says "${version}", which is no semantic version`;
  return semver().satisfies(version, range) ? undefined : `runs ${version}, which is not in ${range}`;
}

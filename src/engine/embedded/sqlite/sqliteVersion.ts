/**
 * Whether several connections may write to a WAL file with a version of SQLite. Those from 3.7.0 to 3.51.2 can damage the
 * file when a checkpoint starts the log anew while another connection commits; the releases named here have the correction.
 * https://www.sqlite.org/wal.html
 */
const CORRECTED_IN = [3, 51, 3] as const;
/** Later releases of these lines have it too. */
const BACKPORTS = [
  [3, 44, 6],
  [3, 50, 7],
] as const;

export function writesSafely(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const found = [major, minor, patch] as const;
  const backport = BACKPORTS.find((line) => line[0] === major && line[1] === minor);
  return atLeast(found, backport ?? CORRECTED_IN);
}

type Version = readonly [major: number, minor: number, patch: number];

function atLeast(found: Version, least: Version): boolean {
  const differing = found.findIndex((part, index) => part !== least[index]);
  return differing === -1 || (found[differing] ?? 0) > (least[differing] ?? 0);
}

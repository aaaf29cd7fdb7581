/** Which of a list of files exist, and in what state. */
import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { isGone } from './sourceFolders.js';

/** How many files are asked for their state before others have a turn; at once, since asking one by one costs ten times as much. */
const BATCH_SIZE = 1000;

/** Those of the paths that are files now, sorted, and a digest of their paths, sizes and times of change. */
export async function fingerprinted(root: string, paths: readonly string[], signal: AbortSignal) {
  const sorted = [...paths].sort();
  const present: string[] = [];
  const digest = createHash('sha256');
  for (let start = 0; start < sorted.length; start += BATCH_SIZE) {
    signal.throwIfAborted();
    await setImmediate();
    for (const path of sorted.slice(start, start + BATCH_SIZE)) {
      const state = stateOf(join(root, path));
      if (!state?.isFile()) continue;
      present.push(path);
      digest.update(`${path}\0${state.size}\0${state.mtimeNs}\n`);
    }
  }
  return { paths: present, fingerprint: digest.digest('base64url') };
}

function stateOf(path: string) {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

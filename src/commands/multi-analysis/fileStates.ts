/** Which of a list of files exist, and in what state. */
import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { isGone } from './sourceFolders.js';

/** How many files are asked for their state at once. */
const BATCH_SIZE = 256;

/** Those of the paths that are files now, sorted, and a digest of their paths, sizes and times of change. */
export async function fingerprinted(root: string, paths: readonly string[], signal: AbortSignal) {
  const sorted = [...paths].sort();
  const present: string[] = [];
  const digest = createHash('sha256');
  for (let start = 0; start < sorted.length; start += BATCH_SIZE) {
    signal.throwIfAborted();
    const batch = sorted.slice(start, start + BATCH_SIZE);
    const states = await Promise.all(batch.map((path) => stateOf(join(root, path))));
    for (const [index, path] of batch.entries()) {
      const state = states[index];
      if (!state?.isFile()) continue;
      present.push(path);
      digest.update(`${path}\0${state.size}\0${state.mtimeNs}\n`);
    }
  }
  return { paths: present, fingerprint: digest.digest('base64url') };
}

async function stateOf(path: string) {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

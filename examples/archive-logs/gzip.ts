import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat, utimes } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';

const LEVELS = { fast: constants.Z_BEST_SPEED, balanced: 6, best: constants.Z_BEST_COMPRESSION } as const;

export interface GzipOptions {
  readonly level: keyof typeof LEVELS;
  readonly signal: AbortSignal;
}

/**
 * Replaces a file by `file.gz` with the same time of change.
 *
 * Safe to repeat after it was stopped anywhere: until the archive is complete the file stays, and an archive without its
 * file is a finished one.
 *
 * @returns the size of the archive in bytes
 */
export async function gzip(file: string, { level, signal }: GzipOptions): Promise<number> {
  const archive = `${file}.gz`;
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found) {
    const part = `${archive}.part`;
    await pipeline(createReadStream(file), createGzip({ level: LEVELS[level] }), createWriteStream(part, { flush: true }), { signal });
    await utimes(part, found.atime, found.mtime);
    await rename(part, archive);
    await rm(file);
  }
  return (await stat(archive)).size;
}

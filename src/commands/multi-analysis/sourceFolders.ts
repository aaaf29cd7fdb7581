/** Walks a folder, within bounds and without following links: which files it has, and which folders hold none of them. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** More files, or more folders, than this are refused. */
export const FILES_MAX = 200_000;
const OUTSIDE_MAX = 1000;
/** Folders that are read at the same time. */
const BATCH_SIZE = 64;
const NEVER_SOURCE = new Set(['node_modules', '.git']);
const USUALLY_NOT_SOURCE = new Set(['node_modules', 'dist', 'build', 'coverage', 'out', 'vendor']);

/** All files below a folder but those in dot folders and in folders that usually hold no source; undefined when they are too many. */
export async function walk(root: string, signal: AbortSignal): Promise<string[] | undefined> {
  const files: string[] = [];
  const folders = [''];
  for (const folder of folders) {
    signal.throwIfAborted();
    for (const entry of await entriesOf(root, folder)) {
      const path = posix.join(folder, entry.name);
      if (entry.isFile()) files.push(path);
      else if (entry.isDirectory() && !USUALLY_NOT_SOURCE.has(entry.name) && !entry.name.startsWith('.')) folders.push(path);
    }
    if (files.length > FILES_MAX || folders.length > FILES_MAX) return undefined;
  }
  return files;
}

/**
 * Folders, and links to folders, that stand beside the files but hold none of them; the outermost only, at most 1000 of either. The
 * links matter most: a tool that follows them leaves the tree.
 */
export async function foldersOutside(root: string, files: readonly string[], signal: AbortSignal): Promise<string[]> {
  const inside = foldersOf(files);
  const folders: string[] = [];
  const links: string[] = [];
  const all = [...inside];
  for (let start = 0; start < all.length; start += BATCH_SIZE) {
    signal.throwIfAborted();
    const batch = all.slice(start, start + BATCH_SIZE);
    const entries = await Promise.all(batch.map(async (folder) => (await entriesOf(root, folder)).map((entry) => ({ folder, entry }))));
    for (const { folder, entry } of entries.flat()) {
      const path = posix.join(folder, entry.name);
      if (inside.has(path) || NEVER_SOURCE.has(entry.name)) continue;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isSymbolicLink() && (await leadsToFolder(join(root, path)))) links.push(path);
    }
  }
  return [...links.slice(0, OUTSIDE_MAX), ...folders.slice(0, OUTSIDE_MAX)].sort();
}

function foldersOf(files: readonly string[]): Set<string> {
  const folders = new Set(['']);
  for (const file of files) {
    for (let folder = posix.dirname(file); folder !== '.' && !folders.has(folder); folder = posix.dirname(folder)) folders.add(folder);
  }
  return folders;
}

/** A folder that vanished or may not be read has no entries. */
async function entriesOf(root: string, folder: string): Promise<Dirent[]> {
  try {
    return await readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

async function leadsToFolder(link: string): Promise<boolean> {
  try {
    return (await stat(link)).isDirectory();
  } catch (error) {
    if (isGone(error) || codeOf(error) === 'ELOOP') return false;
    throw error;
  }
}

/** The file or folder is not there, or may not be seen. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** The packages of the folder are installed in it. */
export async function isInstalled(root: string): Promise<boolean> {
  return leadsToFolder(join(root, 'node_modules'));
}

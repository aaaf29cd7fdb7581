/** Who holds the write lock of a journal, where the system tells. */
import { readFileSync, statSync } from 'node:fs';

/** Offset of the write lock in the `-shm` file, https://www.sqlite.org/walformat.html#locks. */
const WRITE_LOCK_BYTE = 120;

/** A pid as this process sees it; undefined when nobody holds it, or on systems other than Linux. */
export function writeLockHolder(journalFile: string): number | undefined {
  try {
    const { ino } = statSync(`${journalFile}-shm`);
    return holderIn(readFileSync('/proc/locks', 'utf8'), ino);
  } catch {
    return undefined; // No such file, or no /proc/locks.
  }
}

/** @param locks text of /proc/locks, proc_locks(5) */
export function holderIn(locks: string, inode: number): number | undefined {
  for (const line of locks.split('\n')) {
    const [, kind, , access, pid, place = '', from, to] = line.trim().split(/\s+/);
    const covers = Number(from) <= WRITE_LOCK_BYTE && (to === 'EOF' || Number(to) >= WRITE_LOCK_BYTE);
    // The device is not compared: layered file systems name another one there.
    if (kind === 'POSIX' && access === 'WRITE' && place.split(':')[2] === String(inode) && covers) return Number(pid);
  }
  return undefined;
}

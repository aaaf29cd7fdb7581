/** Errors of SQLite as errors of ours. */
import { messageOf, type SixfoldError, TransientError, UsageError } from '../../../kernel/errors.js';

/** Result codes of SQLite, https://www.sqlite.org/rescode.html; the low byte of an extended code. */
export const SQLITE = {
  ERROR: 1,
  BUSY: 5,
  LOCKED: 6,
  READONLY: 8,
  IOERR: 10,
  CORRUPT: 11,
  FULL: 13,
  CANTOPEN: 14,
  CONSTRAINT: 19,
  NOTADB: 26,
} as const;

const PASSING: ReadonlySet<number | undefined> = new Set([SQLITE.BUSY, SQLITE.LOCKED, SQLITE.IOERR, SQLITE.FULL]);

/** The primary result code of an error that SQLite gave, or undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/** Waiting may mend it: a lock, or room on the disk. */
export function isPassing(error: unknown): boolean {
  return PASSING.has(sqliteCode(error));
}

export function corrupt(file: string, found: string): UsageError {
  return new UsageError(
    'JOURNAL_CORRUPT',
    `${file} is damaged (${found}). Nothing was changed: keep a copy, and restore a backup or name another file.`,
    { details: { file } },
  );
}

/** SQLite's error as one of ours; anything else as it is. */
export function describe(error: unknown, file: string): unknown {
  const details = { file };
  const options = { cause: error, details };
  const causes: Readonly<Record<number, () => SixfoldError>> = {
    [SQLITE.BUSY]: () =>
      new TransientError('JOURNAL_LOCKED', `${file} is locked by another program. Close it there, or name another file.`, options),
    [SQLITE.READONLY]: () =>
      new UsageError(
        'JOURNAL_NOT_WRITABLE',
        `${file} cannot be written: it is read-only. Change its permissions, or name another file.`,
        options,
      ),
    [SQLITE.FULL]: () =>
      new TransientError('JOURNAL_FULL', `${file} cannot grow: the disk is full. Make room, or name a file on another disk.`, options),
    // Every statement of ours is sound, so this is a schema that is not ours any more.
    [SQLITE.ERROR]: () => corrupt(file, messageOf(error)),
    [SQLITE.CORRUPT]: () => corrupt(file, messageOf(error)),
    [SQLITE.CANTOPEN]: () =>
      new UsageError(
        'JOURNAL_NOT_WRITABLE',
        `${file} cannot be opened: check that its folder exists and is writable, or name another file.`,
        options,
      ),
    [SQLITE.NOTADB]: () =>
      new UsageError('JOURNAL_FOREIGN', `${file} is not a journal: it is no SQLite database. Name another file.`, options),
  };
  return causes[sqliteCode(error) ?? -1]?.() ?? error;
}

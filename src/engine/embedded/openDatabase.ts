/** Opens a journal file and refuses, with the remedy, one that is not what it should be. */
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, type SixfoldError, TransientError, UsageError } from '../../kernel/errors.js';
import { APPLICATION_ID, FORMAT_VERSION, SCHEMA } from './schema.js';

export interface DatabaseOptions {
  /** Path of the file. */
  readonly file: string;
  /** Opens an existing file for reading only. */
  readonly readOnly: boolean;
  /** fsync at every commit; without it a loss of power may lose the last commits, a crash of the process does not. */
  readonly fsync: boolean;
}

/** How long a statement waits for another program's lock. */
const BUSY_TIMEOUT_MS = 2000;
/** Larger files are not read through when they are opened; their damage shows when it is met. */
const CHECKED_BYTES_MAX = 32 * 1024 * 1024;

/** Result codes of SQLite, https://www.sqlite.org/rescode.html; the low byte of an extended code. */
export const SQLITE = { ERROR: 1, BUSY: 5, LOCKED: 6, READONLY: 8, IOERR: 10, CORRUPT: 11, FULL: 13, CANTOPEN: 14, NOTADB: 26 } as const;

/** The primary result code of an error that SQLite gave, or undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

/**
 * @throws UsageError `JOURNAL_NOT_FOUND`, `JOURNAL_FOREIGN`, `JOURNAL_TOO_NEW`, `JOURNAL_CORRUPT`, `JOURNAL_NOT_WRITABLE`
 * @throws TransientError `JOURNAL_LOCKED`
 */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  if (options.readOnly && !existsSync(options.file)) {
    throw new UsageError('JOURNAL_NOT_FOUND', `There is no journal at ${options.file}. Start a run, or name another file.`, {
      details: { file: options.file },
    });
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(options.file, { readOnly: options.readOnly, timeout: BUSY_TIMEOUT_MS });
    prepare(database, options);
    return database;
  } catch (error) {
    database?.close();
    throw describe(error, options.file);
  }
}

function prepare(database: DatabaseSync, options: DatabaseOptions): void {
  const application = pragma(database, 'application_id');
  const empty = database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n === 0;
  if (empty && application === 0 && !options.readOnly) create(database);
  else if (application !== APPLICATION_ID) {
    throw new UsageError('JOURNAL_FOREIGN', `${options.file} is a database of another program. Name another file for the journal.`, {
      details: { file: options.file },
    });
  }
  const version = pragma(database, 'user_version');
  if (version > FORMAT_VERSION) {
    throw new UsageError(
      'JOURNAL_TOO_NEW',
      `${options.file} has journal format ${version}; this version of Sixfold reads up to ${FORMAT_VERSION}. Use a newer version.`,
      { details: { file: options.file, found: version, supported: FORMAT_VERSION } },
    );
  }
  refuseDamaged(database, options.file);
  if (!options.readOnly)
    database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${options.fsync ? 'FULL' : 'NORMAL'}; PRAGMA fullfsync = ${options.fsync};`,
    );
}

function create(database: DatabaseSync): void {
  database.exec(`BEGIN IMMEDIATE; PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; ${SCHEMA} COMMIT;`);
}

function refuseDamaged(database: DatabaseSync, file: string): void {
  if (statSync(file).size > CHECKED_BYTES_MAX) return;
  const verdict = database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
  if (verdict !== 'ok') throw corrupt(file, String(verdict));
}

function pragma(database: DatabaseSync, name: 'application_id' | 'user_version'): number {
  return Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
}

function corrupt(file: string, found: string): UsageError {
  return new UsageError(
    'JOURNAL_CORRUPT',
    `${file} is damaged (${found}). Nothing was changed: keep a copy, and restore a backup or name another file.`,
    {
      details: { file },
    },
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

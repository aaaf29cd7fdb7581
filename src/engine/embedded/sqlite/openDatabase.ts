/** Opens a journal file and refuses, with the remedy, one that is not what it should be. */
import { existsSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { UsageError } from '../../../kernel/errors.js';
import { addStoreTables, formatVersion, migrate, showAsPresent } from './migrations.js';
import { ADDED_IN_2, APPLICATION_ID, FORMAT_VERSION, SCHEMA } from './schema.js';
import { corrupt, describe, SQLITE, sqliteCode } from './sqliteErrors.js';
import { writesSafely } from './sqliteVersion.js';

export interface DatabaseOptions {
  /** Path of the file. */
  readonly file: string;
  /** Opens an existing file for reading only. */
  readonly readOnly: boolean;
  /** fsync at every commit; without it a loss of power may lose the last commits, a crash of the process does not. */
  readonly fsync: boolean;
}

/** How long opening waits for another program's lock. */
const OPENING_TIMEOUT_MS = 2000;
/** Between two tries to change to WAL, which does not always wait for a lock by itself. */
const WAL_PAUSE_MS = 20;
/** Larger files are not read through when they are opened; their damage shows when it is met. */
const CHECKED_BYTES_MAX = 32 * 1024 * 1024;

/**
 * @throws UsageError `JOURNAL_NOT_FOUND`, `JOURNAL_FOREIGN`, `JOURNAL_TOO_NEW`, `JOURNAL_CORRUPT`, `JOURNAL_NOT_WRITABLE`,
 * `SQLITE_UNSAFE`
 * @throws TransientError `JOURNAL_LOCKED`, `JOURNAL_FULL`, `JOURNAL_IN_USE`
 */
export function openDatabase(options: DatabaseOptions): DatabaseSync {
  if (options.readOnly && !existsSync(options.file)) {
    throw new UsageError('JOURNAL_NOT_FOUND', `There is no journal at ${options.file}. Start a run, or name another file.`, {
      details: { file: options.file },
    });
  }
  if (!options.readOnly) refuseUnsafe(process.versions.sqlite ?? '');
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(options.file, { readOnly: options.readOnly, timeout: OPENING_TIMEOUT_MS });
    prepare(database, options);
    return database;
  } catch (error) {
    database?.close();
    throw describe(error, options.file);
  }
}

/** Rarer than by default: a commit that copies the log into the file takes many times as long as one that does not. */
const CHECKPOINT_PAGES = 8192;

/** The settings of every connection that writes. */
export function writingPragmas(fsync: boolean, busyTimeoutMs: number): string {
  return `PRAGMA synchronous = ${fsync ? 'FULL' : 'NORMAL'}; PRAGMA fullfsync = ${fsync}; PRAGMA busy_timeout = ${busyTimeoutMs};
    PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};`;
}

function refuseUnsafe(version: string): void {
  if (writesSafely(version)) return;
  throw new UsageError(
    'SQLITE_UNSAFE',
    `This Node.js has SQLite ${version}, which can damage a journal that several connections write to. Use a Node.js with SQLite 3.51.3 or newer.`,
    { details: { version } },
  );
}

function prepare(database: DatabaseSync, options: DatabaseOptions): void {
  if (!options.readOnly && isEmpty(database)) {
    changeToWal(database); // Before there is anything to read, so that processes that make the file together do not lock each other out.
    create(database);
  }
  refuseForeign(database, options.file);
  refuseDamaged(database, options.file);
  if (options.readOnly) showAsPresent(database);
  else {
    changeToWal(database);
    migrate(database, options.file);
    addStoreTables(database);
  }
}

function refuseForeign(database: DatabaseSync, file: string): void {
  if (applicationOf(database) !== APPLICATION_ID) {
    throw new UsageError('JOURNAL_FOREIGN', `${file} is a database of another program. Name another file for the journal.`, {
      details: { file },
    });
  }
  const version = formatVersion(database);
  if (version > FORMAT_VERSION) {
    throw new UsageError(
      'JOURNAL_TOO_NEW',
      `${file} has journal format ${version}; this version of Sixfold reads up to ${FORMAT_VERSION}. Use a newer version.`,
      { details: { file, found: version, supported: FORMAT_VERSION } },
    );
  }
}

function isEmpty(database: DatabaseSync): boolean {
  return applicationOf(database) === 0 && database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.n === 0;
}

function create(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    if (isEmpty(database)) {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT_VERSION}; ${SCHEMA} ${ADDED_IN_2}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function changeToWal(database: DatabaseSync): void {
  const until = performance.now() + OPENING_TIMEOUT_MS;
  for (;;) {
    try {
      database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      if (sqliteCode(error) !== SQLITE.BUSY || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_PAUSE_MS);
    }
  }
}

function refuseDamaged(database: DatabaseSync, file: string): void {
  if (statSync(file).size > CHECKED_BYTES_MAX) return;
  const verdict = database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
  if (verdict !== 'ok') throw corrupt(file, String(verdict));
}

function applicationOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA application_id').get()?.application_id);
}

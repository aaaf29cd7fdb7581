/** Brings a journal of an older format to this one, and lets an older one be read as it is. */
import type { DatabaseSync } from 'node:sqlite';
import { JournalOwner } from './JournalOwner.js';
import { ADDED_IN_2, FORMAT_VERSION, STORE_TABLES } from './schema.js';

const COLUMNS_ADDED_IN_2 = [
  "standing TEXT NOT NULL DEFAULT 'running'",
  'due INTEGER',
  "waits TEXT NOT NULL DEFAULT '[]'",
  'owner INTEGER',
  'successor TEXT',
  'published TEXT',
  'queue TEXT',
  'queue_key TEXT',
  'priority INTEGER',
  'params_digest TEXT',
  'principal_digest TEXT',
];

const FROM_1_TO_2 = `
${COLUMNS_ADDED_IN_2.map((column) => `ALTER TABLE run ADD COLUMN ${column};`).join('\n')}
${ADDED_IN_2}
DROP TABLE owner;
`;

/**
 * Shows a file of format 1 as one of format 2 to this connection, which cannot write to it: views of the temporary schema
 * are found before the tables.
 */
const VIEW_OF_1 = `
CREATE TEMP VIEW run AS SELECT *, 'running' AS standing, NULL AS due, '[]' AS waits,
  CASE WHEN status IS NULL THEN (SELECT pid FROM main.owner) END AS owner, NULL AS successor, NULL AS published,
  NULL AS queue, NULL AS queue_key, NULL AS priority, NULL AS params_digest, NULL AS principal_digest FROM main.run;
CREATE TEMP VIEW process AS SELECT pid AS id, pid, '{}' AS identity, 0 AS beat, since FROM main.owner;
CREATE TEMP VIEW mail AS SELECT 0 AS id, 0 AS run, '' AS kind, '' AS name, '' AS token, '' AS body, 0 AS at WHERE 0;
CREATE TEMP VIEW bridge AS SELECT 0 AS run, 0 AS from_seq, 0 AS to_seq, '' AS hash WHERE 0;
`;

export function formatVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

export function showAsPresent(database: DatabaseSync): void {
  if (formatVersion(database) === 1) database.exec(VIEW_OF_1);
}

/**
 * All in one transaction. Who uses the file with a version that knows format 1 alone has the lock beside it.
 *
 * @throws TransientError `JOURNAL_IN_USE`
 */
export function migrate(database: DatabaseSync, file: string): void {
  if (formatVersion(database) === FORMAT_VERSION) return;
  const owner = JournalOwner.claim(file, () => Number(database.prepare('SELECT pid FROM owner').get()?.pid));
  try {
    database.exec('BEGIN IMMEDIATE');
    try {
      // Another process may have done it while this one waited for the lock.
      if (formatVersion(database) === 1) database.exec(`${FROM_1_TO_2} PRAGMA user_version = ${FORMAT_VERSION};`);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
  } finally {
    owner.release();
  }
}

/** Gives a file of this format the tables of the stores, if it was made before there were any. */
export function addStoreTables(database: DatabaseSync): void {
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'topic_group'").get()) return; // The last of them.
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec(`${STORE_TABLES} COMMIT`);
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

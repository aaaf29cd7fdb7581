/** The journal file. Its format is open: `docs/journal.md` describes every column. */

/** "SIXF", so that `file` and other programs can tell whose database it is. */
export const APPLICATION_ID = 0x53495846;
export const FORMAT_VERSION = 2;

/** Columns that format 2 added stand last, where a migrated file has them. */
export const SCHEMA = `
CREATE TABLE run (
  id               INTEGER PRIMARY KEY,
  uid              TEXT NOT NULL UNIQUE,
  tenant           TEXT NOT NULL DEFAULT '',
  kind             TEXT NOT NULL,
  command          TEXT NOT NULL,
  version          TEXT NOT NULL,
  key              TEXT,
  fingerprint      TEXT NOT NULL,
  codec            INTEGER NOT NULL,
  seed             TEXT NOT NULL,
  principal        TEXT NOT NULL,
  params           TEXT NOT NULL,
  started_at       INTEGER NOT NULL,
  status           TEXT,
  ended_at         INTEGER,
  standing         TEXT NOT NULL DEFAULT 'running',
  due              INTEGER,
  waits            TEXT NOT NULL DEFAULT '[]',
  owner            INTEGER,
  successor        TEXT,
  published        TEXT,
  queue            TEXT,
  queue_key        TEXT,
  priority         INTEGER,
  params_digest    TEXT,
  principal_digest TEXT
) STRICT;
CREATE UNIQUE INDEX run_key ON run (tenant, command, key) WHERE key IS NOT NULL;
CREATE INDEX run_open ON run (id) WHERE status IS NULL;
CREATE TABLE record (
  run         INTEGER NOT NULL REFERENCES run (id),
  seq         INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  at          INTEGER NOT NULL,
  step        TEXT,
  label       TEXT NOT NULL,
  status      TEXT,
  effect      TEXT,
  started_at  INTEGER,
  body        TEXT,
  body_digest TEXT,
  hash        TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX record_seq ON record (run, seq);
`;

/** What format 2 has besides, in the words with which a file of format 1 gets it. */
export const ADDED_IN_2 = `
CREATE INDEX run_started ON run (started_at);
CREATE INDEX run_ended ON run (ended_at) WHERE ended_at IS NOT NULL AND params_digest IS NULL;
CREATE INDEX run_owner ON run (owner) WHERE owner IS NOT NULL;
CREATE INDEX run_due ON run (command, due) WHERE due IS NOT NULL AND standing = 'waiting';
CREATE INDEX run_adrift ON run (standing) WHERE status IS NULL AND owner IS NULL AND standing IN ('running', 'stopped');
CREATE INDEX run_queue ON run (queue, standing, priority DESC, queue_key, started_at, id) WHERE queue IS NOT NULL AND status IS NULL;
CREATE TABLE process (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  pid      INTEGER NOT NULL,
  identity TEXT NOT NULL,
  beat     INTEGER NOT NULL,
  since    INTEGER NOT NULL
) STRICT;
CREATE TABLE mail (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  run   INTEGER NOT NULL REFERENCES run (id),
  kind  TEXT NOT NULL,
  name  TEXT NOT NULL,
  token TEXT NOT NULL,
  body  TEXT,
  at    INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX mail_token ON mail (run, kind, name, token);
CREATE TABLE bridge (
  run      INTEGER NOT NULL REFERENCES run (id),
  from_seq INTEGER NOT NULL,
  to_seq   INTEGER NOT NULL,
  hash     TEXT NOT NULL,
  PRIMARY KEY (run, from_seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE queue (
  name       TEXT PRIMARY KEY,
  turn       INTEGER NOT NULL,
  arrival_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE queue_turn (
  queue TEXT NOT NULL,
  key   TEXT NOT NULL,
  turn  INTEGER NOT NULL,
  PRIMARY KEY (queue, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE allotted (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  run INTEGER NOT NULL
) STRICT;
INSERT INTO allotted (one, run) SELECT 1, coalesce(max(id), 0) FROM run;
`;

/**
 * The tables of the stores, which belong to no run. A file of format 2 may lack them, and gets them when it is opened for writing: who does
 * not know them misreads nothing, so older processes go on using the file.
 */
export const STORE_TABLES = `
CREATE TABLE IF NOT EXISTS state_space (
  name    TEXT PRIMARY KEY,
  version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS state_entry (
  space   TEXT NOT NULL,
  key     TEXT NOT NULL,
  value   TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (space, key)
) STRICT;
CREATE TABLE IF NOT EXISTS lock (
  name     TEXT PRIMARY KEY,
  token    INTEGER NOT NULL,
  owner    TEXT,
  ends_at  INTEGER NOT NULL,
  lease_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS topic (
  id      INTEGER PRIMARY KEY,
  name    TEXT NOT NULL UNIQUE,
  first   INTEGER NOT NULL,
  next    INTEGER NOT NULL,
  last_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS topic_entry (
  topic INTEGER NOT NULL REFERENCES topic (id),
  entry INTEGER NOT NULL,
  uid   TEXT NOT NULL,
  at    INTEGER NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (topic, entry),
  UNIQUE (topic, uid)
) STRICT;
CREATE TABLE IF NOT EXISTS topic_group (
  topic INTEGER NOT NULL REFERENCES topic (id),
  name  TEXT NOT NULL,
  next  INTEGER NOT NULL,
  PRIMARY KEY (topic, name)
) STRICT, WITHOUT ROWID;
`;

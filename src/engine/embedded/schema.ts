/** The journal file. Its format is open: `docs/journal.md` describes every column. */

/** "SIXF", so that `file` and other programs can tell whose database it is. */
export const APPLICATION_ID = 0x53495846;
export const FORMAT_VERSION = 1;

export const SCHEMA = `
CREATE TABLE run (
  id          INTEGER PRIMARY KEY,
  uid         TEXT NOT NULL UNIQUE,
  tenant      TEXT NOT NULL DEFAULT '',
  kind        TEXT NOT NULL,
  command     TEXT NOT NULL,
  version     TEXT NOT NULL,
  key         TEXT,
  fingerprint TEXT NOT NULL,
  codec       INTEGER NOT NULL,
  seed        TEXT NOT NULL,
  principal   TEXT NOT NULL,
  params      TEXT NOT NULL,
  started_at  INTEGER NOT NULL,
  status      TEXT,
  ended_at    INTEGER
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
CREATE TABLE owner (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  pid INTEGER NOT NULL,
  since INTEGER NOT NULL
) STRICT;
`;

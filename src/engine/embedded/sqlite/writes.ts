/** What is written in batches, as statements by name. */

/** Version of the codec's text, kept with each run. */
const CODEC_VERSION = 1;

const NEW_RUN = `INSERT INTO run
  (id, uid, kind, command, version, key, fingerprint, codec, seed, principal, params, started_at, standing, owner, queue, queue_key, priority)
  VALUES (?, ?, 'command', ?, ?, ?, ?, ${CODEC_VERSION}, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const RECORD_COLUMNS = 'run, seq, kind, at, step, label, status, effect, started_at, body, body_digest, hash';
const AT_REST = "standing = 'running', due = NULL, waits = '[]'";

export const WRITES = {
  fence: 'SELECT 1 FROM process WHERE id = ?',
  beat: 'UPDATE process SET beat = beat + 1 WHERE id = ?',
  addRun: NEW_RUN,
  addKeyedRun: `${NEW_RUN} ON CONFLICT (tenant, command, key) WHERE key IS NOT NULL DO NOTHING`,
  addRecord: `INSERT INTO record (${RECORD_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  /** Of a run that may have yielded to another with its key. */
  addFirstRecord: `INSERT INTO record (${RECORD_COLUMNS}) SELECT id, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM run WHERE id = ?`,
  endRun: `UPDATE run SET status = ?, ended_at = ?, successor = ?, owner = NULL, ${AT_REST} WHERE id = ?`,
  reopenRun: `UPDATE run SET status = NULL, ended_at = NULL, owner = ?, ${AT_REST} WHERE id = ? AND status IS NOT NULL`,
  putAside: 'UPDATE run SET owner = NULL, standing = ?, due = ?, waits = ? WHERE id = ? AND status IS NULL',
  publish: 'UPDATE run SET published = ? WHERE id = ?',
  post: `INSERT INTO mail (run, kind, name, token, body, at) SELECT id, ?, ?, ?, ?, ? FROM run WHERE uid = ? AND status IS NULL
    ON CONFLICT (run, kind, name, token) DO NOTHING`,
  dropMail: 'DELETE FROM mail WHERE id = ?',
  /** What came for a run that has ended is for the one that goes on with it. */
  passMailOn: "UPDATE OR IGNORE mail SET run = (SELECT id FROM run WHERE uid = ?) WHERE run = ? AND kind <> 'child-ended'",
  dropMailOfRun: 'DELETE FROM mail WHERE run = ?',
  dropRecords: 'DELETE FROM record WHERE run = ? AND seq BETWEEN ? AND ?',
  dropBridges: 'DELETE FROM bridge WHERE run = ? AND from_seq >= ? AND to_seq <= ?',
  addBridge: 'INSERT INTO bridge (run, from_seq, to_seq, hash) VALUES (?, ?, ?, ?)',
  eraseRun: `UPDATE run SET params = 'null', principal = 'null', published = NULL, params_digest = ?, principal_digest = ?
    WHERE id = ? AND status IS NOT NULL AND params_digest IS NULL`,
  eraseRecords: 'UPDATE record SET body = NULL WHERE run = ? AND body IS NOT NULL',
  removeRecords: 'DELETE FROM record WHERE run = ?',
  removeBridges: 'DELETE FROM bridge WHERE run = ?',
  removeRun: 'DELETE FROM run WHERE id = ?',
} as const;

export type WriteName = keyof typeof WRITES;

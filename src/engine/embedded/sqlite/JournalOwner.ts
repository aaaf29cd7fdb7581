/**
 * The right to write to a journal of format 1: one process has it at a time. It is a lock of the operating system on a file
 * beside the journal, so it ends with the process, however that ends. Taken here only while such a journal is migrated.
 */
import { DatabaseSync } from 'node:sqlite';
import { TransientError } from '../../../kernel/errors.js';
import { describe, SQLITE, sqliteCode } from './sqliteErrors.js';

/** How long another process may take to migrate the same journal. */
const WAIT_MS = 2000;

export class JournalOwner {
  private constructor(private readonly lock: DatabaseSync) {}

  /** @throws TransientError `JOURNAL_IN_USE` naming the process that has it. */
  static claim(journalFile: string, ownerPid: () => number): JournalOwner {
    const file = `${journalFile}-owner`;
    let lock: DatabaseSync | undefined;
    try {
      lock = new DatabaseSync(file, { timeout: WAIT_MS });
      lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
      return new JournalOwner(lock);
    } catch (error) {
      lock?.close();
      if (sqliteCode(error) !== SQLITE.BUSY) throw describe(error, file);
      throw new TransientError(
        'JOURNAL_IN_USE',
        `${journalFile} is in use by process ${ownerPid()}, which has an older version of Sixfold. Wait for it to end, or name another file.`,
        { cause: error, details: { file: journalFile, pid: ownerPid() } },
      );
    }
  }

  /** The file stays: were it removed, somebody could hold a lock on it that the next one does not see. */
  release(): void {
    this.lock.close();
  }
}

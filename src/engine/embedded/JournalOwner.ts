/**
 * The right to write to a journal file: one process has it at a time. It is a lock of the operating system on a file
 * beside the journal, so it ends with the process, however that ends.
 */
import { DatabaseSync } from 'node:sqlite';
import { TransientError } from '../../kernel/errors.js';
import { describe, SQLITE, sqliteCode } from './openDatabase.js';

export class JournalOwner {
  private constructor(private readonly lock: DatabaseSync) {}

  /** @throws TransientError `JOURNAL_IN_USE` naming the process that has it. */
  static claim(journalFile: string, ownerPid: () => number | undefined): JournalOwner {
    const file = `${journalFile}-owner`;
    let lock: DatabaseSync | undefined;
    try {
      lock = new DatabaseSync(file, { timeout: 0 });
      lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE;');
      return new JournalOwner(lock);
    } catch (error) {
      lock?.close();
      if (sqliteCode(error) !== SQLITE.BUSY) throw describe(error, file);
      throw new TransientError(
        'JOURNAL_IN_USE',
        `${journalFile} is in use by process ${ownerPid() ?? 'unknown'}. Wait for it to end, or name another file.`,
        { cause: error, details: { file: journalFile, pid: ownerPid() } },
      );
    }
  }

  /** The file stays: were it removed, somebody could hold a lock on it that the next one does not see. */
  release(): void {
    this.lock.close();
  }
}

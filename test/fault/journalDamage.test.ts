/** Journal files that are not what they should be, or cannot grow: one clear error each, and nothing overwritten. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteJournal } from '../../src/engine/embedded/SqliteJournal.js';
import { verifyChain } from '../../src/engine/run/chain.js';
import { RunLog } from '../../src/engine/run/RunLog.js';
import { journalFolder, silent } from '../support/engineHarness.js';
import { bundledProbe, JournalProcess } from '../support/JournalProcess.js';
import { addRun, addStep, endRun, openJournal, rowOf } from '../support/journals.js';

const folder = journalFolder();
const program = bundledProbe();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);

/** A journal of one run that has ended, closed. */
async function written(): Promise<{ file: string; id: string }> {
  const file = newFile();
  const journal = openJournal(file);
  const begun = addRun(journal);
  for (let n = 0; n < 40; n += 1) addStep(begun, `s${n}`, `"${'x'.repeat(500)}"`);
  endRun(journal, begun);
  await journal.close();
  return { file, id: begun.run.id };
}

/** Opens the file for writing and for reading; both are to be refused alike, and to leave it as it is. */
function refusal(file: string): unknown {
  const before = readFileSync(file);
  const errors = [false, true].map((readOnly) => {
    try {
      const journal = new SqliteJournal({ file, readOnly, fsync: false }, silent);
      return journal.close().then(() => undefined);
    } catch (error) {
      return error;
    }
  });
  expect(readFileSync(file).equals(before)).toBe(true);
  expect(statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
  expect(existsSync(`${file}-owner`)).toBe(false);
  expect(errors[0]).toMatchObject({ code: (errors[1] as { code: string }).code });
  return errors[0];
}

async function historyOf(file: string, id: string) {
  const journal = new SqliteJournal({ file, readOnly: true, fsync: false }, silent);
  try {
    const row = rowOf(journal, { id });
    const { params, ...run } = row;
    const records = journal.records(row);
    verifyChain(row, records, journal.bridges(row));
    return { run, params: params.text, records };
  } finally {
    await journal.close();
  }
}

describe('a journal file', () => {
  it('that is no database is refused and left as it was', () => {
    const file = newFile();
    writeFileSync(file, 'not a database, but long enough to look at: '.repeat(100));
    expect(refusal(file)).toMatchObject({ code: 'JOURNAL_FOREIGN', message: expect.stringContaining(file) });
  });

  it('that is the database of another program is refused and left as it was', () => {
    const file = newFile();
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE customer (id INTEGER)');
    other.close();
    expect(refusal(file)).toMatchObject({ code: 'JOURNAL_FOREIGN' });
  });

  it('of a newer format is refused with both versions', async () => {
    const { file } = await written();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(refusal(file)).toMatchObject({
      code: 'JOURNAL_TOO_NEW',
      message: expect.stringContaining('has journal format 99; this version of Sixfold reads up to 2'),
    });
  });

  it('that was cut short is refused as damaged', async () => {
    const { file } = await written();
    truncateSync(file, 3 * 4096);
    expect(refusal(file)).toMatchObject({ code: 'JOURNAL_CORRUPT' });
  });

  it('with a flipped byte anywhere is read as it was written, or not at all', async () => {
    const { file, id } = await written();
    const whole = await historyOf(file, id);
    const bytes = readFileSync(file);
    const refusals: string[] = [];
    for (let at = 100; at < bytes.length; at += 211) {
      const damaged = newFile();
      writeFileSync(damaged, bytes.with(at, (bytes[at] ?? 0) ^ 0x15));
      const found = await historyOf(damaged, id).catch((error: { code?: string; message: string }) => error.code ?? error.message);
      if (typeof found === 'string') refusals.push(found);
      else expect(found).toEqual(whole);
    }
    expect(refusals.length).toBeGreaterThan(50);
    const known = ['JOURNAL_ALTERED', 'JOURNAL_CORRUPT', 'JOURNAL_FOREIGN', 'RECORD_UNKNOWN', `The journal has no run ${id}.`];
    expect(refusals.filter((code) => !known.includes(code))).toEqual([]);
  });

  it.each([
    ['a body', "UPDATE record SET body = replace(body, 'x', 'y') WHERE seq = 7", 'record 7'],
    ['a body and its digest', 'UPDATE record SET body = NULL, body_digest = NULL WHERE seq = 7', 'record 7'],
    ['a time', 'UPDATE record SET at = at + 1 WHERE seq = 9', 'record 9'],
    ['the params', `UPDATE run SET params = '{"n":2}'`, 'record 1'],
    ['the end', 'UPDATE run SET status = NULL, ended_at = NULL', 'records are missing'],
    ['a record less', 'DELETE FROM record WHERE seq = 7', 'record 8'],
    ['a bridge that nobody made', "DELETE FROM record WHERE seq = 7; INSERT INTO bridge SELECT id, 7, 7, 'made up' FROM run", 'record 8'],
  ])('with an altered row is noticed when the run is read: %s', async (_what, sql, named) => {
    const { file, id } = await written();
    const database = new DatabaseSync(file);
    database.exec(sql);
    database.close();
    await expect(historyOf(file, id)).rejects.toMatchObject({ code: 'JOURNAL_ALTERED', message: expect.stringContaining(named) });
    const journal = openJournal(file);
    expect(() => RunLog.read(journal, rowOf(journal, { id }))).toThrow(expect.objectContaining({ code: 'JOURNAL_ALTERED' }));
    await journal.close();
  });

  it('with a kind of record that nobody knows is refused when the run is read', async () => {
    const { file, id } = await written();
    const database = new DatabaseSync(file);
    database.exec("UPDATE record SET kind = 'dreamt' WHERE seq = 7");
    database.close();
    await expect(historyOf(file, id)).rejects.toMatchObject({ code: 'RECORD_UNKNOWN' });
  });

  it('locked by another program is refused after a short wait', async () => {
    const { file } = await written();
    const script = `const{DatabaseSync}=require('node:sqlite');const d=new DatabaseSync(process.argv[1]);d.exec('BEGIN EXCLUSIVE');console.log('locked');setInterval(()=>{},1e3)`;
    const locker = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(locker.stdout, 'data');
      expect(() => openJournal(file)).toThrow(expect.objectContaining({ code: 'JOURNAL_LOCKED' }));
    } finally {
      locker.kill('SIGKILL');
      await once(locker, 'exit');
    }
    await openJournal(file).close();
  });

  it('in a folder that does not exist is refused with what to check', () => {
    expect(() => openJournal(join(folder, 'nowhere', 'j.db'))).toThrow(/cannot be opened: check that its folder exists and is writable/);
  });

  it('that is missing cannot be opened for reading', () => {
    expect(() => openJournal(join(folder, 'missing.db'), { readOnly: true })).toThrow(
      expect.objectContaining({ code: 'JOURNAL_NOT_FOUND' }),
    );
  });

  it('can be read while another process writes to it', async () => {
    const { file, id } = await written();
    const journal = openJournal(file);
    expect((await historyOf(file, id)).run).toMatchObject({ status: 'completed' });
    await journal.close();
  });
});

describe('a journal that may not be written', () => {
  /** Root may write everything, so that the process is somebody else's then. */
  const uid = process.getuid?.() === 0 ? 65_534 : undefined;

  async function opened(file: string): Promise<unknown> {
    const opening = JournalProcess.start(program, file, uid === undefined ? {} : { uid });
    return opening.then((other) => other.kill()).catch((error: unknown) => error);
  }

  const closed: string[] = [];

  async function inFolder(fileMode: number, folderMode: number): Promise<string> {
    const own = join(folder, `locked-${files++}`);
    mkdirSync(own);
    const { file } = await written();
    const copy = join(own, 'j.db');
    copyFileSync(file, copy);
    chmodSync(copy, fileMode);
    chmodSync(own, folderMode);
    closed.push(own);
    return copy;
  }

  beforeAll(() => chmodSync(folder, 0o755));
  afterAll(() => {
    for (const own of closed) chmodSync(own, 0o755); // Else only root could remove them.
  });

  it.each([
    ['the file is read-only', 0o444, 0o777],
    ['its folder is read-only', 0o444, 0o555],
  ])('is refused and left as it was: %s', async (_why, fileMode, folderMode) => {
    const file = await inFolder(fileMode, folderMode);
    const before = readFileSync(file);
    expect(await opened(file)).toMatchObject({ code: 'JOURNAL_NOT_WRITABLE', message: expect.stringContaining(file) });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('is refused when it would have to be made there', async () => {
    const own = join(folder, `closed-${files++}`);
    mkdirSync(own, { mode: 0o555 });
    expect(await opened(join(own, 'j.db'))).toMatchObject({ code: 'JOURNAL_NOT_WRITABLE' });
  });
});

describe('a disk that is full', () => {
  /** A file system of its own where this process may mount one, else a limit that SQLite keeps to. */
  function smallDisk(): { file: string; grow(journal: SqliteJournal): void; limit(journal: SqliteJournal): void; remove(): void } {
    const place = join(folder, `disk-${files++}`);
    mkdirSync(place);
    const databaseOf = (journal: SqliteJournal): DatabaseSync => Reflect.get(journal, 'database') as DatabaseSync;
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', place], { stdio: 'ignore' });
    } catch {
      console.log('No file system can be mounted here: the disk that is full is a limit of SQLite.');
      return {
        file: join(place, 'j.db'),
        limit: (journal) => databaseOf(journal).exec(`PRAGMA max_page_count = ${statSync(join(place, 'j.db')).size / 4096 + 40}`),
        grow: (journal) => databaseOf(journal).exec('PRAGMA max_page_count = 100000'),
        remove: () => undefined,
      };
    }
    return {
      file: join(place, 'j.db'),
      limit: () => undefined,
      grow: () => void execFileSync('mount', ['-o', 'remount,size=8m', place]),
      remove: () => void execFileSync('umount', [place]),
    };
  }

  it('holds runs up, answers nobody, and lets them go on when there is room again', async () => {
    const disk = smallDisk();
    const warnings: string[] = [];
    const logger = { ...silent, warn: (message: string) => void warnings.push(message) };
    const journal = new SqliteJournal({ file: disk.file, readOnly: false, fsync: true, writes: 'inline' }, logger);
    try {
      disk.limit(journal);
      const begun = addRun(journal);
      await journal.committed();
      let acknowledged = 0;
      const writing = (async () => {
        for (let n = 1; n <= 200; n += 1) {
          addStep(begun, `s${n}`, `"${'x'.repeat(4000)}"`);
          await journal.committed();
          acknowledged = n;
        }
      })();
      while (warnings.length < 3) await new Promise((resolve) => setImmediate(resolve));
      expect(warnings.at(-1)).toMatch(/cannot be written \(.*database or disk is full\); trying again in \d+ ms/);
      expect(acknowledged).toBeLessThan(200);
      expect(journal.records(begun.run)).toHaveLength(acknowledged + 1);
      disk.grow(journal);
      await writing;
      const row = rowOf(journal, begun.run);
      const records = journal.records(row);
      verifyChain(row, records, journal.bridges(row));
      expect(records).toHaveLength(201);
    } finally {
      await journal.close();
      disk.remove();
    }
  });
});

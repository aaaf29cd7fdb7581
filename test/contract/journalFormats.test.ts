/** Files of format 1: read as they are, migrated when they are written to. */
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteJournal } from '../../src/engine/embedded/SqliteJournal.js';
import { JournalOwner } from '../../src/engine/embedded/sqlite/JournalOwner.js';
import { verifyChain } from '../../src/engine/run/chain.js';
import { RunLog } from '../../src/engine/run/RunLog.js';
import { journalFolder, silent } from '../support/engineHarness.js';
import { bundledProbe, JournalProcess } from '../support/JournalProcess.js';
import { addRun, endRun, openJournal, rowOf } from '../support/journals.js';

const folder = journalFolder();
const program = bundledProbe();
let files = 0;

function oldFile(): string {
  const file = join(folder, `${files++}.db`);
  copyFileSync(join(__dirname, '../fixtures/journals/0.1.0.db'), file);
  return file;
}

function everythingIn(journal: SqliteJournal) {
  return journal.latestRuns(9).map((row) => {
    const records = journal.records(row);
    verifyChain(row, records, journal.bridges(row));
    const { params, ...run } = row;
    return { run: { ...run, owner: 'whoever reads it' }, params: params.text, records };
  });
}

async function read(file: string) {
  const journal = new SqliteJournal({ file, readOnly: true, fsync: false }, silent);
  try {
    return everythingIn(journal);
  } finally {
    await journal.close();
  }
}

function schemaOf(file: string): unknown {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    const named = database.prepare("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name").all();
    return named.map(({ type, name, sql }) => ({
      name,
      columns: type === 'table' ? database.prepare(`PRAGMA table_xinfo(${String(name)})`).all() : sql,
    }));
  } finally {
    database.close();
  }
}

describe('a journal of format 1', () => {
  it('can be read as it is, and is not changed by that', async () => {
    const file = oldFile();
    const before = readFileSync(file);
    const runs = await read(file);
    expect(runs.map(({ run: { key, status, standing, place, erased } }) => ({ key, status, standing, place, erased }))).toEqual(
      (['k2', 'k3', 'k1'] as const).map((key) => ({
        key,
        status: { k1: 'completed', k2: null, k3: 'failed' }[key],
        standing: 'running',
        place: null,
        erased: null,
      })),
    );
    expect(readFileSync(file).equals(before)).toBe(true);
    const journal = new SqliteJournal({ file, readOnly: true, fsync: false }, silent);
    expect(journal.isOwned(rowOf(journal, { id: runs[0]?.run.id ?? '' }))).toBe(false); // The process that had it is gone.
    expect(journal.mail()).toEqual([]);
    await journal.close();
  });

  it('keeps everything when it is migrated, and has the tables of a new one', async () => {
    const file = oldFile();
    const before = await read(file);
    await openJournal(file).close();
    expect(await read(file)).toEqual(before);
    const fresh = join(folder, 'fresh.db');
    await openJournal(fresh).close();
    expect(schemaOf(file)).toEqual(schemaOf(fresh));
  });

  it('is gone on with after it was migrated: open runs can be taken, new ones added', async () => {
    const file = oldFile();
    const journal = openJournal(file);
    const [interrupted] = await journal.claim({ abandoned: true, stopped: false }, 9);
    if (!interrupted) throw new Error('the fixture has an open run');
    expect(interrupted).toMatchObject({ key: 'k2' });
    endRun(journal, { run: interrupted, log: RunLog.read(journal, interrupted) });
    const added = addRun(journal, { startedAt: Date.now() * 2 });
    await journal.committed();
    expect(added.run.rowId).toBeGreaterThan(3);
    expect(everythingIn(journal).map(({ run }) => run.status)).toEqual([null, 'completed', 'failed', 'completed']);
    await journal.close();
  });

  it('is refused, and left as it was, while a process of that version uses it', async () => {
    const file = oldFile();
    const before = schemaOf(file);
    const owner = JournalOwner.claim(file, () => 0);
    expect(() => openJournal(file)).toThrow(
      expect.objectContaining({ code: 'JOURNAL_IN_USE', message: expect.stringContaining('process 14429') }),
    );
    expect(schemaOf(file)).toEqual(before);
    owner.release();
    await openJournal(file).close();
  });

  it('is migrated once by processes that open it together', async () => {
    const file = oldFile();
    const before = await read(file);
    const opened = await Promise.all(Array.from({ length: 4 }, () => JournalProcess.start(program, file)));
    for (const one of opened) await one.end();
    expect(await read(file)).toEqual(before);
  });
});

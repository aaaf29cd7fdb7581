/** Journal files that are not what they should be: one clear error each, and nothing overwritten. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ask, begin, type Code, journalFolder, openEngine } from '../../support/engineHarness.js';

const folder = journalFolder();
let files = 0;
const newFile = () => join(folder, `${files++}.db`);
const code: Code = async (run) => {
  for (let n = 0; n < 40; n += 1) await ask(run, 'step', n, () => 'x'.repeat(500));
};

async function journalWithRun(): Promise<{ file: string; id: string }> {
  const file = newFile();
  const engine = await openEngine(file, code);
  const handle = await begin(engine);
  await handle.ended();
  await engine.close();
  return { file, id: handle.id };
}

const opening = (file: string, options = {}) => openEngine(file, code, options).then((engine) => engine.close());

describe('a journal file', () => {
  it('that is no database is refused and left as it was', async () => {
    const file = newFile();
    writeFileSync(file, 'not a database, but long enough to look at: '.repeat(100));
    await expect(opening(file)).rejects.toMatchObject({ code: 'JOURNAL_FOREIGN', message: expect.stringContaining(file) });
    expect(readFileSync(file, 'utf8')).toMatch(/^not a database/);
  });

  it('that is the database of another program is refused and left as it was', async () => {
    const file = newFile();
    const other = new DatabaseSync(file);
    other.exec('CREATE TABLE customer (id INTEGER)');
    other.close();
    await expect(opening(file)).rejects.toMatchObject({ code: 'JOURNAL_FOREIGN' });
    expect(new DatabaseSync(file).prepare('SELECT name FROM sqlite_schema').all()).toHaveLength(1);
  });

  it('of a newer format is refused with both versions', async () => {
    const { file } = await journalWithRun();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(opening(file)).rejects.toThrow(/has journal format 99; this version of Sixfold reads up to 1/);
  });

  it('that was cut short is refused as damaged', async () => {
    const { file } = await journalWithRun();
    truncateSync(file, 3 * 4096);
    await expect(opening(file)).rejects.toMatchObject({ code: 'JOURNAL_CORRUPT' });
  });

  it('with an altered record is noticed when the run is read', async () => {
    const { file, id } = await journalWithRun();
    const database = new DatabaseSync(file);
    database.exec("UPDATE record SET body = replace(body, 'x', 'y') WHERE seq = 7");
    database.close();
    const engine = await openEngine(file, code);
    await expect(engine.history(id)).rejects.toMatchObject({ code: 'JOURNAL_ALTERED', message: expect.stringContaining('record 7') });
    await engine.close();
  });

  it('with a flipped byte anywhere is read as it was written, or not at all', async () => {
    const { file, id } = await journalWithRun();
    const historyOf = async (path: string) => {
      const engine = await openEngine(path, code, { readOnly: true });
      try {
        const { params, ...history } = await engine.history(id);
        return { ...history, params: params.text };
      } finally {
        await engine.close();
      }
    };
    const written = await historyOf(file);
    const bytes = readFileSync(file);
    const refusals: string[] = [];
    for (let at = 100; at < bytes.length; at += 211) {
      const damaged = newFile();
      writeFileSync(damaged, bytes.with(at, (bytes[at] ?? 0) ^ 0x15));
      const outcome = await historyOf(damaged).catch((error: { code: string }) => error.code);
      if (typeof outcome === 'string') refusals.push(outcome);
      else expect(outcome).toEqual(written);
    }
    expect(refusals.length).toBeGreaterThan(50);
    const known = ['JOURNAL_ALTERED', 'JOURNAL_CORRUPT', 'JOURNAL_FOREIGN', 'RECORD_UNKNOWN', 'RUN_NOT_FOUND'];
    expect(refusals.filter((code) => !known.includes(code))).toEqual([]);
  });

  it('in use by another engine is refused, naming the process', async () => {
    const { file } = await journalWithRun();
    const engine = await openEngine(file, code);
    await expect(opening(file)).rejects.toMatchObject({
      code: 'JOURNAL_IN_USE',
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await engine.close();
    await opening(file);
  });

  it('in use can still be read', async () => {
    const { file, id } = await journalWithRun();
    const engine = await openEngine(file, code);
    const reader = await openEngine(file, code, { readOnly: true });
    expect(await reader.list(5)).toMatchObject([{ id, state: 'completed' }]);
    await expect(begin(reader)).rejects.toMatchObject({ code: 'ENGINE_READ_ONLY' });
    await reader.close();
    await engine.close();
  });

  it('locked by another program is refused after a short wait', async () => {
    const { file } = await journalWithRun();
    const script = `const{DatabaseSync}=require('node:sqlite');const d=new DatabaseSync(process.argv[1]);d.exec('BEGIN EXCLUSIVE');console.log('locked');setInterval(()=>{},1e3)`;
    const locker = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(locker.stdout, 'data');
      await expect(opening(file)).rejects.toMatchObject({ code: 'JOURNAL_LOCKED' });
    } finally {
      locker.kill('SIGKILL');
      await once(locker, 'exit');
    }
    await opening(file);
  });

  it('in a folder that does not exist is refused with what to check', async () => {
    await expect(opening(join(folder, 'nowhere', 'j.db'))).rejects.toThrow(
      /cannot be opened: check that its folder exists and is writable/,
    );
  });

  it('that is missing cannot be opened for reading', async () => {
    await expect(opening(join(folder, 'missing.db'), { readOnly: true })).rejects.toMatchObject({ code: 'JOURNAL_NOT_FOUND' });
  });
});

/** Several processes on one journal: who is gone loses its runs, and who was thought to be gone writes nothing more. */
import { once } from 'node:events';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Journal } from '../../src/engine/embedded/Journal.js';
import { SqliteJournal, type SqliteJournalOptions } from '../../src/engine/embedded/SqliteJournal.js';
import { holderIn } from '../../src/engine/embedded/sqlite/writeLockHolder.js';
import { verifyChain } from '../../src/engine/run/chain.js';
import type { Rest } from '../../src/engine/run/RunJournal.js';
import { journalFolder, silent } from '../support/engineHarness.js';
import { bundledProbe, JournalProcess, type ProcessOptions } from '../support/JournalProcess.js';
import { addRun, addStep, openJournal, rowOf } from '../support/journals.js';

jest.setTimeout(20_000);

const folder = journalFolder();
const program = bundledProbe();
let files = 0;
let file: string;
const open: { close(): Promise<unknown> }[] = [];

beforeEach(() => {
  file = join(folder, `${files++}.db`);
});
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function another(options: ProcessOptions = {}): Promise<JournalProcess> {
  const started = await JournalProcess.start(program, file, { pollMs: 20, ...options });
  open.push({ close: () => started.kill() });
  return started;
}

/** A journal of this process, and what it was told. */
function here(options: Partial<SqliteJournalOptions> = {}) {
  const said: string[] = [];
  const logger = { ...silent, warn: (message: string) => void said.push(message) };
  const journal = new SqliteJournal({ file, readOnly: false, fsync: false, pollMs: 20, ...options }, logger);
  open.push(journal);
  let changes = 0;
  let wake: () => void = () => undefined;
  const changed = (): void => {
    changes += 1;
    wake();
  };
  journal.attach({ changed, fenced: () => undefined }, ['walk']);
  /** Resolves when the condition holds, looked at after every change that the journal tells of. */
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let seen = changes; !(await holds()); seen = changes) {
      if (changes > seen) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { journal, said, until, changes: () => changes };
}

const taken = (journal: Journal, id: string) => async () =>
  (await journal.claim({ abandoned: true, stopped: false }, 9)).some((run) => run.id === id);

/** What the file has, whoever wrote it. */
function inFile(sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(sql).all();
  } finally {
    database.close();
  }
}

describe('a process that was killed', () => {
  it('loses its runs at once, however long its lease is, and they can be gone on with', async () => {
    const { journal, until } = here({ leaseMs: 3_600_000 });
    const other = await another({ leaseMs: 3_600_000 });
    const id = await other.call<string>('begin');
    expect(journal.isOwned(rowOf(journal, { id }))).toBe(true);
    expect(await journal.claim({ abandoned: true, stopped: false }, 9)).toEqual([]);
    await other.kill();
    expect(journal.isOwned(rowOf(journal, { id }))).toBe(false);
    await until(taken(journal, id));
    const row = rowOf(journal, { id });
    expect(journal.isOwned(row)).toBe(true);
    verifyChain(row, journal.records(row), journal.bridges(row));
    expect(inFile('SELECT pid FROM process')).toEqual([{ pid: process.pid }]);
  });
});

describe('a process that is held up for longer than its lease', () => {
  const leaseMs = 400;

  it('loses its runs, writes nothing of them when it goes on, and can begin others', async () => {
    const { journal, until } = here({ leaseMs });
    const other = await another({ leaseMs });
    const id = await other.call<string>('begin');
    await other.call('append', 'late');
    process.kill(other.pid, 'SIGSTOP');
    await until(taken(journal, id));
    process.kill(other.pid, 'SIGCONT');
    await expect(other.call('commit')).rejects.toMatchObject({ code: 'LEASE_LOST' });
    await expect(other.call('append', 'later')).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(other.fenced).toBe(true);
    expect(journal.records(rowOf(journal, { id })).map(({ kind }) => kind)).toEqual(['started']);
    const next = await other.call<string>('begin');
    await other.call('append', 'in time');
    await other.call('commit');
    expect(journal.records(rowOf(journal, { id: next })).map(({ kind }) => kind)).toEqual(['started', 'step-ended']);
  });

  it('is not sure of its runs when it goes on, before it has looked whether it still has them', async () => {
    const other = await another({ leaseMs });
    await other.call('begin');
    expect(await other.call('idle')).toBe(true);
    process.kill(other.pid, 'SIGSTOP');
    const database = new DatabaseSync(file);
    database.exec('DELETE FROM process');
    database.close();
    await new Promise((resolve) => setTimeout(resolve, leaseMs)); // The lease is real time, of another process.
    const idle = other.call('idle');
    const committed = other.call('commit');
    process.kill(other.pid, 'SIGCONT');
    expect(await idle).toBe(false);
    await expect(committed).rejects.toMatchObject({ code: 'LEASE_LOST' });
  });

  it('is answered only when it is sure of its runs, however long the commit was held up', async () => {
    const { journal } = here({ leaseMs: 200 });
    const other = await another({ leaseMs: 60_000 });
    const begun = addRun(journal);
    await journal.committed();
    await other.call('holdLock', 150); // Less than SQLite waits for a lock, more than half of the lease.
    addStep(begun, 'one');
    await journal.committed();
    expect(journal.sure).toBe(true);
  });

  it('keeps its runs while it is busy but gives signs of life', async () => {
    const { journal } = here({ leaseMs });
    const other = await another({ leaseMs });
    const id = await other.call<string>('begin');
    const beat = () => Number(inFile(`SELECT beat FROM process WHERE pid = ${other.pid}`)[0]?.beat);
    for (const before = beat(); beat() < before + 10; ) await journal.claim({ abandoned: true, stopped: true }, 9);
    expect(journal.isOwned(rowOf(journal, { id }))).toBe(true);
    expect(other.fenced).toBe(false);
  });
});

describe('a process that is stopped while it holds the write lock', () => {
  const leaseMs = 300;

  async function stoppedInCommit(options: Partial<SqliteJournalOptions> = {}) {
    const own = here({ leaseMs, ...options });
    const begun = addRun(own.journal);
    await own.journal.committed();
    const other = await another({ leaseMs: 60_000 });
    const id = await other.call<string>('begin');
    await other.call('holdLock');
    process.kill(other.pid, 'SIGSTOP');
    addStep(begun, 'one');
    return { ...own, other, id, begun };
  }

  it('is named, with what to do about it, and the commit goes through once it is gone', async () => {
    if (process.platform !== 'linux') return console.log('left out: only Linux tells who holds a lock');
    const { journal, said, other, begun } = await stoppedInCommit();
    const committed = journal.committed();
    while (!said.some((text) => text.includes('holds the lock'))) await new Promise((resolve) => setImmediate(resolve));
    expect(said.at(-1)).toMatch(
      new RegExp(`Process ${other.pid} holds the lock and is stopped: .*kill -CONT ${other.pid}.*kill -9 ${other.pid}`),
    );
    await other.kill();
    await committed;
    expect(journal.records(begun.run)).toHaveLength(2);
  });

  it('is ended where that is asked for, and its runs are taken over', async () => {
    if (process.platform !== 'linux') return console.log('left out: only Linux tells who holds a lock');
    const { journal, said, until, other, id } = await stoppedInCommit({ endStopped: true });
    const exited = once(other.child, 'exit');
    await journal.committed();
    expect(await exited).toEqual([null, 'SIGKILL']);
    expect(said.at(-1)).toContain(`Process ${other.pid} holds the lock and was stopped for longer than its lease; it was ended.`);
    await until(taken(journal, id));
  });

  it('is found in the list of locks by the file and the byte of the lock alone', () => {
    const locks = [
      '1: POSIX  ADVISORY  READ 11 fe:00:77 120 120',
      '2: POSIX  ADVISORY  WRITE 12 fe:00:77 121 121',
      '3: POSIX  ADVISORY  WRITE 13 fe:00:78 120 120',
      '3: -> POSIX  ADVISORY  WRITE 14 fe:00:77 120 120',
      '4: FLOCK  ADVISORY  WRITE 15 fe:00:77 0 EOF',
      '5: POSIX  ADVISORY  WRITE 16 fe:00:77 120 120',
    ].join('\n');
    expect(holderIn(locks, 77)).toBe(16);
    expect(holderIn(locks, 79)).toBeUndefined();
  });
});

describe('closing a journal', () => {
  it('gives up after its bound while another program holds the lock, and says what is lost', async () => {
    const journal = openJournal(file, { closeMs: 300 });
    const begun = addRun(journal);
    await journal.committed();
    const locker = new DatabaseSync(file);
    locker.exec('BEGIN IMMEDIATE');
    addStep(begun, 'lost');
    const answered = journal.committed().catch((error: unknown) => error);
    await expect(journal.close()).rejects.toMatchObject({ code: 'JOURNAL_UNWRITTEN' });
    expect(await answered).toMatchObject({ code: 'JOURNAL_UNWRITTEN' });
    locker.close();
    expect(inFile('SELECT kind FROM record')).toEqual([{ kind: 'started' }]);
  });

  it('hands back the runs that it still has', async () => {
    const first = openJournal(file);
    const { run } = addRun(first);
    await first.close();
    const { journal } = here();
    expect((await journal.claim({ abandoned: true, stopped: false }, 9)).map(({ id }) => id)).toEqual([run.id]);
  });
});

describe('two processes', () => {
  it('that claim at the same time share the runs: each is taken once', async () => {
    const { journal } = here();
    const other = await another();
    const WAITING: Rest = { standing: 'waiting', due: 5, waits: [] };
    const added = Array.from({ length: 400 }, () => addRun(journal).run);
    for (const run of added) journal.putAside(run, WAITING);
    await journal.committed();
    const claims = { mine: [] as string[], theirs: [] as string[] };
    const mine = async () => {
      for (let rows = await journal.claim({ dueBy: 9 }, 3); rows.length > 0; rows = await journal.claim({ dueBy: 9 }, 3)) {
        claims.mine.push(...rows.map(({ id }) => id));
      }
    };
    const theirs = async () => {
      for (let ids = ['']; ids.length > 0; claims.theirs.push(...ids)) ids = await other.call<string[]>('claim', { dueBy: 9 }, 3);
    };
    await Promise.all([theirs(), mine()]);
    expect(claims.mine.length).toBeGreaterThan(0);
    expect(claims.theirs.length).toBeGreaterThan(0);
    expect([...claims.mine, ...claims.theirs].toSorted()).toEqual(added.map(({ id }) => id).toSorted());
  });

  it('give their runs numbers that differ, and list them in the order they were started', async () => {
    const { journal } = here();
    const second = openJournal(file);
    open.push(second);
    for (let at = 1; at <= 6; at += 1) {
      const turn = at % 2 ? journal : second;
      addRun(turn, { id: `t${at}`, startedAt: at });
      await turn.committed();
    }
    expect(journal.latestRuns(4).map(({ id }) => id)).toEqual(['t6', 't5', 't4', 't3']);
    expect(new Set(journal.latestRuns(9).map(({ rowId }) => rowId)).size).toBe(6);
  });

  it('tell each other of mail', async () => {
    const { journal, until, changes } = here();
    const second = openJournal(file);
    open.push(second);
    const { run } = addRun(journal);
    await journal.committed();
    const before = changes();
    second.post({ run: run.id, kind: 'cancel', name: '', token: 'c', body: 'enough', at: 1 });
    await second.committed();
    await until(() => changes() > before);
    expect(journal.mail()).toMatchObject([{ kind: 'cancel', body: 'enough' }]);
    expect(second.mail()).toEqual([]);
  });

  it('make one new file together', async () => {
    const opened = await Promise.all(Array.from({ length: 6 }, () => another()));
    for (const one of opened) await one.call('begin');
    expect(inFile('SELECT count(*) AS n FROM run')).toEqual([{ n: 6 }]);
  });
});

/** A loss of power cuts the log of a journal off anywhere: what is left is exactly what had been committed by then. */
import { copyFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteJournal } from '../../src/engine/embedded/SqliteJournal.js';
import { verifyChain } from '../../src/engine/run/chain.js';
import { digest } from '../../src/kernel/digest.js';
import { SeededChance } from '../../src/kernel/SeededChance.js';
import { journalFolder, silent } from '../support/engineHarness.js';
import { addRun, addStep, type Begun, endRun, openJournal } from '../support/journals.js';

const WAL_HEADER = 32;
const FRAME = 24 + 4096;
/** Far below where SQLite begins to copy the log into the file, after which a cut would be no cut of the log alone. */
const FRAMES = { min: 720, max: 980 };
const EVERYTHING = [
  'SELECT uid, status, standing, due, waits, owner, successor, published, queue FROM run ORDER BY id',
  'SELECT run, seq, hash, body FROM record ORDER BY run, seq',
  'SELECT run, kind, name, token FROM mail ORDER BY id',
  'SELECT run, from_seq, to_seq, hash FROM bridge ORDER BY run, from_seq',
  'SELECT name, turn, arrival_at FROM queue',
];

const folder = journalFolder();
const SEED = Number(process.env.SIXFOLD_SEED ?? Date.now() % 1_000_000);
jest.setTimeout(120_000);

function contentsOf(database: DatabaseSync): string {
  return digest(EVERYTHING.map((sql) => JSON.stringify(database.prepare(sql).all())).join());
}

interface State {
  /** Size of the log that has it all. */
  readonly bytes: number;
  readonly contents: string;
}

/** Everything that changes rows, in many small commits; gives what the file held after each. */
async function workload(file: string): Promise<readonly State[]> {
  const chance = new SeededChance(`power ${SEED}`);
  const journal = openJournal(file, { writes: 'inline', leaseMs: 3_600_000 });
  const reader = new DatabaseSync(file, { readOnly: true });
  const sizeNow = (): number => statSync(`${file}-wal`).size;
  const states: State[] = [{ bytes: sizeNow(), contents: contentsOf(reader) }];
  const open: Begun[] = [];
  const note = (): void => void states.push({ bytes: sizeNow(), contents: contentsOf(reader) });
  while (sizeNow() < WAL_HEADER + FRAMES.min * FRAME) {
    for (let changes = 1 + Math.floor(chance.random() * 4); changes > 0; changes -= 1) change(journal, open, chance.random());
    await journal.committed();
    note();
    if (chance.random() < 0.1) await journal.claim({ abandoned: true, stopped: true }, 2);
    note();
    if (chance.random() < 0.1) await journal.admit({ name: 'q', concurrency: 9, rate: { count: 5, perMs: 10 } }, states.length, 1);
    note();
  }
  expect(sizeNow()).toBeLessThan(WAL_HEADER + FRAMES.max * FRAME);
  copyFileSync(file, `${file}.kept`);
  copyFileSync(`${file}-wal`, `${file}.kept-wal`);
  reader.close();
  await journal.close();
  return states;
}

function change(journal: SqliteJournal, open: Begun[], chance: number): void {
  const begun = open[Math.floor(chance * 997) % open.length];
  if (!begun || chance < 0.15) open.push(addRun(journal));
  else if (chance < 0.2) addRun(journal, { place: { queue: 'q', key: `k${chance}`, priority: 0 } });
  else if (chance < 0.3) journal.publish(begun.run, `"${chance}"`);
  else if (chance < 0.4) journal.post({ run: begun.run.id, kind: 'signal', name: 'go', token: `t${chance}`, body: null, at: 1 });
  else if (chance < 0.9) addStep(begun, `s${chance}`, `"${'x'.repeat(chance * 900)}"`);
  else {
    open.splice(open.indexOf(begun), 1);
    if (chance < 0.95) endRun(journal, begun);
    else journal.putAside(begun.run, { standing: 'waiting', due: 7, waits: [{ what: 'timer', name: '', until: 7 }] });
  }
}

/** At the boundary of every frame, 7 bytes after it, and in the middle of it. */
function cutsOf(size: number): number[] {
  const boundaries = Array.from({ length: Math.floor((size - WAL_HEADER) / FRAME) + 1 }, (_none, frame) => WAL_HEADER + frame * FRAME);
  return boundaries.flatMap((at) => [at, at + 7, at + FRAME / 2]).filter((at) => at <= size);
}

/** Opens what a cut left, reads every run of it and checks its chain. */
async function readAll(file: string): Promise<number> {
  const journal = new SqliteJournal({ file, readOnly: true, fsync: false }, silent);
  const runs = journal.latestRuns(10_000);
  for (const run of runs) verifyChain(run, journal.records(run), journal.bridges(run));
  await journal.close();
  return runs.length;
}

describe('a journal whose log was cut off', () => {
  it('holds whole commits in order, every one that was complete, with unbroken chains', async () => {
    console.log(`power loss: SIXFOLD_SEED=${SEED}`);
    const file = join(folder, 'whole.db');
    const states = await workload(file);
    const cut = join(folder, 'cut.db');
    copyFileSync(`${file}.kept`, cut);
    copyFileSync(`${file}.kept-wal`, `${cut}-wal`);
    const { size } = statSync(`${cut}-wal`);
    let cuts = 0;
    let before = '';
    // From the end, so that one file is cut shorter and shorter: reading it changes nothing.
    for (const bytes of cutsOf(size).toReversed()) {
      if (bytes < (states[0]?.bytes ?? 0)) break; // Before that the file was being made.
      truncateSync(`${cut}-wal`, bytes);
      rmSync(`${cut}-shm`, { force: true });
      const database = new DatabaseSync(cut, { readOnly: true });
      const contents = contentsOf(database);
      database.close();
      expect({ bytes, contents }).toEqual({ bytes, contents: states.findLast((state) => state.bytes <= bytes)?.contents });
      if (contents !== before) await readAll(cut);
      before = contents;
      cuts += 1;
    }
    const commits = new Set(states.map(({ contents }) => contents)).size - 1;
    console.log(`${cuts} cuts of ${commits} commits`);
    expect(cuts).toBeGreaterThanOrEqual(2000);
    expect(commits).toBeGreaterThan(80);
  });

  it('can be written to again', async () => {
    const cut = join(folder, 'cut.db');
    copyFileSync(join(folder, 'whole.db.kept-wal'), `${cut}-wal`);
    truncateSync(`${cut}-wal`, WAL_HEADER + 400 * FRAME + 7);
    rmSync(`${cut}-shm`, { force: true });
    const journal = openJournal(cut);
    const begun = addRun(journal);
    endRun(journal, begun);
    await journal.close();
    expect(await readAll(cut)).toBeGreaterThan(1);
  });
});

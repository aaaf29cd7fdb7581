/** A disk without room: runs wait, and go on when there is some again. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { Logger } from '../../src/index.js';
import { commandOf, open } from '../support/application.js';
import { watchJournals } from '../support/crashPoints.js';
import { journalFolder, silent } from '../support/engineHarness.js';

jest.setTimeout(60_000);

const folder = journalFolder();
const STEPS = 40;
/** Of the output of each step, so that the journal is larger than the room there is. */
const OUTPUT_CHARACTERS = 16_384;
const ROOM_BYTES = 2 ** 20;

/** A disk that is full when it says so. */
interface Disk extends Disposable {
  readonly journal: string;
  makeRoom(): void;
}

/** A small file system of its own, most of which another file takes. */
function smallFileSystem(name: string): Disk | string {
  const place = join(folder, name);
  mkdirSync(place);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', place], { encoding: 'utf8' });
  if (mounted.status !== 0) return `none can be mounted here, ${mounted.error?.message ?? mounted.stderr.trim()}`;
  const other = join(place, 'other');
  writeFileSync(other, Buffer.alloc(16 * 2 ** 20 - ROOM_BYTES));
  return {
    journal: join(place, 'journal.db'),
    makeRoom: () => rmSync(other),
    [Symbol.dispose]: () => void spawnSync('umount', [place]),
  };
}

/** A database that may not grow, which is what SQLite makes of a full disk. */
function boundedDatabase(name: string): Disk {
  const journal = join(folder, `${name}.db`);
  const bounded = new Set<DatabaseSync>();
  const stop = watchJournals((database) => {
    if (database.location() === journal && !bounded.has(database)) {
      bounded.add(database);
      database.exec('PRAGMA max_page_count = 64');
    }
    return undefined;
  });
  return {
    journal,
    makeRoom: () => {
      for (const database of bounded) database.exec('PRAGMA max_page_count = 1000000');
    },
    [Symbol.dispose]: stop,
  };
}

interface Told extends Logger {
  readonly warnings: string[];
  /** Resolves at the next warning that says so. */
  says(text: string): Promise<void>;
}

function listening(): Told {
  const warnings: string[] = [];
  let wake: () => void = () => undefined;
  return {
    ...silent,
    warnings,
    warn: (message: string) => {
      warnings.push(message);
      wake();
    },
    says: async (text) => {
      while (!warnings.some((warning) => warning.includes(text))) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

/** Fills the disk in the middle of a run, makes room, and sees what came of it. */
async function fillAndMakeRoom(disk: Disk) {
  const done: string[] = [];
  const hoarding = commandOf(
    async (ctx) => {
      let characters = 0;
      for (let n = 0; n < STEPS; n += 1) {
        const kept = await ctx.step(`keep ${n}`, async ({ key }) => {
          done.push(key);
          return String(n % 10).repeat(OUTPUT_CHARACTERS);
        });
        characters += kept.length;
      }
      return characters;
    },
    { name: 'hoarding' },
  );
  const logger = listening();
  await using runner = await open([hoarding], { logger, engine: { file: disk.journal } });
  const run = await runner.start(hoarding, {});
  const result = run.result();
  await logger.says('cannot be written');
  const doneWhenFull = done.length;
  disk.makeRoom();
  return { result: await result, done, doneWhenFull, state: (await runner.history(run.id)).state };
}

function expectWhole({ result, done, doneWhenFull, state }: Awaited<ReturnType<typeof fillAndMakeRoom>>): void {
  expect({ result, state }).toEqual({ result: STEPS * OUTPUT_CHARACTERS, state: 'completed' });
  expect(doneWhenFull).toBeLessThan(STEPS);
  expect(done).toHaveLength(STEPS);
  expect(new Set(done).size).toBe(STEPS);
}

describe('a disk that is full in the middle of a run', () => {
  const disk = smallFileSystem('small');
  if (typeof disk === 'string') {
    console.log(`A full file system is not tried: ${disk}.`);
    it.skip('holds the run up until there is room on a file system, and nothing is done twice', () => undefined);
  } else {
    afterAll(() => disk[Symbol.dispose]());
    it('holds the run up until there is room on a file system, and nothing is done twice', async () => {
      expectWhole(await fillAndMakeRoom(disk));
    });
  }

  it('holds the run up until the database may grow, and nothing is done twice', async () => {
    using bounded = boundedDatabase('bounded');
    expectWhole(await fillAndMakeRoom(bounded));
  });
});

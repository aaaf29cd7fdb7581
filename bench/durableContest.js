/**
 * Durable steps, fsync on, beside what the disk does: of one run beside `fdatasync` of a 200-byte append, and of 64 runs at
 * once beside a bare loop of digest, insert with the same index, and one commit for each 64 records. By turns, in one process;
 * prints rates per second as JSON. Its argument is `one` or `many`.
 */
import { hash } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Steps, started, UndoableSteps } from './durableCommands.js';
import { median } from './figure.js';

const ROUNDS = 12;
const STEPS_OF_ONE = 400;
const RUNS_AT_ONCE = 64;
const SHORT = 10;
const LONG = 200;
const SHORT_RUNS = RUNS_AT_ONCE * 12;

const folder = mkdtempSync(join(tmpdir(), 'bench-'));
const bytes = Buffer.alloc(200, 'x');

/** Things per second. */
async function rate(count, work) {
  const before = performance.now();
  await work();
  return (count * 1000) / (performance.now() - before);
}

/** @param {Record<string, () => Promise<number>>} contestants measured by turns, each time in another order; the first round warms up */
async function contest(contestants) {
  const rates = Object.fromEntries(Object.keys(contestants).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    const entries = Object.entries(contestants);
    const first = round % entries.length;
    for (const [name, measure] of [...entries.slice(first), ...entries.slice(0, first)]) {
      const measured = await measure();
      if (round > 0) rates[name].push(measured);
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([name, all]) => [name, median(all)]));
}

function appendAndSync() {
  const handle = openSync(join(folder, 'append'), 'a');
  for (let n = 0; n < STEPS_OF_ONE; n += 1) {
    writeSync(handle, bytes);
    fdatasyncSync(handle);
  }
  closeSync(handle);
}

/** The table of the records, with nothing around it. */
function bareJournal() {
  const database = new DatabaseSync(join(folder, 'bare.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE record (run INTEGER NOT NULL, seq INTEGER NOT NULL, kind TEXT NOT NULL, at INTEGER NOT NULL, step TEXT,
      label TEXT NOT NULL, status TEXT, effect TEXT, started_at INTEGER, body TEXT, body_digest TEXT, hash TEXT NOT NULL) STRICT;
    CREATE UNIQUE INDEX record_seq ON record (run, seq);`);
  const insert = database.prepare('INSERT INTO record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  let firstRun = 0;
  /** So many records for each of 64 runs, one of each in a commit. */
  return (steps) => {
    firstRun += RUNS_AT_ONCE;
    const hashes = Array.from({ length: RUNS_AT_ONCE }, () => '');
    for (let seq = 1; seq <= steps; seq += 1) {
      database.exec('BEGIN IMMEDIATE');
      for (let run = 0; run < RUNS_AT_ONCE; run += 1) {
        const body = String(seq);
        const digest = hash('sha256', body, 'base64url');
        hashes[run] = hash('sha256', `${hashes[run]}\n${seq}\nstep-ended\nexecution/step#${seq}\n${digest}`, 'base64url');
        insert.run(
          firstRun + run,
          seq,
          'step-ended',
          1,
          `execution/step/#${seq}`,
          'step',
          'succeeded',
          'idempotent',
          1,
          body,
          digest,
          hashes[run],
        );
      }
      database.exec('COMMIT');
    }
  };
}

async function shortRuns(runner) {
  let left = SHORT_RUNS;
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      await runner.execute(Steps, { count: SHORT });
    }
  };
  await Promise.all(Array.from({ length: RUNS_AT_ONCE }, lane));
}

async function main(which) {
  const runner = await started({ file: join(folder, 'journal.db') });
  const bare = bareJournal();
  const one = {
    appends: () => rate(STEPS_OF_ONE, async () => appendAndSync()),
    steps: () => rate(STEPS_OF_ONE, () => runner.execute(Steps, { count: STEPS_OF_ONE })),
    undoable: () => rate(STEPS_OF_ONE, () => runner.execute(UndoableSteps, { count: STEPS_OF_ONE })),
  };
  const many = {
    bareShort: () => rate(SHORT_RUNS * SHORT, async () => Array.from({ length: SHORT_RUNS / RUNS_AT_ONCE }, () => bare(SHORT))),
    short: () => rate(SHORT_RUNS * SHORT, () => shortRuns(runner)),
    bareLong: () => rate(RUNS_AT_ONCE * LONG, async () => bare(LONG)),
    long: () =>
      rate(RUNS_AT_ONCE * LONG, () => Promise.all(Array.from({ length: RUNS_AT_ONCE }, () => runner.execute(Steps, { count: LONG })))),
  };
  const rates = await contest(which === 'one' ? one : many);
  await runner[Symbol.asyncDispose]();
  process.stdout.write(JSON.stringify(rates));
}

try {
  await main(process.argv[2]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

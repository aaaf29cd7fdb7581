/** Makes journals with many open runs and measures starts over them, for the rows that judge it. */
import { execFile, spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { median } from './figure.js';

const PROGRAM = fileURLToPath(new URL('manyRuns.js', import.meta.url));
const START = ['--no-warnings', '--expose-gc', PROGRAM];
const ROUNDS = 5;
const INTERRUPTED = 10_000;
const WAITING = 1_000_000;

async function inFolder(work) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(what, file, count) {
  const { stdout } = await promisify(execFile)(process.execPath, [...START, what, file, String(count)]);
  return JSON.parse(stdout);
}

/** @returns {Promise<number>} milliseconds until 10,000 interrupted runs are where they were */
export function recovery(say) {
  return inFolder(async (folder) => {
    const left = join(folder, 'left.db');
    const { signal } = spawnSync(process.execPath, [...START, 'interrupt', left, String(INTERRUPTED)]);
    if (signal !== 'SIGKILL') throw new Error('the runs were not interrupted');
    const times = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const file = join(folder, `${round}.db`);
      copyFileSync(left, file);
      copyFileSync(`${left}-wal`, `${file}-wal`);
      times.push((await measured('recover', file, INTERRUPTED)).ms);
    }
    say(`${times.map((ms) => `${ms.toFixed(0)} ms`).join(', ')}`);
    return median(times);
  });
}

let million;

/** @returns {Promise<{ resident: number, loadP99: number }>} megabytes, milliseconds */
export function waiting(say) {
  million ??= inFolder(async (folder) => {
    const file = join(folder, 'journal.db');
    const before = performance.now();
    await promisify(execFile)(process.execPath, [...START, 'put', file, String(WAITING)]);
    say(`a million runs begun and put aside in ${((performance.now() - before) / 1000).toFixed(0)} s`);
    const figures = await measured('wake', file, WAITING);
    say(
      Object.entries(figures)
        .map(([name, figure]) => `${name} ${figure.toFixed(1)}`)
        .join(', '),
    );
    return figures;
  });
  return million;
}

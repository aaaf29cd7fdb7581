/** Runs the contest of lifecycles once for the rows that judge it, on one core where `taskset` can hold it there. */
import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CONTEST = fileURLToPath(new URL('lifecycleContest.js', import.meta.url));
const PIN = ['taskset', '--cpu-list', '0'];

let contest;

/**
 * @param {(line: string) => void} say
 * @returns {Promise<{ ours: number, theirs: number }>} lifecycles per second of processor time
 */
export function lifecycleRates(say) {
  contest ??= measured(say);
  return contest;
}

async function measured(say) {
  const pinned = spawnSync(PIN[0], [...PIN.slice(1), 'true']).status === 0;
  const [program, ...args] = [...(pinned ? PIN : []), process.execPath, CONTEST];
  const { stdout } = await promisify(execFile)(program, args);
  const rates = JSON.parse(stdout);
  const shown = (rate) => Math.round(rate).toLocaleString('en');
  say(`${shown(rates.ours)} lifecycles/s, @nestjs/cqrs ${shown(rates.theirs)}/s, ${pinned ? 'on one core' : 'not held on one core'}`);
  return rates;
}

/** Runs the contest on Restate once for the rows that judge it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CONTEST = fileURLToPath(new URL('restateContest.js', import.meta.url));

let contest;

/**
 * @param {(line: string) => void} say
 * @returns {Promise<Record<'sequential' | 'parallel' | 'many', { ours: number, theirs: number }>>}
 */
export function restateRates(say) {
  contest ??= measured(say);
  return contest;
}

async function measured(say) {
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', CONTEST]);
  const { sequential, parallel, many } = JSON.parse(stdout);
  for (const [name, { ours, theirs }] of Object.entries({ sequential, parallel })) {
    say(`${Math.round(ours)} runs/s of ten steps, ${name}; the SDK by itself ${Math.round(theirs)}/s`);
  }
  say(`500 steps side by side in ${many.ours.toFixed(1)} ms; the SDK by itself ${many.theirs.toFixed(1)} ms`);
  return { sequential, parallel, many };
}

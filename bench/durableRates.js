/** Runs the contests of durable steps, each once for the rows that judge it. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const CONTEST = fileURLToPath(new URL('durableContest.js', import.meta.url));
const contests = new Map();

/**
 * @param {'one' | 'many'} which one run, or 64 at a time
 * @param {(line: string) => void} say
 * @returns {Promise<Record<string, number>>} rates per second
 */
export function durableRates(which, say) {
  const known = contests.get(which) ?? measured(which, say);
  contests.set(which, known);
  return known;
}

async function measured(which, say) {
  const { stdout } = await promisify(execFile)(process.execPath, ['--no-warnings', CONTEST, which]);
  const rates = JSON.parse(stdout);
  const shown = Object.entries(rates).map(([name, rate]) => `${name} ${Math.round(rate).toLocaleString('en')}/s`);
  say(shown.join(', '));
  return rates;
}

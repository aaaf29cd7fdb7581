/**
 * Preloaded into one run of the command line: notes every program that it starts, and keeps a copy of the run's
 * temporary folder as it is then, since the programs read their configuration there and the run removes it at its end.
 */
import childProcess from 'node:child_process';
import { appendFileSync, cpSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';

const { BENCH_RECORD: record, BENCH_KEPT: kept } = process.env;
const { spawn } = childProcess;

childProcess.spawn = (file, args, options) => {
  cpSync(tmpdir(), kept, { recursive: true });
  const startedAt = performance.now();
  const child = spawn(file, args, options);
  child.once('exit', (exitCode) => {
    appendFileSync(record, `${JSON.stringify({ startedAt, file, args, cwd: options.cwd, exitCode, ...changesOf(options.env) })}\n`);
  });
  return child;
};
syncBuiltinESMExports();

function changesOf(env) {
  const set = Object.entries(env).filter(([name, value]) => value !== undefined && value !== process.env[name]);
  const unset = Object.keys(process.env).filter((name) => env[name] === undefined);
  return { set: Object.fromEntries(set), unset };
}

/**
 * The cost of orchestration: what a person waits for `sixfold run multi-analysis`, over the time that a shell needs which
 * starts the same programs at once and waits for them. The command lines are not written down here: one run is recorded,
 * and the shell gets what it started.
 *
 * Ours has what the shell leaves out: the start of Node, the survey of the tree, synthesis, report and journal.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './figure.js';

const CLI = fileURLToPath(new URL('../bin/sixfold.js', import.meta.url));
const RECORDER = new URL('recordSpawns.js', import.meta.url).href;
const ROUNDS = 7;

/**
 * @param {string} tree the folder to analyse
 * @param {(line: string) => void} say
 */
export async function compareWithShell(tree, say) {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    return await compareIn(folder, tree, say);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareIn(folder, tree, say) {
  const temporary = join(folder, 'tmp');
  mkdirSync(temporary);
  const env = { ...process.env, TMPDIR: temporary, NO_COLOR: '1' };
  const cli = [CLI, 'run', 'multi-analysis', '--path', tree, '--out', join(folder, 'report'), '--db', join(folder, 'journal.db')];
  const programs = await recorded(cli, folder, env);
  say(`the shell starts ${programs.map(nameOf).join(', ')}`);
  const script = scriptOf(programs, folder);

  const ours = () => timed(process.execPath, cli, env, [0]);
  const shell = () => timed('sh', ['-c', script], env, [0]);
  await shell();
  refuseOtherExits(programs, folder);
  const values = [];
  const limits = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    // Who goes first changes, so that what one leaves behind (heat, caches) serves both.
    if (round % 2 === 0) limits.push(await shell());
    values.push(await ours());
    if (round % 2 === 1) limits.push(await shell());
    say(`round ${round} of ${ROUNDS}: ${values.at(-1).toFixed(2)} s, shell ${limits.at(-1).toFixed(2)} s`);
  }
  return { value: median(values), limit: median(limits) };
}

/** The programs of the analysers, from a real run, with the files that they read put back where they read them. */
async function recorded(cli, folder, env) {
  const record = join(folder, 'record.ndjson');
  const kept = join(folder, 'kept');
  await timed(process.execPath, ['--import', RECORDER, ...cli], { ...env, BENCH_RECORD: record, BENCH_KEPT: kept }, [0]);
  cpSync(kept, env.TMPDIR, { recursive: true });
  const started = readFileSync(record, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
    .sort((a, b) => a.startedAt - b.startedAt);
  // Of git only the history: the survey of the tree and small questions are our own.
  const programs = started.filter(({ file, args }) => basename(file) !== 'git' || args.includes('--name-only'));
  const { analysers } = JSON.parse(readFileSync(join(folder, 'report', 'report.json'), 'utf8'));
  const expected = analysers.filter(({ status }) => status === 'done').length;
  if (programs.length !== expected) throw new Error(`${expected} analysers ran, and ${programs.length} programs were recorded`);
  return programs;
}

function scriptOf(programs, folder) {
  const lines = programs.map(({ file, args, cwd, set, unset }, index) => {
    const env = ['env', ...unset.flatMap((name) => ['-u', name]), ...Object.entries(set).map(([name, value]) => `${name}=${value}`)];
    const output = join(folder, `output-${index}`);
    const command = [...env, file, ...args].map(quoted).join(' ');
    return `(cd ${quoted(cwd)} && ${command} >${quoted(output)} 2>${quoted(`${output}.err`)}; echo $? >${quoted(`${output}.code`)}) &`;
  });
  return [...lines, 'wait'].join('\n');
}

/** A tool that fails at once in the shell would make a fine limit. */
function refuseOtherExits(programs, folder) {
  for (const [index, program] of programs.entries()) {
    const output = join(folder, `output-${index}`);
    const code = Number(readFileSync(`${output}.code`, 'utf8'));
    if (code === program.exitCode) continue;
    const said = readFileSync(`${output}.err`, 'utf8').trim();
    throw new Error(`${nameOf(program)} ended with ${code} in the shell and with ${program.exitCode} in the run: ${said}`);
  }
}

/** Seconds until the process has ended. */
async function timed(file, args, env, exitCodes) {
  const startedAt = performance.now();
  const child = spawn(file, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const [code] = await once(child, 'close');
  const seconds = (performance.now() - startedAt) / 1000;
  if (!exitCodes.includes(code)) throw new Error(`${basename(file)} ended with ${code}: ${said.trim()}`);
  return seconds;
}

/** Most tools are scripts that Node runs. */
function nameOf({ file, args }) {
  const script = args.find((argument) => argument.includes('/node_modules/'));
  return /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(script ?? '')?.[1] ?? basename(file);
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

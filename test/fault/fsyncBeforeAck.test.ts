/** R1, seen from outside: the system calls of a real process, in which nothing is acknowledged before it was flushed to disk. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { journalFolder } from '../support/engineHarness.js';
import { bundledProbe, JournalProcess } from '../support/JournalProcess.js';

jest.setTimeout(120_000);

const ACKNOWLEDGEMENTS = 1200;
const folder = journalFolder();
const program = bundledProbe();
const hasStrace = spawnSync('strace', ['-V']).status === 0;
const required = process.env.SIXFOLD_REQUIRE_SERVICES === '1';
if (!hasStrace && !required) console.log('strace is not installed: what a process flushes before it answers is not looked at.');
const traced = hasStrace || required ? it : it.skip; // console.log above says why.

const CALLS = 'write,pwrite64,pwritev,fdatasync,fsync';

async function traceOf(name: string, writes: 'inline' | 'thread', fsync: boolean): Promise<string[]> {
  const out = join(folder, `${name}.strace`);
  const under = ['strace', '-f', '-y', '-s', '32', '-e', `trace=${CALLS}`, '-o', out];
  const traced = await JournalProcess.start(program, join(folder, `${name}.db`), { under, writes, fsync });
  await traced.call('begin');
  await traced.call('acknowledge', ACKNOWLEDGEMENTS);
  await traced.end();
  return readFileSync(out, 'utf8').split('\n');
}

interface Judged {
  readonly acknowledged: number;
  /** Acknowledgements before which the log was written to and not flushed afterwards. */
  readonly early: readonly string[];
}

/**
 * `PID call(FD</path>, …) = result`, or in two lines: `PID call(FD</path>, … <unfinished ...>` and `PID <... call resumed>…`.
 * A write counts from its beginning, a flush from its end, and only for what was written before it began.
 */
function judged(lines: readonly string[]): Judged {
  let written = 0;
  let flushed = 0;
  let acknowledged = 0;
  const flushing = new Map<string, number>();
  const early: string[] = [];
  for (const line of lines) {
    const [, thread = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    const isLog = rest.includes('.db-wal>');
    const isFlush = /^(fdatasync|fsync)\(/.test(rest);
    if (rest.startsWith('pwrite') && isLog) written += 1;
    else if (isFlush && isLog && rest.includes('<unfinished')) flushing.set(thread, written);
    else if (isFlush && isLog && rest.endsWith('= 0')) flushed = written;
    else if (/^<\.\.\. (fdatasync|fsync) resumed/.test(rest) && flushing.has(thread)) {
      flushed = Math.max(flushed, flushing.get(thread) ?? 0);
      flushing.delete(thread);
    } else if (/^write\(1<.*"ack \d+/.test(rest)) {
      acknowledged += 1;
      if (flushed < written) early.push(line);
    }
  }
  return { acknowledged, early };
}

describe('an acknowledgement', () => {
  traced.each(['inline', 'thread'] as const)('comes after the log of the journal was flushed, every time: written %s', async (writes) => {
    const { acknowledged, early } = judged(await traceOf(writes, writes, true));
    console.log(`${acknowledged} acknowledgements, ${early.length} before the log was flushed (${writes})`);
    expect(acknowledged).toBeGreaterThanOrEqual(1000);
    expect(early).toEqual([]);
  });

  traced('is seen to come too early where durability is that of the process', async () => {
    const { acknowledged, early } = judged(await traceOf('process', 'inline', false));
    expect(acknowledged).toBeGreaterThanOrEqual(1000);
    expect(early.length).toBeGreaterThan(900);
  });
});

/** The built command line as its user meets it: another process, its output and its exit code. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** In the masks of signals that `/proc` shows. */
const SIGKILL = 1n << 8n;
const BIN = join(__dirname, '..', '..', 'bin', 'sixfold.js');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A working folder of its own, with a temporary folder whose remains can be counted. */
export class CliFolder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'cli-'));
  readonly temporary = mkdtempSync(join(tmpdir(), 'cli-tmp-'));
  /** Stands in the environment of everything that is started from here. */
  readonly mark = randomUUID();

  start(args: readonly string[], options: { readonly cwd?: string; readonly uid?: number } = {}): CliRun {
    const env = { ...process.env, TMPDIR: this.temporary, SIXFOLD_TEST_MARK: this.mark, NO_COLOR: '1', SIXFOLD_DB: undefined };
    const identity = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
    return new CliRun(
      spawn(process.execPath, [BIN, ...args], { cwd: options.cwd ?? this.path, env, stdio: ['ignore', 'pipe', 'pipe'], ...identity }),
    );
  }

  run(...args: readonly string[]): Promise<CliResult> {
    return this.start(args).result();
  }

  /** What processes started from here left in the temporary folder. */
  leftFiles(): string[] {
    return readdirSync(this.temporary);
  }

  /** Processes started from here that live and that nobody has killed. Linux only, where `/proc` tells. */
  leftProcesses(): string[] {
    return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && toldOf(pid, 'environ').includes(this.mark) && !isKilled(pid));
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
    rmSync(this.temporary, { recursive: true, force: true });
  }
}

export class CliRun {
  private stdout = '';
  private stderr = '';
  private readonly closed: Promise<unknown[]>;

  constructor(private readonly child: ChildProcessByStdio<null, Readable, Readable>) {
    this.closed = once(child, 'close');
    child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk.toString();
    });
  }

  async result(): Promise<CliResult> {
    const [code] = (await this.closed) as [number | null];
    return { code, stdout: this.stdout, stderr: this.stderr };
  }

  /** Resolves when standard error has the text; rejects when the process ends without it. */
  async says(text: string): Promise<void> {
    while (!this.stderr.includes(text)) {
      const ended = await Promise.race([once(this.child.stderr, 'data').then(() => false), this.closed.then(() => true)]);
      if (ended && !this.stderr.includes(text)) throw new Error(`"${text}" was never said: ${this.stderr}`);
    }
  }

  /** Stops reading its standard output, as `head` does. */
  closeOutput(): void {
    this.child.stdout.destroy();
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

/** SIGKILL was sent: nothing the process does can keep it alive, but a busy machine takes a while until it is gone. */
function isKilled(pid: string): boolean {
  const pending = /^ShdPnd:\s*([0-9a-f]+)$/m.exec(toldOf(pid, 'status'))?.[1];
  return pending === undefined || (BigInt(`0x${pending}`) & SIGKILL) !== 0n;
}

function toldOf(pid: string, file: 'environ' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // It ended meanwhile.
  }
}

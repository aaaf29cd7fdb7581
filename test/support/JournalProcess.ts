/** A real process over a journal: `journalProbe.ts`, bundled once for each test file. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { SqliteJournalOptions } from '../../src/engine/embedded/SqliteJournal.js';

interface Message {
  readonly answer?: unknown;
  readonly refused?: { readonly code: string; readonly message: string };
  readonly warning?: string;
  readonly fenced?: boolean;
}

export interface ProcessOptions extends Partial<SqliteJournalOptions> {
  /** Program and arguments that run it. */
  readonly under?: readonly string[];
  /** What it becomes before it opens the journal; it may not be able to read the programs that it runs on. @default what this process is */
  readonly uid?: number;
}

export class JournalProcess {
  readonly warnings: string[] = [];
  fenced = false;
  private readonly waiting: { resolve(value: unknown): void; reject(error: unknown): void }[] = [];

  private constructor(readonly child: ChildProcess) {
    child.on('message', (message: Message) => this.take(message));
    child.once('exit', () => {
      for (const waiter of this.waiting.splice(0)) waiter.reject(new Error('the process has ended'));
    });
  }

  static async start(program: string, file: string, { under = [], ...options }: ProcessOptions = {}): Promise<JournalProcess> {
    const [command = process.execPath, ...before] = under;
    const runtime = under.length > 0 ? [process.execPath] : [];
    const args = [...before, ...runtime, '--no-warnings', program, file, JSON.stringify(options)];
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    child.stdout?.resume();
    const started = new JournalProcess(child);
    try {
      await started.call('open');
    } catch (error) {
      await started.kill();
      throw error;
    }
    return started;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** @throws an error with the code that the process answered with */
  async call<T = unknown>(call: string, ...values: unknown[]): Promise<T> {
    const answered = new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.child.send({ call, values });
    return (await answered) as T;
  }

  /** Closes its journal and lets it end. */
  async end(): Promise<void> {
    await this.call('close');
    const exited = once(this.child, 'exit');
    this.child.disconnect();
    await exited;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private take({ answer, refused, warning, fenced }: Message): void {
    if (warning !== undefined) this.warnings.push(warning);
    else if (fenced) this.fenced = true;
    else if (refused) this.waiting.shift()?.reject(Object.assign(new Error(refused.message), { code: refused.code }));
    else this.waiting.shift()?.resolve(answer);
  }
}

/** The program of the processes; any user may read it. */
export function bundledProbe(): string {
  const folder = mkdtempSync(join(tmpdir(), 'probe-'));
  const outfile = join(folder, 'journalProbe.mjs');
  buildSync({
    entryPoints: [join(__dirname, 'journalProbe.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    outfile,
    logLevel: 'warning',
    // Packages that are CommonJS ask for `require`.
    banner: { js: "import{createRequire as requireFrom}from'node:module';const require=requireFrom(import.meta.url);" },
  });
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return outfile;
}

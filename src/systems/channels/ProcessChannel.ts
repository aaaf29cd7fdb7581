/**
 * Reaches a system that is a program: starts it as a child process of its own group, collects what it prints, and ends
 * the whole group when the call is aborted.
 *
 * Owns: the child and its output buffers. Does not own: timeouts (the call's signal has them) or the meaning of output.
 * Invariant: when the promise settles, the child has exited and nothing of its group that answers to signals is left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Call } from '../../kernel/Call.js';
import { CommandFailure, messageOf } from '../../kernel/errors.js';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Added to, or with undefined removed from, the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Exit codes that mean the program did its work. @default [0] */
  readonly exitCodes?: readonly number[];
}

export interface ProgramOutput {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessChannelOptions {
  /** Limit of stdout and of stderr, in bytes each. @default 256 MiB */
  readonly outputBytesMax?: number;
  /** From SIGTERM to SIGKILL when a call is aborted. @default 2000 */
  readonly graceMs?: number;
}

const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;
const STDERR_SHOWN_CHARACTERS = 600;

export class ProcessChannel {
  private readonly outputBytesMax: number;
  private readonly graceMs: number;
  private readonly live = new Set<GroupEnd>();
  private readonly endAll = (): void => {
    for (const end of this.live) end.now();
  };

  constructor(options: ProcessChannelOptions = {}) {
    this.outputBytesMax = options.outputBytesMax ?? OUTPUT_BYTES_MAX;
    this.graceMs = options.graceMs ?? 2000;
  }

  /**
   * Runs a program to its end.
   *
   * @throws the reason of `call.signal` when the call is aborted, after the process group has ended.
   * @throws CommandFailure `PROCESS_NOT_STARTED`, `PROCESS_FAILED` or `OUTPUT_TOO_LARGE`.
   */
  async run(program: Program, call: Call): Promise<ProgramOutput> {
    call.signal.throwIfAborted();
    const child = spawn(program.file, program.args, {
      cwd: program.cwd,
      env: { ...process.env, ...program.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const end = new GroupEnd(child, this.graceMs);
    this.watchOver(end);
    const onAbort = (): void => end.begin();
    call.signal.addEventListener('abort', onAbort, { once: true });
    try {
      const exiting = exited(child, program);
      const stdout = collect(child.stdout, this.outputBytesMax, () => end.begin());
      const stderr = collect(child.stderr, this.outputBytesMax, () => end.begin());
      const exit = await exiting;
      call.signal.throwIfAborted();
      if (stdout.overflowed || stderr.overflowed) throw tooLarge(program, this.outputBytesMax);
      return accept(program, exit, stdout.text(), stderr.text());
    } finally {
      call.signal.removeEventListener('abort', onAbort);
      end.finish();
      this.live.delete(end);
      if (this.live.size === 0) process.off('exit', this.endAll);
    }
  }

  /** While there are children, an exit of this process takes them along. A `kill -9` of it cannot be helped. */
  private watchOver(end: GroupEnd): void {
    if (this.live.size === 0) process.on('exit', this.endAll);
    this.live.add(end);
  }
}

/** Ends a process group: SIGTERM first, SIGKILL when the grace has passed. */
class GroupEnd {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly child: ChildProcess,
    private readonly graceMs: number,
  ) {}

  begin(): void {
    if (this.timer) return;
    this.signal('SIGTERM');
    this.timer = setTimeout(() => this.signal('SIGKILL'), this.graceMs);
  }

  now(): void {
    this.signal('SIGKILL');
  }

  /** Called when the child has exited: ends what it left behind in its group. */
  finish(): void {
    clearTimeout(this.timer);
    this.signal('SIGKILL');
  }

  private signal(name: NodeJS.Signals): void {
    if (this.child.pid === undefined) return;
    try {
      process.kill(-this.child.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Waits until the child has exited and its pipes are closed. */
function exited(child: ChildProcess, program: Program): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid !== undefined) return;
      reject(
        new CommandFailure('PROCESS_NOT_STARTED', `${program.file} could not be started in ${program.cwd}: ${messageOf(error)}.`, {
          cause: error,
          details: { file: program.file, cwd: program.cwd },
        }),
      );
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

/** Where the process could not be started there is no stream. */
function collect(stream: NodeJS.ReadableStream | undefined, bytesMax: number, onOverflow: () => void) {
  const chunks: Buffer[] = [];
  const collected = { overflowed: false, text: () => Buffer.concat(chunks).toString('utf8') };
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= bytesMax) chunks.push(chunk);
    else if (!collected.overflowed) {
      collected.overflowed = true;
      onOverflow();
    }
  });
  return collected;
}

function accept(program: Program, exit: Exit, stdout: string, stderr: string): ProgramOutput {
  if (exit.code !== null && (program.exitCodes ?? [0]).includes(exit.code)) return { exitCode: exit.code, stdout, stderr };
  const how = exit.code === null ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`;
  const said = (stderr.trim() || stdout.trim()).slice(-STDERR_SHOWN_CHARACTERS);
  throw new CommandFailure('PROCESS_FAILED', `${program.file} ${how}${said ? `: ${said}` : ' and said nothing.'}`, {
    details: { file: program.file, exitCode: exit.code, signal: exit.signal },
  });
}

function tooLarge(program: Program, bytesMax: number): CommandFailure {
  return new CommandFailure('OUTPUT_TOO_LARGE', `${program.file} printed more than ${bytesMax} bytes and was ended.`, {
    details: { file: program.file, bytesMax },
  });
}

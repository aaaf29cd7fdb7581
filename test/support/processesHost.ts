/** Processes with an application, `processesProbe.ts`, on a journal that they share. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Bundle } from './processBundle.js';

type ProbeCommand = 'errand' | 'halting' | 'patient' | 'busy' | 'sleeper';

/** What a process can be asked for. */
export interface Requests {
  start(name: ProbeCommand, n: number, key?: string): Promise<string>;
  /** The result of a completed run, else its status. */
  outcome(id: string): Promise<unknown>;
  notify(id: string, token: string): Promise<void>;
  cancel(id: string): Promise<void>;
  state(id: string): Promise<string>;
  close(): Promise<void>;
}

export interface Effect {
  readonly mark: 'begin' | 'end';
  readonly step: string;
  readonly key: string;
}

/** What the log of the effects holds, line by line. */
export interface Marks {
  readonly effect: Effect;
  /** A record of the journal, after its commit. */
  readonly record: { readonly mark: string; readonly run: number; readonly step: string | null; readonly status: string | null };
}

export type Marked = Marks[keyof Marks] & {
  readonly pid: number;
  /** Nanoseconds of a clock that all processes of the machine have in common. */
  readonly at: bigint;
};

interface Message {
  readonly id?: number;
  readonly answer?: unknown;
  readonly refused?: string;
  readonly effects?: number;
}

interface Asked {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface HostOptions {
  readonly file: string;
  readonly log: string;
  readonly leaseMs?: number;
  readonly unloadAfterMs?: number;
  /** Stands still in the middle of an effect of `halting`. */
  readonly halting?: boolean;
}

export class ProcessHost {
  /** Effects that it told of. */
  effects = 0;
  private asked = 0;
  private readonly waiting = new Map<number, Asked>();
  private readonly watchers = new Set<() => void>();

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message: Message) => this.take(message));
    child.once('exit', (code, signal) => {
      for (const asked of this.waiting.values()) asked.reject(new Error(`the process has ended with ${code ?? signal}`));
    });
  }

  static async start({ file: program, env }: Bundle, { file, log, halting, ...options }: HostOptions): Promise<ProcessHost> {
    const args = ['--no-warnings', program, file, log, JSON.stringify(options), ...(halting ? ['halting'] : [])];
    const host = new ProcessHost(spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
    await host.answerTo(0);
    return host;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  ask<N extends keyof Requests>(name: N, ...values: Parameters<Requests[N]>): ReturnType<Requests[N]> {
    this.asked += 1;
    const id = this.asked;
    const answer = this.answerTo(id);
    this.child.send({ id, name, values });
    return answer as ReturnType<Requests[N]>; // The probe has the same interface.
  }

  /** Resolves when it has told of so many effects. */
  async hasDone(effects: number): Promise<void> {
    while (this.effects < effects) await new Promise<void>((resolve) => this.watchers.add(resolve));
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves when it has ended by SIGKILL. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  /** Closes its application and lets it end. */
  async leave(): Promise<void> {
    await this.ask('close');
    await this.kill();
  }

  private answerTo(id: number): Promise<unknown> {
    const answer = new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    answer.catch(() => undefined); // Of a process that is killed nobody may wait any more.
    return answer;
  }

  private take({ id, answer, refused, effects }: Message): void {
    if (effects !== undefined) {
      this.effects += effects;
      for (const tell of this.watchers) tell();
      this.watchers.clear();
      return;
    }
    const asked = this.waiting.get(id ?? 0);
    this.waiting.delete(id ?? 0);
    if (refused === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(refused));
  }
}

export function marksOf(log: string): readonly Marked[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => {
    const { at, ...mark } = JSON.parse(line) as Omit<Marked, 'at'> & { readonly at: string };
    return { ...mark, at: BigInt(at) } as Marked;
  });
}

/** As `ps` would say it, such as `T` for one that stands still. Linux only. */
export function stateOf(pid: number): string {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.charAt(text.lastIndexOf(')') + 2);
}

/** Workers as processes of their own, `workerProbe.ts`, which end with the one that started them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Serving } from '../../../src/index.js';
import type { Bundle } from '../processBundle.js';

export interface WorkerSettings {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  readonly ledgerUrl: string;
  readonly port: number;
  /** Several workers have this port. */
  readonly isShared: boolean;
  /** @default takes unsigned requests */
  readonly identityKeys?: readonly string[];
  readonly version?: string;
}

interface Said {
  readonly serving?: Serving;
  readonly refused?: string;
}

export class WorkerProcess implements AsyncDisposable {
  private constructor(
    private readonly child: ChildProcess,
    readonly serving: Serving,
  ) {}

  /** Restate knows it when this resolves. */
  static async start({ file, env }: Bundle, settings: WorkerSettings): Promise<WorkerProcess> {
    const args = ['--no-warnings', '--enable-source-maps', file, JSON.stringify(settings)];
    const child = spawn(process.execPath, args, {
      env: { ...env, NODE_PATH: resolve('node_modules') },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const said = await Promise.race([once(child, 'message'), once(child, 'exit')]);
    const { serving, refused } = (said[0] ?? {}) as Said;
    if (serving) return new WorkerProcess(child, serving);
    child.kill('SIGKILL');
    throw new Error(`the worker did not start: ${refused ?? 'it ended'}`);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void> {
    return this.end(() => this.child.kill('SIGKILL'));
  }

  /** It finishes what it does and ends. */
  close(): Promise<void> {
    return this.end(() => this.child.send('close'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  private async end(tell: () => void): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    tell();
    await exited;
  }
}

/**
 * One of the programs that take orders, as a child process. One that is killed is started again, and is told of the orders that have not ended.
 *
 * Owns: the process. Does not own: what it keeps its orders in.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Purchase } from '../messages.js';
import type { Asked, Ending, Told } from './orderDesk.js';

export interface OrderProgramOptions {
  readonly file: string;
  readonly env: NodeJS.ProcessEnv;
}

export class OrderProgram implements AsyncDisposable {
  /** How often it was killed. */
  kills = 0;
  private child: ChildProcess | undefined;
  /** It was not killed, and may be at work on orders of an earlier life. */
  isAlive = false;
  /** It takes orders. */
  private isOpen = false;
  private readonly underWay = new Map<string, { readonly purchase: Purchase; readonly ended: (ending: Ending) => void }>();
  private readonly failed = Promise.withResolvers<never>();

  constructor(private readonly options: OrderProgramOptions) {
    this.failed.promise.catch(() => undefined);
  }

  async start(): Promise<void> {
    const child = fork(this.options.file, [], {
      env: this.options.env,
      execArgv: ['--no-warnings'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child = child;
    this.isAlive = true;
    child.on('message', (told: Told | 'open') => {
      if (told === 'open') return this.open();
      this.underWay.get(told.orderId)?.ended(told);
      this.underWay.delete(told.orderId);
    });
    child.once('exit', (code, signal) => {
      if (this.child !== child) return;
      if (signal !== 'SIGKILL') return this.failed.reject(new Error(`${this.options.file} ended with ${code ?? signal}`));
      this.start().catch(() => undefined); // `failed` says so.
    });
    await Promise.race([once(child, 'message'), this.failed.promise]);
  }

  fulfil(purchase: Purchase): Promise<Ending> {
    const ended = new Promise<Ending>((resolve) => this.underWay.set(purchase.orderId, { purchase, ended: resolve }));
    if (this.isOpen) this.ask({ fulfil: purchase });
    return Promise.race([ended, this.failed.promise]);
  }

  cancel(orderId: string): void {
    this.ask({ cancel: orderId });
  }

  /** As a crash would end it. It comes back by itself. */
  kill(): void {
    this.isOpen = false;
    this.isAlive = false;
    this.kills += 1;
    this.child?.kill('SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  private open(): void {
    this.isOpen = true;
    for (const { purchase } of this.underWay.values()) this.ask({ fulfil: purchase });
  }

  private ask(asked: Asked): void {
    this.child?.send(asked, () => undefined); // To one that is just killed it need not come.
  }
}

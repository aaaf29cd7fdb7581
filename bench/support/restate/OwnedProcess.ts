/**
 * A program that runs as long as the process that started it, however that ends.
 *
 * Owns: the program. A shell that waits beside it holds one end of a pipe of which this process has the other: when the system closes that,
 * as it does after a SIGKILL too, the shell kills the program. Neither polls, and no process identity is looked up that could be another's.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';

/** The shell that becomes the program leaves one that reads: a line is the word that all is over, the end of the pipe is the starter's death. */
const WATCHED = `(trap '' HUP INT TERM; read -r over <&3 || kill -KILL $$) & exec "$0" 3<&-`;

export class OwnedProcess {
  private constructor(private readonly child: ChildProcess) {
    const pipe = child.stdio[3] as Socket;
    pipe.on('error', () => undefined); // The shell went first.
    pipe.unref();
    child.unref();
    child.once('exit', () => pipe.end('over\n'));
  }

  /**
   * @param env all that the program sees of this process's environment
   * @param log what it writes is added to this file
   */
  static start(program: string, { env, log }: { readonly env: NodeJS.ProcessEnv; readonly log: string }): OwnedProcess {
    const output = openSync(log, 'a');
    try {
      return new OwnedProcess(spawn('/bin/sh', ['-c', WATCHED, program], { env, stdio: ['ignore', output, output, 'pipe'] }));
    } finally {
      closeSync(output);
    }
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the program could not be started');
    return this.child.pid;
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** SIGKILL, and waits for the end; may be asked twice. */
  async kill(): Promise<void> {
    if (!this.isRunning) return;
    this.child.ref();
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}

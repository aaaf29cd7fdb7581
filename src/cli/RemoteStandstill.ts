/**
 * Notices when a run that other processes drive goes on only if somebody decides about a gate or sends a signal, and stops waiting for it then.
 *
 * Owns: how often it looks. Does not own: the runner that it disposes of. A run that the run started is not looked at: it goes on by itself.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { listedWaits } from '../host/runRecord/recordedWaits.js';
import type { CommandRunner, Run } from '../index.js';
import { goesOnByItself } from './Standstill.js';
import type { Waiting } from './waitingText.js';

const LOOK_MS = 2000;

export class RemoteStandstill {
  private readonly stopped = new AbortController();
  private found: readonly Waiting[] = [];

  constructor(
    private readonly runner: CommandRunner,
    private readonly run: Run<unknown>,
  ) {
    void this.look();
  }

  /** As that of `Standstill`. */
  get waits(): readonly Waiting[] {
    return this.found;
  }

  stop(): void {
    this.stopped.abort();
  }

  private async look(): Promise<void> {
    const { signal } = this.stopped;
    const { id, command } = this.run;
    while (!signal.aborted) {
      const waits = await this.waitsNow();
      if (waits.length > 0 && !signal.aborted && !waits.some(goesOnByItself)) {
        this.found = waits.map((one) => ({ runId: id, command, wait: one }));
        await this.runner[Symbol.asyncDispose]();
        return;
      }
      await wait(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** None where the engine cannot tell: the run is waited for then, as with --wait. */
  private async waitsNow() {
    try {
      const run = await this.runner.history(this.run.id);
      return run.state === 'waiting' ? listedWaits(run) : [];
    } catch {
      return [];
    }
  }
}

/**
 * Notices when a run, with the runs that it started, goes on only if a person decides about a gate, and hands it back then.
 *
 * Owns: who stands still. Does not own: the runner that it disposes of, what is said about it.
 * Invariant: nothing is handed back while a step is under way that is not itself a run at a standstill.
 */
import type { CommandRunner, Run } from '../index.js';
import { type OpenGate, RunStanding } from './RunStanding.js';

export interface WaitingGate extends OpenGate {
  readonly runId: string;
  readonly command: string;
}

interface Watched {
  readonly run: Run<unknown>;
  readonly standing: RunStanding;
  readonly children: Watched[];
}

export class Standstill {
  private readonly root: Watched;
  private readonly stopped = new AbortController();
  private looking = false;
  private found: readonly WaitingGate[] = [];
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly runner: CommandRunner,
    run: Run<unknown>,
  ) {
    this.root = this.watch(run);
  }

  /** The gates that nobody decided about, once the run was handed back for that; empty before. */
  get gates(): readonly WaitingGate[] {
    if (this.failure) throw this.failure.error;
    return this.found;
  }

  /** Ends the watch. */
  stop(): void {
    this.stopped.abort();
  }

  private watch(run: Run<unknown>): Watched {
    const watched: Watched = { run, standing: new RunStanding(), children: [] };
    this.inBackground(this.follow(watched));
    return watched;
  }

  private async follow(watched: Watched): Promise<void> {
    for await (const event of watched.run.progress()) {
      if (this.stopped.signal.aborted) return;
      watched.standing.take(event);
      if (event.type === 'child-started') watched.children.push(this.watch(await this.runner.resume(event.run)));
      this.lookSoon();
    }
  }

  /** After what happens at the same time as an event: a decision that was recorded before arrives with the wait for it. */
  private lookSoon(): void {
    if (this.looking) return;
    this.looking = true;
    setImmediate(() => {
      this.looking = false;
      this.inBackground(this.look());
    });
  }

  private async look(): Promise<void> {
    const gates = this.gatesOf(this.root);
    if (gates.length === 0 || this.stopped.signal.aborted) return;
    this.stop();
    this.found = gates;
    await this.runner[Symbol.asyncDispose]();
  }

  /** The gates that a run stands still for, or none when it does not stand still. */
  private gatesOf({ run: { id, command }, standing, children }: Watched): readonly WaitingGate[] {
    const own = standing.openGates.map((open) => ({ ...open, runId: id, command }));
    const stuck = children
      .filter((child) => !child.standing.over)
      .map((child) => ({ command: child.run.command, gates: this.gatesOf(child) }))
      .filter(({ gates }) => gates.length > 0);
    const names = stuck.map((child) => child.command);
    for (const step of standing.underWay) {
      const at = names.indexOf(step);
      if (at < 0) return [];
      names.splice(at, 1);
    }
    return [...own, ...stuck.flatMap(({ gates }) => gates)];
  }

  /** A watch that fails hands the run back too, rather than let it wait unseen; whoever asks for the gates is told. */
  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.stopped.signal.aborted) return;
      this.stop();
      this.failure = { error };
      return this.runner[Symbol.asyncDispose]();
    });
  }
}

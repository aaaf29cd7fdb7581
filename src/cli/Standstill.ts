/**
 * Notices when a run, with the runs that it started, goes on only if somebody decides about a gate or sends a signal, and hands it
 * back then.
 *
 * Owns: who stands still. Does not own: the runner that it disposes of, what is said about it.
 * Invariant: nothing is handed back while a step is under way that is not itself a run at a standstill.
 */
import type { RecordedWait } from '../host/runRecord/RunRecordDocument.js';
import type { CommandRunner, Run } from '../index.js';
import { RunStanding } from './RunStanding.js';
import type { Waiting } from './waitingText.js';

/** What ends by itself within this is waited for. */
const PATIENCE_MS = 3_600_000;

interface Watched {
  readonly run: Run<unknown>;
  readonly standing: RunStanding;
  readonly children: Watched[];
}

export class Standstill {
  private readonly root: Watched;
  private readonly stopped = new AbortController();
  private looking = false;
  private found: readonly Waiting[] = [];
  private failure: { readonly error: unknown } | undefined;

  constructor(
    private readonly runner: CommandRunner,
    run: Run<unknown>,
  ) {
    this.root = this.watch(run);
  }

  /** What only somebody else can give, once the run was handed back for that; empty before. */
  get waits(): readonly Waiting[] {
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
    const waits = this.waitsOf(this.root);
    if (waits.length === 0 || this.stopped.signal.aborted) return;
    this.stop();
    this.found = waits;
    await this.runner[Symbol.asyncDispose]();
  }

  /** What a run stands still for, or nothing when it does not stand still, or goes on by itself. */
  private waitsOf({ run: { id, command }, standing, children }: Watched): readonly Waiting[] {
    if (standing.waits.some(goesOnByItself)) return [];
    const own = standing.waits.map((wait) => ({ runId: id, command, wait }));
    const stuck = children
      .filter((child) => !child.standing.over)
      .map((child) => ({ command: child.run.command, waits: this.waitsOf(child) }))
      .filter(({ waits }) => waits.length > 0);
    const names = stuck.map((child) => child.command);
    for (const step of standing.underWay) {
      const at = names.indexOf(step);
      if (at < 0) return [];
      names.splice(at, 1);
    }
    return [...own, ...stuck.flatMap(({ waits }) => waits)];
  }

  /** A watch that fails hands the run back too, rather than let it wait unseen; whoever asks what it waits for is told. */
  private inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (this.stopped.signal.aborted) return;
      this.stop();
      this.failure = { error };
      return this.runner[Symbol.asyncDispose]();
    });
  }
}

/** Or will soon: then it is waited for. */
export function goesOnByItself({ what, until }: RecordedWait): boolean {
  if (what !== 'gate' && what !== 'signal' && what !== 'person') return true;
  return until !== null && Date.parse(until) - Date.now() <= PATIENCE_MS;
}

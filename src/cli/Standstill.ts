/**
 * Notices when a run, with the runs that it started, goes on only if a person decides about a gate, and hands it back then.
 *
 * Owns: who stands still. Does not own: the runner that it disposes of, what is said about it.
 * Invariant: nothing is handed back while a step is under way that is not itself a run at a standstill.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { CommandRunner, Run, RunEvent } from '../index.js';
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

/** A run that was started a moment ago is among the latest so many. */
const LATEST_MAX = 1000;
/** How long it takes to look again for a run that a step is about to start. */
const LOOK_MS_MIN = 10;
const LOOK_MS_MAX = 1000;

export class Standstill {
  private readonly root: Watched;
  private readonly known = new Set<string>();
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
    this.known.add(run.id);
    this.inBackground(this.follow(watched));
    return watched;
  }

  private async follow(watched: Watched): Promise<void> {
    for await (const event of watched.run.progress()) {
      if (this.stopped.signal.aborted) return;
      watched.standing.take(event);
      if (event.type === 'step-started') this.inBackground(this.findChild(watched, event));
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

  /** Looks for the run that a step with the name of a command starts, until the step has ended. */
  private async findChild(parent: Watched, { id, step }: Extract<RunEvent, { readonly type: 'step-started' }>): Promise<void> {
    if (!this.runner.commands.some(({ name }) => name === step)) return;
    const { signal } = this.stopped;
    for (let waitMs = LOOK_MS_MIN; parent.standing.has(id) && !signal.aborted; waitMs = Math.min(LOOK_MS_MAX, 2 * waitMs)) {
      const child = await this.childOf(parent, step);
      if (child !== undefined) {
        parent.children.push(this.watch(await this.runner.resume(child)));
        return;
      }
      await delay(waitMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async childOf({ run }: Watched, command: string): Promise<string | undefined> {
    const running = (await this.runner.runs(LATEST_MAX)).filter((one) => one.command === command && one.state === 'running');
    for (const { id } of running) {
      if ((await this.runner.document(id)).parent !== run.id || this.known.has(id)) continue;
      this.known.add(id);
      return id;
    }
    return undefined;
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

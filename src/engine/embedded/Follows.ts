/**
 * The runs whose end somebody in this process waits for while the run is not loaded here: put aside, queued, or another
 * process's.
 *
 * Owns: who waits. Does not own: the runs.
 */

import type { EndedRun } from '../Engine.js';
import { handedBack } from '../handBack.js';
import { isTakenOver, type LoadedRun } from './LoadedRun.js';

interface Followed {
  readonly promise: Promise<EndedRun>;
  resolve(ended: EndedRun): void;
  reject(reason: unknown): void;
  /** Called when the run is loaded here, or has ended. */
  news: (() => void)[];
}

export class Follows {
  private readonly followed = new Map<string, Followed>();

  /** @param follow the end of another run, which goes on with a followed one */
  constructor(private readonly follow: (runId: string) => Promise<EndedRun>) {}

  get ids(): readonly string[] {
    return [...this.followed.keys()];
  }

  of(id: string): Promise<EndedRun> {
    return this.entry(id).promise;
  }

  /** Resolves when the run is loaded here, or is not followed any more. */
  news(id: string): Promise<void> {
    const { news } = this.entry(id);
    return new Promise((resolve) => {
      news.push(resolve);
    });
  }

  /** The run is loaded: its end will come from there. */
  loaded(run: LoadedRun): void {
    const entry = this.followed.size > 0 ? this.followed.get(run.id) : undefined;
    if (!entry) return;
    for (const tell of entry.news.splice(0)) tell();
    void run.driven.then((end) => {
      if (end.at === 'ended') this.endedOrContinued(run.id, end.ended);
      else if (end.at === 'left' && !isTakenOver(end.why)) this.failed(run.id, end.why);
    });
  }

  private endedOrContinued(id: string, ended: EndedRun): void {
    if (ended.successor === undefined) this.ended(id, ended);
    else
      this.follow(ended.successor).then(
        (last) => this.ended(id, last),
        (error: unknown) => this.failed(id, error),
      );
  }

  ended(id: string, ended: EndedRun): void {
    this.take(id)?.resolve(ended);
  }

  failed(id: string, reason: unknown): void {
    this.take(id)?.reject(reason);
  }

  /** Nobody here will learn of any end any more. */
  close(): void {
    for (const id of this.ids) this.failed(id, handedBack(id));
  }

  private take(id: string): Followed | undefined {
    const entry = this.followed.get(id);
    this.followed.delete(id);
    for (const tell of entry?.news ?? []) tell();
    return entry;
  }

  private entry(id: string): Followed {
    const known = this.followed.get(id);
    if (known) return known;
    const { promise, resolve, reject } = Promise.withResolvers<EndedRun>();
    promise.catch(() => undefined); // Somebody may have asked only for what happens in it.
    const entry: Followed = { promise, resolve, reject, news: [] };
    this.followed.set(id, entry);
    return entry;
  }
}

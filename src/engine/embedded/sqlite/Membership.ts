/**
 * This process among those that use a journal: keeps its lease, notices what others change, takes away the rows of those
 * that are gone.
 *
 * Owns: the timers, which keep no process alive. Does not own: the rows of runs. Invariant: only a process that is sure of
 * itself judges others.
 */
import type { DatabaseSync } from 'node:sqlite';
import { SixfoldError } from '../../../kernel/errors.js';
import type { JournalEvents } from '../Journal.js';
import type { GroupCommit } from './GroupCommit.js';
import { type Lease, release } from './Lease.js';
import type { Peer, Peers } from './Peers.js';
import { describe, isPassing } from './sqliteErrors.js';

export interface MembershipOptions {
  readonly file: string;
  readonly leaseMs: number;
  readonly pollMs: number;
}

export class Membership {
  private events: JournalEvents | undefined;
  private readonly timers: NodeJS.Timeout[] = [];
  private reaping: Promise<void> | undefined;
  private seenVersion: unknown;

  constructor(
    private readonly database: DatabaseSync,
    private readonly lease: Lease,
    private readonly peers: Peers,
    private readonly commits: GroupCommit,
    private readonly options: MembershipOptions,
  ) {}

  start(events: JournalEvents): void {
    this.events = events;
    this.seenVersion = this.dataVersion();
    this.timers.push(
      setInterval(() => this.attempt(() => this.beat()), this.options.leaseMs / 3).unref(),
      setInterval(() => this.attempt(() => this.poll()), this.options.pollMs).unref(),
    );
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /** Registers this process again after it lost its lease. @throws what `describe` makes of an error of SQLite */
  enter(): void {
    if (!this.lease.lost) return;
    try {
      this.lease.register();
    } catch (error) {
      throw describe(error, this.options.file);
    }
  }

  /** Gives up the row and the runs that are left; where that cannot be written, others notice that this process is gone. */
  leave(): void {
    if (this.lease.lost) return;
    this.attempt(() => this.lease.release());
  }

  fenced(): void {
    this.events?.fenced();
  }

  isAlive(process: number): boolean {
    return (process === this.lease.process && !this.lease.lost) || this.peers.isAlive(process);
  }

  /** Frees the runs of processes that are gone. */
  async reap(): Promise<void> {
    const dead = this.peers.dead(this.lease.process, this.lease.sure);
    if (dead.length === 0) return;
    this.reaping ??= this.free(dead).finally(() => {
      this.reaping = undefined;
    });
    await this.reaping;
  }

  private async free(dead: readonly Peer[]): Promise<void> {
    const freed = await this.commits.exclusively(() => dead.filter(({ id, beat }) => release(this.database, id, beat)).length);
    if (freed > 0) this.events?.changed();
  }

  private beat(): Promise<void> {
    this.enter();
    return this.commits.beat();
  }

  private poll(): Promise<void> {
    const version = this.dataVersion();
    if (version !== this.seenVersion) {
      this.seenVersion = version;
      this.events?.changed();
    }
    return this.reap();
  }

  private dataVersion(): unknown {
    return this.database.prepare('PRAGMA data_version').get()?.data_version;
  }

  private attempt(work: () => void | Promise<void>): void {
    try {
      work()?.catch((error: unknown) => this.failed(error));
    } catch (error) {
      this.failed(error);
    }
  }

  /** A lock: the next time may be better. An error of ours: who waits for what was written is told of it. Any other is everyone's. */
  private failed(error: unknown): void {
    if (!isPassing(error) && !(error instanceof SixfoldError)) this.commits.end(describe(error, this.options.file));
  }
}

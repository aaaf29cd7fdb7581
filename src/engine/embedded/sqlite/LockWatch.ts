/**
 * Finds out who keeps this process from writing. A process that is stopped inside a commit holds the lock of the file until
 * somebody lets it go on or ends it.
 *
 * Owns: since when the holder has given no sign of life. Does not own: the attempts to write. Invariant: only a process is
 * ended of which pid and start time say that it is the registered one, whose beat is older than the lease, and that the
 * system reports as stopped.
 */
import type { Lease } from './Lease.js';
import type { Peers } from './Peers.js';
import { isStopped } from './processIdentity.js';
import { writeLockHolder } from './writeLockHolder.js';

export interface LockWatchOptions {
  readonly file: string;
  readonly leaseMs: number;
  readonly endStopped: boolean;
}

interface Holder {
  readonly id: number;
  readonly beat: number;
  /** By `performance.now()`. */
  readonly since: number;
}

export class LockWatch {
  private holder: Holder | undefined;

  constructor(
    private readonly peers: Peers,
    private readonly lease: Lease,
    private readonly options: LockWatchOptions,
  ) {}

  /** @returns what is to be said about a lock that has kept this process from writing for so long */
  blocked(forMs: number): string {
    const pid = writeLockHolder(this.options.file);
    const peer = this.peers.all().find((candidate) => candidate.pid === pid && candidate.id !== this.lease.process);
    const now = performance.now();
    if (!peer) this.holder = undefined;
    else if (this.holder?.id !== peer.id || this.holder.beat !== peer.beat) this.holder = { id: peer.id, beat: peer.beat, since: now };
    if (forMs < this.options.leaseMs) return '';
    if (pid === undefined) return ' It is not known which process holds the lock.';
    const holds = ` Process ${pid} holds the lock`;
    if (!peer || !isStopped(pid, peer.identity, this.lease.identity)) return `${holds}.`;
    const stale = this.holder !== undefined && now - this.holder.since >= this.options.leaseMs;
    if (!this.options.endStopped || !stale) {
      return `${holds} and is stopped: let it go on with \`kill -CONT ${pid}\`, or end it with \`kill -9 ${pid}\`.`;
    }
    process.kill(pid, 'SIGKILL');
    return `${holds} and was stopped for longer than its lease; it was ended.`;
  }
}

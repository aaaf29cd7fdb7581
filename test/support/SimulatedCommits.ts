/**
 * What one simulated process writes, in rounds like the real one's: in order, a round whole or not at all, and who waits is
 * answered after that. When either happens is up to the simulation.
 *
 * Owns: what is not committed, and who waits. Does not own: the disk. Invariants: after `kill` nothing reaches the disk and nobody is
 * answered; a process that lost its runs to others commits nothing more.
 */
import type { SimulatedDisk, Write } from './SimulatedDisk.js';

interface Party {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  /** Index of the write whose changed rows it is told. */
  readonly write?: number;
  /** What is done once the round is on the disk, for its value. */
  readonly work?: () => unknown;
  value?: unknown;
}

interface Round {
  readonly writes: Write[];
  readonly parties: Party[];
}

export interface CommitOptions {
  /** Does what brings a round to the disk, and later what answers those who wait. */
  readonly soon: (what: 'commit' | 'answer', step: () => void) => void;
  readonly leaseLost: () => Error;
}

interface CommitEvents {
  fenced(): void;
  /** Something happened. */
  moved(): void;
}

export class SimulatedCommits {
  lost = false;
  private next: Round = { writes: [], parties: [] };
  private current: Round | undefined;
  private scheduled = false;
  private dead = false;

  constructor(
    private readonly disk: SimulatedDisk,
    private readonly process: number,
    private readonly options: CommitOptions,
    private readonly events: CommitEvents,
  ) {}

  get sure(): boolean {
    return !this.lost && !this.dead && this.disk.isAlive(this.process);
  }

  /** Nothing is on its way to the disk. */
  get empty(): boolean {
    return this.next.writes.length === 0 && this.current === undefined;
  }

  get waiting(): readonly Write[] {
    return this.next.writes;
  }

  kill(): void {
    this.dead = true;
    this.drop();
  }

  add(write: Write): void {
    if (this.lost) throw this.options.leaseLost();
    if (!this.dead) this.next.writes.push(write);
  }

  /** Resolves to how many rows the last write changed. */
  told(): Promise<number> {
    return this.join({ write: this.next.writes.length - 1 }) as Promise<number>;
  }

  exclusively<T>(work: () => T): Promise<T> {
    return this.join({ work }) as Promise<T>;
  }

  committed(): Promise<void> {
    if (this.empty && this.sure) return Promise.resolve();
    const round = this.current && this.next.writes.length === 0 ? this.current : this.next;
    return this.join({}, round) as Promise<void>;
  }

  private join(wish: Pick<Party, 'write' | 'work'>, round = this.next): Promise<unknown> {
    if (this.lost) return Promise.reject(this.options.leaseLost());
    return new Promise((resolve, reject) => {
      if (this.dead) return;
      round.parties.push({ resolve, reject, ...wish });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.current || this.scheduled) return;
    this.scheduled = true;
    this.options.soon('commit', () => {
      this.scheduled = false;
      if (this.dead || this.lost) return;
      this.current = this.next;
      this.next = { writes: [], parties: [] };
      if (this.sure) this.commit(this.current);
      else this.loseLease();
    });
  }

  private commit(round: Round): void {
    this.events.moved();
    const changes = round.writes.map((write) => this.disk.apply(write));
    for (const party of round.parties) party.value = party.work ? party.work() : changes[party.write ?? -1];
    if (round.writes.some(({ kind }) => kind === 'post' || kind === 'end' || kind === 'aside')) this.disk.changed();
    this.options.soon('answer', () => this.answer(round));
  }

  /** Nobody is answered on the strength of a lease that is over by then. */
  private answer({ parties }: Round): void {
    this.events.moved();
    if (this.dead || this.lost) return;
    if (!this.sure) {
      this.loseLease();
      return;
    }
    this.current = undefined;
    for (const party of parties) party.resolve(party.value);
    if (this.next.parties.length > 0) this.schedule();
  }

  private loseLease(): void {
    this.lost = true;
    for (const party of this.drop()) party.reject(this.options.leaseLost());
    this.events.fenced();
  }

  private drop(): readonly Party[] {
    const parties = [...(this.current?.parties ?? []), ...this.next.parties];
    this.current = undefined;
    this.next = { writes: [], parties: [] };
    return parties;
  }
}

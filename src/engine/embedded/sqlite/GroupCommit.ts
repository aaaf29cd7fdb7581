/**
 * Everything that this process writes to a journal, in order, as few commits as there can be.
 *
 * Owns: what is not on disk yet, who waits for it, on which thread it is written. Does not own: what the rows mean.
 * Invariants: rows reach the disk in the order they were added, those of one round together or not at all; who waits is
 * answered when everything added before is on disk and the lease is sure (R1, R11). A commit that fails for want of a lock
 * or of room is tried again until the journal is closed; one that finds the lease lost drops everything, and so does one that
 * does not fit to what the file has of some run, after which all runs go on from their last commit; one that fails otherwise
 * breaks the journal.
 */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { InvariantViolation, messageOf, TransientError } from '../../../kernel/errors.js';
import type { Logger } from '../../../kernel/Logger.js';
import { CommitThread } from './CommitThread.js';
import { CommitTimes } from './CommitTimes.js';
import { type Batch, type Commit, commitWriter, type Write } from './commitWriter.js';
import type { Lease } from './Lease.js';
import { writingPragmas } from './openDatabase.js';
import { isPassing, SQLITE, sqliteCode } from './sqliteErrors.js';
import { WRITES, type WriteName } from './writes.js';

/** `auto` writes on the main thread until commits turn out to be slow. */
export type WritesOn = 'auto' | 'inline' | 'thread';

export interface GroupCommitOptions {
  readonly file: string;
  readonly fsync: boolean;
  readonly writes: WritesOn;
  /** How long SQLite waits for another's lock before the commit counts as failed. */
  readonly busyTimeoutMs: number;
}

export interface CommitEvents {
  /** The lease is lost, and all that was not written. */
  fenced(): void;
  /** A lock has kept this process from writing for so long. @returns what is to be said about it besides */
  blocked(forMs: number): string;
}

/** Somebody who is answered when a round is on disk. */
interface Party {
  resolve(value: unknown): void;
  reject(error: unknown): void;
  value: unknown;
  /** Index of the write whose changed rows it is told. */
  readonly write?: number;
  /** What is to be done inside the transaction, for its value. */
  work?: (() => unknown) | undefined;
}

interface Round {
  writes: Write[];
  parties: Party[];
}

/** So often, with less than a minute between, this process lets go of its runs before the journal counts as broken. */
const MISFITS_MAX = 5;
const MISFITS_APART_MS = 60_000;
const RETRY_MS_MAX = { locked: 500, other: 5000 } as const;

export class GroupCommit {
  private next: Round = { writes: [], parties: [] };
  private current: Round | undefined;
  private scheduled = false;
  private over: unknown;
  private retry: NodeJS.Timeout | undefined;
  private blockedSince: number | undefined;
  private misfits = 0;
  private misfitAt = Number.NEGATIVE_INFINITY;
  private thread: CommitThread | undefined;
  /** It could not be started. */
  private threadless = false;
  private readonly times = new CommitTimes();
  private readonly writer: ReturnType<typeof commitWriter>;

  constructor(
    database: DatabaseSync,
    private readonly lease: Lease,
    private readonly options: GroupCommitOptions,
    private readonly events: CommitEvents,
    private readonly logger: Logger,
  ) {
    this.writer = commitWriter(database, WRITES);
  }

  /** Nothing waits for the disk, and nothing was dropped on the way to it. */
  get empty(): boolean {
    return this.next.writes.length === 0 && this.current === undefined && this.over === undefined;
  }

  add(name: WriteName, ...values: SQLInputValue[]): void {
    if (!this.over) this.next.writes.push([name, values]);
  }

  /** Resolves, when it is on disk, to the number of rows that it changed. */
  addTold(name: WriteName, ...values: SQLInputValue[]): Promise<number> {
    this.add(name, ...values);
    return this.join({ write: this.next.writes.length - 1 }) as Promise<number>;
  }

  /** Resolves when all that was added before is on disk and the lease is sure. */
  async committed(): Promise<void> {
    if (this.over) throw this.over;
    if (this.empty && this.lease.sure) return;
    // Nothing was added since the round that is under way, so its end will do.
    if (this.current && this.next.writes.length === 0) await this.join({}, this.current);
    else await this.join({});
  }

  /** A transaction that carries a beat, if one is due; also when there is nothing to write. */
  async beat(): Promise<void> {
    if (this.lease.beatDue) await this.join({});
  }

  /** Does something with the connection inside a transaction, after all that was added before; it may be done again if the commit fails. */
  exclusively<T>(work: () => T): Promise<T> {
    return this.join({ work }) as Promise<T>;
  }

  /** @throws TransientError `JOURNAL_UNWRITTEN` when it cannot be written within that time. */
  async close(boundMs: number): Promise<void> {
    const timer = setTimeout(() => this.end(unwritten(this.options.file, boundMs)), boundMs);
    try {
      while (!this.over && !(this.empty && this.next.parties.length === 0)) await this.committed();
      if (this.over instanceof TransientError) throw this.over;
    } finally {
      clearTimeout(timer);
      this.end(new TransientError('JOURNAL_UNWRITTEN', `${this.options.file} is closed.`));
      await this.thread?.close();
    }
  }

  /** Nothing more is written: everyone who waits is refused. */
  end(why: unknown): void {
    this.over ??= why;
    clearTimeout(this.retry);
    this.drop(this.over);
  }

  private join(wish: Pick<Party, 'write' | 'work'>, round = this.next): Promise<unknown> {
    if (this.over) return Promise.reject(this.over);
    return new Promise((resolve, reject) => {
      round.parties.push({ resolve, reject, value: undefined, ...wish });
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.current || this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      if (this.over) return;
      this.current = this.next;
      this.next = { writes: [], parties: [] };
      this.attempt(this.current, 1);
    });
  }

  private attempt(round: Round, attempt: number): void {
    const at = performance.now();
    const batch = { process: this.lease.process, beat: this.lease.beatDue, writes: round.writes };
    const thread = this.onThread();
    if (thread && (round.writes.length > 0 || !round.parties.some(({ work }) => work))) {
      thread.commit(batch).then(
        (commit) => this.after(round, batch, commit, at),
        (error: unknown) => this.failed(round, error, attempt),
      );
      return;
    }
    let commit: Commit;
    try {
      commit = this.writer(batch, () => {
        for (const party of round.parties) if (party.work) party.value = party.work();
      });
    } catch (error) {
      this.failed(round, error, attempt);
      return;
    }
    if (!commit.fenced) for (const party of round.parties) party.work = undefined;
    this.after(round, batch, commit, at);
  }

  private onThread(): CommitThread | undefined {
    const { writes, file, fsync, busyTimeoutMs } = this.options;
    if (this.threadless || writes === 'inline' || (writes === 'auto' && !this.times.slow)) return undefined;
    this.thread ??= new CommitThread({ file, pragmas: writingPragmas(fsync, busyTimeoutMs), texts: WRITES });
    const { isReady, notStarted } = this.thread;
    if (notStarted) {
      this.threadless = true;
      this.logger.warn(
        `The thread that writes the journal could not be started (${notStarted.message}); it is written on the main thread.`,
      );
    }
    return isReady ? this.thread : undefined;
  }

  private after(round: Round, batch: Batch, commit: Commit, at: number): void {
    if (this.over) return;
    if (commit.fenced) {
      this.loseLease();
      return;
    }
    this.blockedSince = undefined;
    this.times.add(commit.commitMs);
    if (batch.beat) this.lease.proven(at);
    for (const party of round.parties) if (party.write !== undefined && batch.writes.length > 0) party.value = commit.changes[party.write];
    round.writes = [];
    // What the thread does not do, and what was stopped or held up on its way: nobody is answered on the strength of an old beat.
    if (round.parties.some(({ work }) => work) || !this.lease.sure) {
      setImmediate(() => this.over ?? this.attempt(round, 1));
      return;
    }
    this.current = undefined;
    for (const party of round.parties) party.resolve(party.value);
    if (this.next.parties.length > 0) this.schedule();
  }

  private failed(round: Round, error: unknown, attempt: number): void {
    if (this.over) return;
    if (sqliteCode(error) === SQLITE.CONSTRAINT && this.mayLetGo()) {
      this.letGo(error);
      return;
    }
    if (!isPassing(error)) {
      const options = { cause: error };
      this.end(new InvariantViolation('JOURNAL_WRITE_FAILED', `The journal could not be written: ${messageOf(error)}.`, options));
      return;
    }
    this.blockedSince ??= performance.now();
    const isLocked = sqliteCode(error) === SQLITE.BUSY || sqliteCode(error) === SQLITE.LOCKED;
    const waitMs = Math.min(isLocked ? RETRY_MS_MAX.locked : RETRY_MS_MAX.other, 50 * 2 ** attempt);
    const besides = isLocked ? this.events.blocked(performance.now() - this.blockedSince) : '';
    this.logger.warn(`The journal cannot be written (${messageOf(error)}); trying again in ${waitMs} ms. Runs wait.${besides}`);
    this.retry = setTimeout(() => this.attempt(round, attempt + 1), waitMs);
  }

  private mayLetGo(): boolean {
    const now = performance.now();
    this.misfits = now - this.misfitAt < MISFITS_APART_MS ? this.misfits + 1 : 1;
    this.misfitAt = now;
    return this.misfits <= MISFITS_MAX;
  }

  /** What this process knows of some run is not what the file has: as if it had been held up, it starts over with what is on disk. */
  private letGo(error: unknown): void {
    this.logger.error(
      `What this process had of a run does not fit to the journal (${messageOf(error)}). Its runs go on from their last commit.`,
    );
    try {
      this.lease.release();
    } catch (cause) {
      if (!isPassing(cause)) throw cause; // Else others see no more beats, and take the runs.
    }
    this.loseLease();
  }

  private loseLease(): void {
    const first = !this.lease.lost;
    this.lease.lose();
    this.drop(leaseLost());
    if (first) this.events.fenced();
  }

  private drop(why: unknown): void {
    const parties = [...(this.current?.parties ?? []), ...this.next.parties];
    this.current = undefined;
    this.next = { writes: [], parties: [] };
    for (const party of parties) party.reject(why);
  }
}

export function leaseLost(): TransientError {
  return new TransientError(
    'LEASE_LOST',
    'Other processes took this one for dead, after it had been held up for longer than its lease, and have its runs now. Nothing that was not committed will be.',
  );
}

function unwritten(file: string, boundMs: number): TransientError {
  return new TransientError(
    'JOURNAL_UNWRITTEN',
    `${file} could not be written for ${boundMs} ms and was closed. What was not committed is lost from this process, and nobody was told of it; the runs go on from their last commit.`,
    { details: { file } },
  );
}

/**
 * The default engine: runs on one machine, over one journal file that several processes may share.
 *
 * Owns: that it is opened once and closed. Does not own: the journal's file, how runs begin (Starts), the loaded ones (Loads),
 * what is due (Wakeups), what is told to runs (Tracking), the code of commands, which `load` gives.
 */
import { randomUUID } from 'node:crypto';
import type { GateOverride } from '../../abstract/Timeline.js';
import { type Clock, systemClock } from '../../kernel/Clock.js';
import { TransientError, UsageError } from '../../kernel/errors.js';
import type {
  Engine,
  EngineCapabilities,
  EngineSetup,
  ForkPoint,
  QueueEntry,
  Retention,
  RunCheck,
  RunHandle,
  RunHistory,
  RunSummary,
  Settlement,
  Signal,
  StartRequest,
} from '../Engine.js';
import { TurnsToStart } from '../run/TurnsToStart.js';
import type { Stores } from '../stores/Stores.js';
import { Catalogue } from './Catalogue.js';
import { checkRun } from './checkRun.js';
import { Follows } from './Follows.js';
import type { Journal } from './Journal.js';
import { Loads } from './Loads.js';
import { MemoryJournal } from './MemoryJournal.js';
import { Starts } from './Starts.js';
import { LocalStores } from './stores/LocalStores.js';
import { Tracking } from './Tracking.js';
import { Wakeups } from './Wakeups.js';

export interface EmbeddedEngineOptions {
  /**
   * Path of the journal, made if it is missing; any number of processes of one machine may use it together. `:memory:` is a
   * journal that ends with the process: of ended runs without a key it keeps the last 256.
   */
  readonly file: string;
  /** Reads an existing journal; runs cannot be started or resumed. @default false */
  readonly readOnly?: boolean;
  /**
   * `power`: what was answered survives a loss of power (fsync at every commit). `process`: it survives the end of the
   * process, and the last commits may be lost with the power. @default 'power'
   */
  readonly durability?: 'power' | 'process';
  /** How long `close` waits for steps under way. @default 5000 */
  readonly drainMs?: number;
  /** How long a step may take to heed its abort signal before it is given up. @default 5000 */
  readonly graceMs?: number;
  /** A run of which nothing has been under way for so long is unloaded until something comes. @default 1000 */
  readonly unloadAfterMs?: number;
  /** Another process that gives no sign of life for so long is taken for dead, and its runs are gone on with. @default 10_000 */
  readonly leaseMs?: number;
  /**
   * Ends (SIGKILL) another process that uses the journal when it was stopped (SIGSTOP) in the middle of a commit, past its
   * lease, and so keeps all others from writing. Its pid and start time are checked. @default false: a warning names it
   */
  readonly endStopped?: boolean;
  /** Steps of resumed runs that may be under way at once, so that a start after a crash does not run everything together. @default 100 */
  readonly resumedStepsMax?: number;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** Keeps runs in one SQLite file. Hand it to `sixfoldModule`. */
export function embeddedEngine(options: EmbeddedEngineOptions): Engine {
  return new EmbeddedEngine(options);
}

/** So many ended runs are pruned in one commit. */
const PRUNED_MAX = 256;

interface Opened {
  readonly journal: Journal;
  readonly setup: EngineSetup;
  readonly catalogue: Catalogue;
  readonly follows: Follows;
  readonly tracking: Tracking;
  readonly loads: Loads;
  readonly wakeups: Wakeups;
  readonly starts: Starts;
  readonly stores: LocalStores;
}

class EmbeddedEngine implements Engine {
  readonly name = 'embedded';
  readonly capabilities: EngineCapabilities = {
    evolution: 'matched',
    undoIntent: 'recorded',
    fork: true,
    reopen: true,
    settle: true,
    check: true,
    auditChain: true,
    erase: true,
    keyRetention: 'until-pruned',
    progress: 'where-driven',
  };
  private readonly clock: Clock;
  private readonly seedRoot = randomUUID();
  private seeds = 0;
  private closing: Promise<void> | undefined;
  private opened: Opened | undefined;

  constructor(private readonly options: EmbeddedEngineOptions) {
    this.clock = options.clock ?? systemClock;
  }

  async open(setup: EngineSetup): Promise<void> {
    if (this.opened || this.closing)
      throw new UsageError('ENGINE_OPENED_TWICE', 'An engine is opened once. Make another one with embeddedEngine.');
    const opened = this.assemble(await this.openJournal(setup), setup);
    for (const limits of setup.queues) opened.wakeups.knowQueue(limits);
    this.opened = opened;
    const changed = (): void => {
      opened.wakeups.lookAtFollowed();
      opened.stores.changed();
    };
    opened.journal.attach({ changed, fenced: () => this.abandonRuns() }, setup.commands);
  }

  private assemble(journal: Journal, setup: EngineSetup): Opened {
    const { clock } = this;
    const newSeed = (): string => this.newSeed();
    const look = (): void => wakeups.look();
    const follows = new Follows((runId) => tracking.follow(runId));
    const catalogue = new Catalogue(journal, (runId) => loads.standstillOf(runId));
    const tracking = new Tracking({
      journal,
      catalogue,
      follows,
      clock,
      secrets: setup.secrets,
      loads: () => loads,
      look,
      handOutMail: () => wakeups.handOutMail(),
    });
    const loads: Loads = new Loads({
      journal,
      setup,
      follows,
      clock,
      graceMs: this.options.graceMs ?? 5000,
      asideAfterMs: () => (wakeups.isAdopting ? (this.options.unloadAfterMs ?? 1000) : undefined),
      tracker: tracking,
      catalogue,
      turns: new TurnsToStart(clock, this.options.resumedStepsMax ?? 100),
      newSeed,
      newId: randomUUID,
      look,
      lookAtFollowed: () => wakeups.lookAtFollowed(),
      handOut: (run) => wakeups.handOut(run),
    });
    const wakeups: Wakeups = new Wakeups({ journal, follows, loads, clock, logger: setup.logger, catalogue });
    const starts = new Starts({ journal, setup, clock, catalogue, loads, tracking, wakeups, newSeed });
    const stores = new LocalStores(journal.tables, clock, closed);
    return { journal, setup, catalogue, follows, tracking, loads, wakeups, starts, stores };
  }

  private async openJournal(setup: EngineSetup): Promise<Journal> {
    const { file, readOnly = false, durability = 'power', leaseMs, endStopped = false } = this.options;
    if (file === ':memory:') return new MemoryJournal();
    const { SqliteJournal } = await import('./SqliteJournal.js'); // Late: not every program that imports this opens a file.
    const lease = leaseMs === undefined ? {} : { leaseMs };
    return new SqliteJournal({ file, readOnly, fsync: durability === 'power', endStopped, ...lease }, setup.logger);
  }

  /** Other processes took this one for dead, and go on with its runs. */
  private abandonRuns(): void {
    if (!this.opened) return;
    const { loads, setup } = this.opened;
    const lost = new TransientError(
      'LEASE_LOST',
      'This process gave no sign of life for too long, so that others go on with its runs. Nothing of them is done here any more.',
    );
    setup.logger.warn(lost.message, { runs: loads.residents.list.length });
    for (const { execution } of loads.residents.list) execution.abandon(lost);
  }

  adopt(): Promise<void> {
    return this.writable().wakeups.adopt();
  }

  start(request: StartRequest): Promise<RunHandle> {
    try {
      return this.writable().starts.start(request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async resume(runId: string): Promise<RunHandle> {
    return this.writable().starts.resume(runId);
  }

  async resumeByKey(command: string, key: string): Promise<RunHandle | undefined> {
    return this.writable().starts.resumeByKey(command, key);
  }

  async reopen(runId: string): Promise<RunHandle> {
    return this.writable().starts.reopen(runId);
  }

  async settle(runId: string, settlement: Settlement): Promise<RunHandle> {
    return this.writable().starts.settle(runId, settlement);
  }

  async fork(runId: string, from: ForkPoint, queue?: QueueEntry): Promise<RunHandle> {
    return this.writable().starts.fork(runId, from, queue);
  }

  async notify(runId: string, signal: Signal): Promise<void> {
    await this.writable().tracking.notify(runId, signal);
  }

  async cancel(runId: string, reason: string): Promise<void> {
    await this.writable().tracking.cancel(runId, reason);
  }

  async override(runId: string, gate: string, override: GateOverride): Promise<void> {
    await this.writable().tracking.override(runId, gate, override);
  }

  async query(runId: string): Promise<string | undefined> {
    const { journal, catalogue } = this.readable();
    if (!this.options.readOnly) await journal.committed();
    return journal.published(catalogue.lastOf(runId));
  }

  async *check(): AsyncIterable<RunCheck> {
    const { journal, setup } = this.readable();
    if (!this.options.readOnly) await journal.committed();
    for (const run of journal.openRuns()) yield await checkRun(journal, run, { setup, clock: this.clock });
  }

  async prune({ endedBefore, what }: Retention): Promise<number> {
    const { journal, wakeups } = this.writable();
    for (let count = 0; ; ) {
      const pruned = await journal.prune({ before: endedBefore, limit: PRUNED_MAX, what });
      count += pruned;
      if (pruned > 0) continue;
      wakeups.lookAtFollowed();
      return count;
    }
  }

  async list(limit: number): Promise<readonly RunSummary[]> {
    return this.readable().catalogue.list(limit);
  }

  async history(runId: string): Promise<RunHistory> {
    return this.readable().catalogue.history(runId);
  }

  get stores(): Stores {
    return this.writable().stores.ports;
  }

  close(): Promise<void> {
    this.closing ??= this.drainAndClose();
    return this.closing;
  }

  private async drainAndClose(): Promise<void> {
    if (!this.opened) return;
    const { journal, loads, wakeups, follows, tracking, stores } = this.opened;
    stores.close();
    const handBack = (): void => {
      for (const { execution } of loads.residents.list) execution.handBack(this.options.drainMs ?? 5000);
    };
    handBack();
    await wakeups.stop();
    loads.close();
    handBack(); // Those that were being loaded.
    await Promise.all(loads.residents.list.map(({ driven }) => driven));
    tracking.close();
    follows.close();
    this.opened = undefined;
    await journal.close();
  }

  /** Different for every run, and not to be guessed from another's. */
  private newSeed(): string {
    this.seeds += 1;
    return `${this.seedRoot}.${this.seeds}`;
  }

  private readable(): Opened {
    if (this.opened) return this.opened;
    throw closed();
  }

  private writable(): Opened {
    if (this.options.readOnly)
      throw new UsageError(
        'ENGINE_READ_ONLY',
        `${this.options.file} was opened for reading only: runs cannot be started or resumed, and stores not used.`,
      );
    if (this.opened && !this.closing) return this.opened;
    throw closed();
  }
}

function closed(): UsageError {
  return new UsageError('ENGINE_CLOSED', 'The engine is not open. Start it with startSixfold, and use it before that is disposed.');
}

/**
 * The default engine: runs on one machine, over one journal file.
 *
 * Owns: the journal, the runs that are loaded. Does not own: the code of commands, which `load` gives.
 * Invariant: a run is loaded at most once at a time.
 */
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../kernel/Clock.js';
import { UsageError } from '../../kernel/errors.js';
import type { EndedRun, Engine, EngineSetup, Program, RunHandle, RunHistory, RunState, RunSummary, StartRequest } from '../Engine.js';
import { RunWatch } from '../RunWatch.js';
import { Execution } from './Execution.js';
import { Journal, type RunRow } from './Journal.js';
import { RunLog, verifyChain } from './RunLog.js';

export interface EmbeddedEngineOptions {
  /** Path of the journal, made if it is missing; `:memory:` keeps nothing. */
  readonly file: string;
  /** Reads an existing journal, also while another process writes to it; runs cannot be started or resumed. @default false */
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
  /** @default the machine's */
  readonly clock?: Clock;
}

interface Loaded {
  readonly run: RunRow;
  readonly execution: Execution;
  readonly watch: RunWatch;
  readonly ended: Promise<EndedRun>;
}

/** Keeps runs in one SQLite file. Hand it to `sixfoldModule`. */
export function embeddedEngine(options: EmbeddedEngineOptions): Engine {
  return new EmbeddedEngine(options);
}

class EmbeddedEngine implements Engine {
  readonly name = 'embedded';
  private readonly clock: Clock;
  private readonly loaded = new Map<string, Loaded>();
  private closing: Promise<void> | undefined;
  private opened: { readonly journal: Journal; readonly setup: EngineSetup } | undefined;

  constructor(private readonly options: EmbeddedEngineOptions) {
    this.clock = options.clock ?? systemClock;
  }

  async open(setup: EngineSetup): Promise<void> {
    if (this.opened || this.closing)
      throw new UsageError('ENGINE_OPENED_TWICE', 'An engine is opened once. Make another one with embeddedEngine.');
    const { file, readOnly = false, durability = 'power' } = this.options;
    this.opened = { setup, journal: new Journal({ file, readOnly, fsync: durability === 'power' }, setup.logger) };
  }

  async start(request: StartRequest): Promise<RunHandle> {
    const { journal, setup } = this.writable();
    const known = request.key === undefined ? undefined : this.runOfKey(request.command, request.key);
    if (known) return this.sameRun(known, request);
    const run = journal.newRun({ ...request, key: request.key ?? null, id: randomUUID(), seed: randomUUID(), startedAt: this.clock.now() });
    const program = setup.load(run); // May refuse, so before anything is recorded.
    journal.addRun(run);
    const handle = this.launch(program, RunLog.begin(journal, run));
    await journal.committed(); // R1: nobody learns the id of a run that a crash could lose.
    return handle;
  }

  async resume(runId: string): Promise<RunHandle> {
    const { journal, setup } = this.writable();
    await journal.committed(); // What earlier loads added is read back below.
    const run = this.find(runId);
    const loaded = this.loaded.get(run.id);
    if (loaded) return handleOf(run.id, loaded);
    if (run.status !== null) return this.endedHandle(run);
    const program = setup.load(run);
    const log = RunLog.read(journal, run);
    log.append({ kind: 'resumed', at: this.clock.now(), label: `process ${process.pid}` });
    return this.launch(program, log);
  }

  async list(limit: number): Promise<readonly RunSummary[]> {
    return this.journal.latestRuns(limit).map((run) => this.summaryOf(run));
  }

  async history(runId: string): Promise<RunHistory> {
    const run = this.find(runId);
    const records = this.journal.records(run.rowId);
    verifyChain(run, records);
    return { ...this.summaryOf(run), records };
  }

  async interrupted(): Promise<readonly string[]> {
    return this.journal
      .openRuns()
      .filter((run) => !this.loaded.has(run.id))
      .map((run) => run.id);
  }

  close(): Promise<void> {
    this.closing ??= this.drainAndClose();
    return this.closing;
  }

  private async drainAndClose(): Promise<void> {
    if (!this.opened) return;
    const { journal } = this.opened;
    for (const { execution } of this.loaded.values()) execution.handBack(this.options.drainMs ?? 5000);
    await Promise.allSettled([...this.loaded.values()].map(({ ended }) => ended));
    this.opened = undefined;
    await journal.close();
  }

  private launch(program: Program, log: RunLog): RunHandle {
    const { journal, setup } = this.writable();
    const watch = new RunWatch();
    const { codec, logger } = setup;
    const parts = { journal, log, program, codec, logger, clock: this.clock, watch, graceMs: this.options.graceMs ?? 5000 };
    const execution = new Execution(parts);
    const ended = execution.drive().finally(() => {
      this.loaded.delete(log.run.id);
      watch.end();
    });
    ended.catch(() => undefined); // Whoever asks for the end gets it; nobody has to.
    const loaded = { run: log.run, execution, watch, ended };
    this.loaded.set(log.run.id, loaded);
    return handleOf(log.run.id, loaded);
  }

  private runOfKey(command: string, key: string): RunRow | undefined {
    const live = [...this.loaded.values()].find(({ run }) => run.command === command && run.key === key);
    return live?.run ?? this.journal.runByKey(command, key);
  }

  private async sameRun(run: RunRow, request: StartRequest): Promise<RunHandle> {
    if (run.params !== request.params) {
      throw new UsageError(
        'KEY_REUSED',
        `The key "${request.key}" of ${request.command} belongs to run ${run.id}, which has other params. Use another key, or the same params.`,
        { details: { key: request.key, command: request.command, run: run.id } },
      );
    }
    return this.resume(run.id);
  }

  private endedHandle(run: RunRow): RunHandle {
    const { journal } = this.writable();
    const { result, error, report } = JSON.parse(RunLog.read(journal, run).earlier.at(-1)?.body ?? '{}') as EndedRun;
    const { status, endedAt } = run as RunRow & Pick<EndedRun, 'status' | 'endedAt'>; // The caller checked the status.
    const watch = new RunWatch();
    watch.publish({ type: 'ended', at: endedAt, status });
    watch.end();
    return {
      id: run.id,
      ended: () => Promise.resolve({ ...run, status, endedAt, result, error, report }),
      watch: () => watch.observe(),
      cancel: () => Promise.resolve(),
    };
  }

  private find(runId: string): RunRow {
    const [run, other] = this.journal.runsByPrefix(runId);
    if (runId !== '' && run && !other) return run;
    const why = other
      ? `"${runId}" is the beginning of several runs; give more of it.`
      : `There is no run "${runId}". \`sixfold runs list\` shows them.`;
    throw new UsageError('RUN_NOT_FOUND', why, { details: { run: runId } });
  }

  private summaryOf(run: RunRow): RunSummary {
    return { ...run, state: this.stateOf(run), steps: this.journal.endedSteps(run.rowId) };
  }

  private stateOf(run: RunRow): RunState {
    if (run.status !== null) return run.status;
    const elsewhere = this.options.readOnly === true && isAlive(this.journal.ownerPid());
    return this.loaded.has(run.id) || elsewhere ? 'running' : 'interrupted';
  }

  private get journal(): Journal {
    if (this.opened) return this.opened.journal;
    throw new UsageError('ENGINE_CLOSED', 'The engine is not open. Start it with startSixfold, and use it before that is disposed.');
  }

  private writable(): { readonly journal: Journal; readonly setup: EngineSetup } {
    if (this.options.readOnly)
      throw new UsageError('ENGINE_READ_ONLY', `${this.options.file} was opened for reading only: runs cannot be started or resumed.`);
    if (this.opened && !this.closing) return this.opened;
    throw new UsageError('ENGINE_CLOSED', 'The engine is not open. Start it with startSixfold, and use it before that is disposed.');
  }
}

function handleOf(id: string, { ended, watch, execution }: Loaded): RunHandle {
  return { id, ended: () => ended, watch: () => watch.observe(), cancel: (reason) => execution.cancel(reason) };
}

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The default engine: runs on one machine, over one journal file.
 *
 * Owns: the journal, the runs that are loaded. Does not own: the code of commands, which `load` gives.
 * Invariant: a run is loaded at most once at a time.
 */
import { randomUUID } from 'node:crypto';
import type { RunTrace } from '../../abstract/Telemetry.js';
import { type Clock, systemClock } from '../../kernel/Clock.js';
import { Carried } from '../../kernel/codec/Carried.js';
import { UsageError } from '../../kernel/errors.js';
import { Slots } from '../../kernel/Slots.js';
import type { EndedRun, Engine, EngineSetup, Program, RunHandle, RunHistory, RunState, RunSummary, StartRequest } from '../Engine.js';
import { RunWatch } from '../RunWatch.js';
import { Execution } from './Execution.js';
import type { Journal, RunRow } from './Journal.js';
import { LoadedRun } from './LoadedRun.js';
import { MemoryJournal } from './MemoryJournal.js';
import { RunLog, verifyChain } from './RunLog.js';
import { deadlineInPast, runEnded } from './refusals.js';

export interface EmbeddedEngineOptions {
  /**
   * Path of the journal, made if it is missing. `:memory:` is a journal that ends with the process: of ended runs without
   * a key it keeps the last 256.
   */
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

/** The body of the record that ends a run. */
interface EndBody {
  readonly result: string | undefined;
  readonly error: string | undefined;
  readonly report: string;
}

/** Keeps runs in one SQLite file. Hand it to `sixfoldModule`. */
export function embeddedEngine(options: EmbeddedEngineOptions): Engine {
  return new EmbeddedEngine(options);
}

class EmbeddedEngine implements Engine {
  readonly name = 'embedded';
  private readonly clock: Clock;
  private readonly loaded = new Slots<LoadedRun>();
  private readonly seedRoot = randomUUID();
  private seeds = 0;
  private closing: Promise<void> | undefined;
  private opened: { readonly journal: Journal; readonly setup: EngineSetup } | undefined;

  constructor(private readonly options: EmbeddedEngineOptions) {
    this.clock = options.clock ?? systemClock;
  }

  async open(setup: EngineSetup): Promise<void> {
    if (this.opened || this.closing)
      throw new UsageError('ENGINE_OPENED_TWICE', 'An engine is opened once. Make another one with embeddedEngine.');
    const { file, readOnly = false, durability = 'power' } = this.options;
    if (file === ':memory:') {
      this.opened = { setup, journal: new MemoryJournal() };
      return;
    }
    const { SqliteJournal } = await import('./SqliteJournal.js'); // Late: not every program that imports this opens a file.
    this.opened = { setup, journal: new SqliteJournal({ file, readOnly, fsync: durability === 'power' }, setup.logger) };
  }

  async start(request: StartRequest): Promise<RunHandle> {
    const { journal, setup } = this.writable();
    const known = request.key === undefined ? undefined : this.runOfKey(request.command, request.key);
    if (known) return this.sameRun(known, request);
    const { command, version, fingerprint, params, principal, key = null, deadline, parent } = request;
    if (deadline !== undefined && deadline <= this.clock.now()) throw deadlineInPast(command, deadline);
    const id = randomUUID();
    const run = journal.newRun(
      {
        id,
        command,
        version,
        fingerprint,
        params,
        principal,
        key,
        seed: this.newSeed(),
        startedAt: this.clock.now(),
      },
      parent !== undefined,
    );
    const program = setup.load(run, { deadline, parent, traceparent: undefined }); // May refuse, so before anything is recorded.
    const trace = setup.telemetry.begin({ runId: id, command, version, resumed: false, traceparent: undefined });
    journal.addRun(run);
    const handle = this.launch(program, RunLog.begin(journal, run, { deadline, parent, traceparent: trace.traceparent }), trace);
    if (!journal.idle) await journal.committed(); // R1: nobody learns the id of a run that a crash could lose.
    return handle;
  }

  async resume(runId: string): Promise<RunHandle> {
    const { journal, setup } = this.writable();
    await journal.committed(); // What earlier loads added is read back below.
    const run = this.find(runId);
    const loaded = this.loadedRun(run.id);
    if (loaded) return loaded;
    if (run.status !== null) return this.endedHandle(run);
    const log = RunLog.read(journal, run);
    const program = setup.load(run, log.origin);
    const { command, version } = run;
    const trace = setup.telemetry.begin({ runId: run.id, command, version, resumed: true, traceparent: log.origin.traceparent });
    log.append({ kind: 'resumed', at: this.clock.now(), label: `process ${process.pid}` });
    return this.launch(program, log, trace);
  }

  async list(limit: number): Promise<readonly RunSummary[]> {
    return this.journal.latestRuns(limit).map((run) => this.summaryOf(run));
  }

  async history(runId: string): Promise<RunHistory> {
    const run = this.find(runId);
    const records = this.journal.records(run);
    verifyChain(run, records);
    return { ...this.summaryOf(run), records };
  }

  async interrupted(): Promise<readonly string[]> {
    const loaded = new Set(this.loaded.list.map(({ run }) => run.id));
    return this.journal
      .openRuns()
      .map(({ id }) => id)
      .filter((id) => !loaded.has(id));
  }

  close(): Promise<void> {
    this.closing ??= this.drainAndClose();
    return this.closing;
  }

  private async drainAndClose(): Promise<void> {
    if (!this.opened) return;
    const { journal } = this.opened;
    for (const { execution } of this.loaded.list) execution.handBack(this.options.drainMs ?? 5000);
    await Promise.allSettled(this.loaded.list.map((run) => run.ended()));
    this.opened = undefined;
    await journal.close();
  }

  /** Different for every run, and not to be guessed from another's. */
  private newSeed(): string {
    this.seeds += 1;
    return `${this.seedRoot}.${this.seeds}`;
  }

  private launch(program: Program, log: RunLog, trace: RunTrace): RunHandle {
    const { journal, setup } = this.writable();
    const watch = new RunWatch(log.loads, (happening, at) => program.progress(happening, at));
    const { codec, logger, secrets } = setup;
    const graceMs = this.options.graceMs ?? 5000;
    const execution = new Execution({ journal, log, program, codec, logger, secrets, trace, clock: this.clock, watch, graceMs });
    const run = new LoadedRun(log.run, execution, watch, this.unload);
    this.loaded.add(run);
    return run;
  }

  private readonly unload = (run: LoadedRun): void => this.loaded.remove(run);

  private loadedRun(id: string): LoadedRun | undefined {
    return this.loaded.find(({ run }) => run.id === id);
  }

  private runOfKey(command: string, key: string): RunRow | undefined {
    const live = this.loaded.find(({ run }) => run.command === command && run.key === key);
    return live?.run ?? this.journal.runByKey(command, key);
  }

  private async sameRun(run: RunRow, request: StartRequest): Promise<RunHandle> {
    const sameParams = run.params.text === request.params.text;
    const differs = sameParams ? 'another principal' : 'other params';
    if (!sameParams || run.principal !== request.principal) {
      throw new UsageError(
        'KEY_REUSED',
        `The key "${request.key}" of ${request.command} belongs to run ${run.id}, which has ${differs}. Use another key, or the same ones.`,
        { details: { key: request.key, command: request.command, run: run.id } },
      );
    }
    return this.resume(run.id);
  }

  private endedHandle(run: RunRow): RunHandle {
    const { journal } = this.writable();
    const { result, error, report } = JSON.parse(RunLog.read(journal, run).earlier.at(-1)?.body ?? '{}') as EndBody;
    const { id, startedAt, status, endedAt } = run as RunRow & Pick<EndedRun, 'status' | 'endedAt'>; // The caller checked the status.
    const carried = result === undefined ? undefined : Carried.ofText(result);
    const watch = new RunWatch(Number.POSITIVE_INFINITY, () => ({ done: 1 }));
    watch.publish({ type: 'ended', status }, endedAt);
    watch.end();
    return {
      id,
      ended: () => Promise.resolve({ id, startedAt, status, endedAt, result: carried, error, report: () => report }),
      watch: (after) => watch.observe(after),
      cancel: () => Promise.resolve(),
      override: () => Promise.reject(runEnded(run.id)),
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
    const { id, command, version, params, principal, key, fingerprint, startedAt, endedAt } = run;
    const started = { id, command, version, params, principal, key, fingerprint, startedAt };
    return { ...started, endedAt, state: this.stateOf(run), steps: this.journal.endedSteps(run) };
  }

  private stateOf(run: RunRow): RunState {
    if (run.status !== null) return run.status;
    const elsewhere = this.options.readOnly === true && isAlive(this.journal.ownerPid());
    return elsewhere || this.loadedRun(run.id) ? 'running' : 'interrupted';
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

function isAlive(pid: number | undefined): boolean {
  if (pid === undefined) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

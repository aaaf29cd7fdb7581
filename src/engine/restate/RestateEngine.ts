/**
 * Runs on a Restate cluster, which keeps the records of each run in the journal of an invocation and brings that to a worker that is alive.
 *
 * Owns: that the engine is opened once and closed. Does not own: the server; how runs are driven (Sessions, Invocation), followed (RunTracker)
 * and read (Inspection).
 */
import type { GateOverride } from '../../abstract/Timeline.js';
import { type Clock, systemClock } from '../../kernel/Clock.js';
import { messageOf, UsageError } from '../../kernel/errors.js';
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
  Serving,
  Settlement,
  Signal,
  StartRequest,
} from '../Engine.js';
import { notOnEngine } from '../notOnEngine.js';
import { outcomeForParent } from '../run/pastRun.js';
import { checkedOverride } from '../run/refusals.js';
import { TurnsToStart } from '../run/TurnsToStart.js';
import type { Stores } from '../stores/Stores.js';
import { Admin } from './Admin.js';
import { checkedUrl, checkKeys, checkSize, checkSpans, unsigned } from './checkedOptions.js';
import { commandService } from './commandService.js';
import { closed, Ingress } from './Ingress.js';
import { Inspection } from './Inspection.js';
import { lockObject } from './lockObject.js';
import { PausedRuns } from './PausedRuns.js';
import { queueObject } from './queueObject.js';
import { restateStores } from './RestateStores.js';
import { addressOf } from './RunAddress.js';
import { brokenRun } from './RunEnd.js';
import { RunStarts, successorOf } from './RunStarts.js';
import { RunTracker } from './RunTracker.js';
import { Sessions } from './Sessions.js';
import { restateSdk } from './sdk.js';
import { stateObject } from './stateObject.js';
import { topicObject } from './topicObject.js';
import { type ListenOptions, Worker } from './Worker.js';

export interface RestateEngineOptions {
  /** Where runs are begun: the address of Restate's ingress. */
  readonly ingressUrl: string;
  /**
   * The address of Restate's admin interface. A worker is made known there, and runs are listed and read from it. It has no authentication: keep
   * it where only operators reach it. @default none: workers are registered by hand, and what needs it is refused
   */
  readonly adminUrl?: string;
  /**
   * Serves the commands of this application as a worker, from when the engine adopts: with `resume: false` it does not. @default none: runs are
   * begun and followed, and none is driven here
   */
  readonly listen?: ListenOptions;
  /** Public keys (`publickeyv1_…`) of the Restate cluster: a worker takes no request that is not signed with one of them. */
  readonly identityKeys?: readonly string[];
  /** A worker without `identityKeys` takes every request that reaches it. For tests. @default false */
  readonly acceptUnsigned?: boolean;
  /** How long a request to Restate is tried before it is given up. @default 10_000 */
  readonly requestTimeoutMs?: number;
  /** How long `close` waits for steps under way. @default 5000 */
  readonly drainMs?: number;
  /** How long a step may take to heed its abort signal before it is given up. @default 5000 */
  readonly graceMs?: number;
  /** The code of a run of which nothing has been under way for so long is dropped until something comes. @default 1000 */
  readonly unloadAfterMs?: number;
  /** How long Restate keeps a run that has ended, and its key. @default 7 days */
  readonly retentionMs?: number;
  /** @default the machine's */
  readonly clock?: Clock;
}

/** Keeps runs in a Restate cluster. Hand it to `sixfoldModule`. */
export function restateEngine(options: RestateEngineOptions): Engine {
  return new RestateEngine(options);
}

const DAY_MS = 86_400_000;
const REQUEST_MS = 10_000;
/** A run whose invocation was cut off waits so long for the next one. */
const KEPT_MS = 10_000;
/** Steps of resumed runs that may be under way at once. */
const RESUMED_STEPS_MAX = 100;

interface Opened {
  readonly setup: EngineSetup;
  readonly tracker: RunTracker;
  readonly starts: RunStarts;
  readonly stores: Stores;
  readonly sessions: Sessions | undefined;
  readonly worker: Worker | undefined;
  /** Name that Restate gave it. */
  readonly deployment: string | undefined;
}

interface Served {
  readonly setup: EngineSetup;
  readonly sessions: Sessions;
}

class RestateEngine implements Engine {
  readonly name = 'restate';
  readonly capabilities: EngineCapabilities = {
    evolution: 'pinned',
    undoIntent: 'recorded',
    fork: true,
    reopen: true,
    settle: true,
    check: false,
    auditChain: true,
    erase: false,
    keyRetention: 'limited',
    progress: 'where-driven',
  };
  private readonly clock: Clock;
  private readonly ingress: Ingress;
  private readonly adminApi: Admin | undefined;
  private opened: Opened | undefined;
  private adopting: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  constructor(private readonly options: RestateEngineOptions) {
    const { ingressUrl, adminUrl, requestTimeoutMs: timeoutMs = REQUEST_MS, clock = systemClock } = options;
    const { drainMs, graceMs, unloadAfterMs, retentionMs } = options;
    checkSpans({ requestTimeoutMs: timeoutMs, drainMs, graceMs, unloadAfterMs, retentionMs });
    checkKeys(options.identityKeys ?? []);
    this.clock = clock;
    this.ingress = new Ingress({ url: checkedUrl('ingressUrl', ingressUrl), timeoutMs });
    this.adminApi = adminUrl === undefined ? undefined : new Admin({ url: checkedUrl('adminUrl', adminUrl), timeoutMs });
  }

  async open(setup: EngineSetup): Promise<void> {
    if (this.opened || this.closing)
      throw new UsageError('ENGINE_OPENED_TWICE', 'An engine is opened once. Make another one with restateEngine.');
    const { listen } = this.options;
    const { ingress, clock } = this;
    const sessions = listen && this.sessionsFor(setup, nothingIn(setup));
    const paused = this.adminApi && new PausedRuns(this.adminApi);
    const encode = (error: Error): string => setup.codec.encode(error, 'the error of the run');
    const tracker = new RunTracker({
      ingress,
      sessions,
      paused,
      broken: (runId, why) => brokenRun(runId, why, { encode, now: clock.now() }),
      cancel: (runId, reason) => this.cancel(runId, reason),
      override: (runId, gate, override) => this.override(runId, gate, override),
    });
    const starts = new RunStarts({ ingress, setup, clock, tracker, sessions, paused, inspection: (what) => this.inspection(what) });
    const stores = restateStores({
      ingress,
      sliceMs: (this.options.requestTimeoutMs ?? REQUEST_MS) / 2,
      refuseClosed: () => this.refuseClosed(),
    });
    this.opened = { setup, tracker, sessions, starts, stores, worker: undefined, deployment: undefined };
  }

  private async serve(listen: ListenOptions, { setup, sessions }: Served): Promise<Worker> {
    const { identityKeys = [], acceptUnsigned = false, retentionMs = 7 * DAY_MS } = this.options;
    if (identityKeys.length === 0 && !acceptUnsigned) throw unsigned();
    const sdk = await restateSdk();
    const commands = setup.commands.map((name) => commandService(name, sdk, sessions, { nothing: nothingIn(setup), retentionMs }));
    return Worker.start({
      sdk,
      services: [...commands, queueObject(sdk), stateObject(sdk), lockObject(sdk), topicObject(sdk)],
      listen,
      identityKeys,
      logger: setup.logger,
    });
  }

  private sessionsFor(setup: EngineSetup, nothing: string): Sessions {
    const { clock } = this;
    const { graceMs = 5000, unloadAfterMs = 1000 } = this.options;
    return new Sessions({
      setup,
      clock,
      graceMs,
      unloadAfterMs,
      keptMs: KEPT_MS,
      turns: new TurnsToStart(clock, RESUMED_STEPS_MAX),
      successorOf: (run, origin, legacy) => successorOf(run, origin, { legacy, now: clock.now() }),
      cancelChild: (runId, reason) => {
        this.cancel(runId, reason).catch((error: unknown) => {
          setup.logger.warn(`Run ${runId} could not be cancelled with its parent: ${messageOf(error)}`, { run: runId });
        });
      },
      endOfChild: async (runId) => {
        const { ended } = await this.present.tracker.placeOf(runId);
        return ended && outcomeForParent(ended, nothing);
      },
    });
  }

  get serving(): Serving | undefined {
    const { worker, deployment } = this.opened ?? {};
    return worker && { url: worker.url, deployment };
  }

  /** Begins to listen and makes this worker known: what is begun from now on, and what waits for one, comes to it. */
  adopt(): Promise<void> {
    this.adopting ??= this.beginServing().catch((error: unknown) => {
      this.adopting = undefined; // It may be tried again.
      throw error;
    });
    return this.adopting;
  }

  private async beginServing(): Promise<void> {
    this.refuseClosed();
    const { setup, sessions, worker: known } = this.present;
    const { listen } = this.options;
    if (!listen || !sessions) return;
    const worker = known ?? (await this.serve(listen, { setup, sessions }));
    if (this.closing) await worker.close(); // It was closed meanwhile, and knows nothing of this worker.
    this.refuseClosed();
    this.opened = { ...this.present, worker };
    const deployment = await this.adminApi?.register(worker.url).finally(() => this.refuseClosed());
    this.opened = { ...this.present, deployment };
  }

  /** What is begun by a run that is still being finished is begun although the engine is being closed. */
  start(request: StartRequest): Promise<RunHandle> {
    return this.ready((starts) => starts.start(request), request.parent !== undefined);
  }

  resume(runId: string): Promise<RunHandle> {
    return this.ready((starts) => starts.resume(runId));
  }

  resumeByKey(command: string, key: string): Promise<RunHandle | undefined> {
    return this.ready((starts) => starts.resumeByKey(command, key));
  }

  reopen(runId: string): Promise<RunHandle> {
    return this.ready((starts) => starts.reopen(runId));
  }

  settle(runId: string, settlement: Settlement): Promise<RunHandle> {
    return this.ready((starts) => starts.settle(runId, settlement));
  }

  fork(runId: string, from: ForkPoint, queue?: QueueEntry): Promise<RunHandle> {
    return this.ready((starts) => starts.fork(runId, from, queue));
  }

  async notify(runId: string, signal: Signal): Promise<void> {
    this.refuseClosed();
    checkSize(signal);
    await this.present.tracker.post(runId, { kind: 'signal', ...signal });
  }

  async cancel(runId: string, reason: string): Promise<void> {
    const { tracker, setup } = this.present;
    try {
      await tracker.post(runId, { kind: 'cancel', reason: setup.secrets.redact(reason) });
    } catch (error) {
      if (!(error instanceof UsageError && error.code === 'RUN_ENDED')) throw error; // It was faster.
    }
  }

  async override(runId: string, gate: string, override: GateOverride): Promise<void> {
    const { by, reason } = checkedOverride(gate, override);
    this.refuseClosed();
    await this.present.tracker.post(runId, { kind: 'override', gate, by, reason });
  }

  async query(runId: string): Promise<string | undefined> {
    const { run, turn } = await this.present.tracker.placeOf(runId);
    return (await this.ingress.call<string | null>(addressOf(run, turn), 'query')) ?? undefined;
  }

  /** A run ends with the code that it was begun with, so no other code has to agree with it. */
  check(): AsyncIterable<RunCheck> {
    throw notOnEngine(this.name, 'check', 'a run ends on the deployment that it was begun on. Keep that until its runs have ended');
  }

  async prune({ endedBefore, what }: Retention): Promise<number> {
    if (what === 'bodies') {
      throw notOnEngine(this.name, 'prune of bodies', 'Restate keeps what it recorded or removes it. Prune whole runs, or set retentionMs');
    }
    return this.inspection('prune').prune(endedBefore);
  }

  async list(limit: number): Promise<readonly RunSummary[]> {
    const inspection = this.inspection('list');
    return (await inspection.latest(limit)).map((run) => inspection.summaryOf(run));
  }

  history(runId: string): Promise<RunHistory> {
    return this.inspection('history').history(runId);
  }

  get stores(): Stores {
    this.refuseClosed();
    return this.present.stores;
  }

  close(): Promise<void> {
    this.closing ??= this.drainAndClose();
    return this.closing;
  }

  private async drainAndClose(): Promise<void> {
    if (!this.opened) return;
    const { sessions, worker } = this.opened;
    await sessions?.close(this.options.drainMs ?? 5000);
    await worker?.close();
    await this.ingress.close();
    this.opened = undefined;
  }

  private async ready<T>(act: (starts: RunStarts) => Promise<T>, isOfRun = false): Promise<T> {
    if (!isOfRun) this.refuseClosed();
    return act(this.present.starts);
  }

  private get present(): Opened {
    if (this.opened) return this.opened;
    throw closed();
  }

  private refuseClosed(): void {
    if (this.closing || !this.opened) throw closed();
  }

  private inspection(what: string): Inspection {
    return new Inspection(this.admin(what), this.present.setup.commands);
  }

  private admin(what: string): Admin {
    if (this.adminApi) return this.adminApi;
    throw notOnEngine(this.name, what, 'it reads the journals of Restate, for which it needs adminUrl. Give that to restateEngine');
  }
}

/** Text of the codec for a run without result. */
function nothingIn({ codec }: EngineSetup): string {
  return codec.encode(undefined, 'nothing');
}

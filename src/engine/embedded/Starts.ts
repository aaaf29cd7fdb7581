/**
 * Begins runs, and goes on with those that stand still.
 *
 * Owns: runs with a key that are on their way to the journal. Does not own: what is loaded. Invariants: of one key there is one
 * run (B8); nobody learns the id of a run that a crash could lose (R1).
 */
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../kernel/Clock.js';
import { digest } from '../../kernel/digest.js';
import { UsageError } from '../../kernel/errors.js';
import type { EngineSetup, ForkPoint, QueueEntry, RunHandle, RunOrigin, Settlement, StartRequest } from '../Engine.js';
import { inheritanceOf } from '../run/forkRun.js';
import type { RunRow } from '../run/RunJournal.js';
import { RunLog } from '../run/RunLog.js';
import { deadlineInPast, reopenedByOthers } from '../run/refusals.js';
import { reopeningsOf } from '../run/reopenRun.js';
import { settlementOf } from '../run/settleRun.js';
import type { Catalogue } from './Catalogue.js';
import type { Journal } from './Journal.js';
import type { Loads } from './Loads.js';
import type { Tracking } from './Tracking.js';
import type { Wakeups } from './Wakeups.js';

export interface StartsParts {
  readonly journal: Journal;
  readonly setup: EngineSetup;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
  readonly loads: Loads;
  readonly tracking: Tracking;
  readonly wakeups: Wakeups;
  readonly newSeed: () => string;
}

export class Starts {
  private readonly starting = new Map<string, Promise<unknown>>();

  constructor(private readonly parts: StartsParts) {}

  start(request: StartRequest): Promise<RunHandle> {
    return request.key === undefined ? this.begin(request) : this.startOnce(request, request.key);
  }

  private async startOnce(request: StartRequest, key: string): Promise<RunHandle> {
    const { command } = request;
    const name = nameOf(command, key);
    while (this.starting.has(name)) await this.starting.get(name);
    const known = this.runOfKey(command, key);
    if (known) return this.sameRun(known, request);
    const begun = this.begin(request);
    this.starting.set(
      name,
      begun.catch(() => undefined),
    );
    try {
      return await begun;
    } finally {
      this.starting.delete(name);
    }
  }

  private async begin(request: StartRequest): Promise<RunHandle> {
    const { journal, setup, loads, clock } = this.parts;
    const { command, deadline, queue, key } = request;
    if (deadline !== undefined && deadline <= clock.now()) throw deadlineInPast(command, deadline);
    const draft = this.originOf(request);
    const queued = queue !== undefined && draft.holds?.includes(queue.name) !== true;
    const run = this.rowOf(request, queued);
    const program = setup.load(run, draft); // May refuse, so before anything is recorded.
    if (queued) return this.enqueue(run, draft, request);
    const trace = loads.traceOf(run, draft, false);
    const origin = trace.traceparent === undefined ? draft : { ...draft, traceparent: trace.traceparent };
    if (key !== undefined) {
      const { log, added } = RunLog.beginKeyed(journal, run, origin);
      if (!(await added)) return this.runOfOthers(request);
      return loads.launch({ program, log, trace, origin, resumed: false });
    }
    journal.addRun(run);
    const handle = loads.launch({ program, log: RunLog.begin(journal, run, origin), trace, origin, resumed: false });
    if (!journal.idle) await journal.committed();
    return handle;
  }

  private async enqueue(run: RunRow, origin: RunOrigin, request: StartRequest): Promise<RunHandle> {
    const { journal, wakeups, tracking } = this.parts;
    if (request.key !== undefined) {
      if (!(await RunLog.beginKeyed(journal, run, origin).added)) return this.runOfOthers(request);
    } else {
      journal.addRun(run);
      RunLog.begin(journal, run, origin);
      await journal.committed();
    }
    if (request.queue) wakeups.knowQueue(request.queue);
    wakeups.look();
    return tracking.handleOf(run.id);
  }

  private rowOf({ command, version, fingerprint, params, principal, key, queue, parent }: StartRequest, queued: boolean): RunRow {
    const { journal, clock, newSeed } = this.parts;
    const run = {
      id: randomUUID(),
      command,
      version,
      fingerprint,
      params,
      principal,
      key: key ?? null,
      startedAt: clock.now(),
      seed: newSeed(),
      place: queued && queue ? { queue: queue.name, key: queue.key, priority: queue.priority } : null,
      standing: queued ? ('queued' as const) : ('running' as const),
    };
    return journal.newRun(run, parent !== undefined);
  }

  /** A run that another waits for shares the places that this one has in its queues: else they would wait for one another. */
  private originOf({ deadline, parent, parentStep }: StartRequest): RunOrigin {
    const origin = { deadline, parent, traceparent: undefined };
    if (parent === undefined || parentStep === undefined) return origin;
    const around = this.parts.loads.residents.get(parent);
    const holds = [...(around?.origin.holds ?? []), ...(around?.run.place ? [around.run.place.queue] : [])];
    return { ...origin, parentStep, ...(holds.length > 0 ? { holds } : {}) };
  }

  private runOfKey(command: string, key: string): RunRow | undefined {
    const { loads, journal } = this.parts;
    return loads.residents.withKey(command, key)?.run ?? journal.runByKey(command, key);
  }

  /** Another process was faster with the key. */
  private runOfOthers(request: StartRequest): Promise<RunHandle> {
    const run = this.runOfKey(request.command, request.key ?? '');
    return run ? this.sameRun(run, request) : this.start(request);
  }

  private async sameRun(run: RunRow, request: StartRequest): Promise<RunHandle> {
    const { params, principal } = run.erased ?? { params: run.params.text, principal: run.principal };
    const given = (text: string): string => (run.erased ? digest(text) : text);
    const sameParams = params === given(request.params.text);
    const differs = sameParams ? 'another principal' : 'other params';
    if (!sameParams || principal !== given(request.principal)) {
      throw new UsageError(
        'KEY_REUSED',
        `The key "${request.key}" of ${request.command} belongs to run ${run.id}, which has ${differs}. Use another key, or the same ones.`,
        { details: { key: request.key, command: request.command, run: run.id } },
      );
    }
    return this.resume(run.id);
  }

  async resumeByKey(command: string, key: string): Promise<RunHandle | undefined> {
    const name = nameOf(command, key);
    while (this.starting.has(name)) await this.starting.get(name);
    const known = this.runOfKey(command, key);
    return known && this.resume(known.id);
  }

  /** Loads a run unless it has ended, waits for its turn, or is another process's. */
  async resume(runId: string): Promise<RunHandle> {
    const { journal, loads, catalogue, tracking, setup, wakeups } = this.parts;
    const loaded = loads.residents.get(runId);
    if (loaded) return loaded;
    await journal.committed(); // What earlier loads added is read back below.
    const run = catalogue.find(runId);
    const resident = loads.residents.get(run.id);
    if (resident) return resident;
    if (run.status !== null || run.standing === 'queued') return tracking.handleOf(run.id);
    setup.load(run, RunLog.read(journal, run).origin); // Refused before it is taken from where it stands.
    const [taken] = await journal.claim({ id: run.id }, 1);
    if (!taken) return tracking.handleOf(run.id);
    const resumed = loads.load(taken);
    wakeups.look(); // It may have mail.
    return resumed;
  }

  async reopen(runId: string): Promise<RunHandle> {
    const { journal, loads, catalogue } = this.parts;
    await journal.committed();
    const run = catalogue.find(runId);
    const reopenings = reopeningsOf(this.parts, run);
    if (!(await journal.reopenRuns(reopenings))) throw reopenedByOthers(run.id);
    for (const child of reopenings.slice(0, -1)) loads.load(catalogue.find(child.run.id));
    return loads.load(catalogue.find(run.id));
  }

  async settle(runId: string, settlement: Settlement): Promise<RunHandle> {
    const { journal, loads, catalogue } = this.parts;
    await journal.committed();
    const run = catalogue.find(runId);
    const reopening = settlementOf(this.parts, run, settlement);
    if (!(await journal.reopenRuns([reopening]))) throw reopenedByOthers(run.id);
    return loads.load(catalogue.find(run.id));
  }

  async fork(runId: string, from: ForkPoint, queue?: QueueEntry): Promise<RunHandle> {
    const { journal, loads, setup, catalogue, clock, tracking, wakeups } = this.parts;
    await journal.committed();
    const earlier = catalogue.find(runId);
    const past = RunLog.read(journal, earlier);
    const { records, until } = inheritanceOf(earlier.id, past.earlier, from);
    const { command, version, fingerprint, params, principal, seed } = earlier;
    const started = { id: randomUUID(), command, version, fingerprint, params, principal, key: null, startedAt: clock.now() };
    const place = queue ? { queue: queue.name, key: queue.key, priority: earlier.place?.priority ?? queue.priority } : null;
    const run = journal.newRun({ ...started, seed, place, standing: place ? 'queued' : 'running' }, false);
    const epoch = past.origin.epoch ?? earlier.startedAt;
    const forkedFrom = { run: earlier.id, seq: until };
    const origin: RunOrigin = {
      deadline: undefined,
      traceparent: undefined,
      parent: undefined,
      epoch,
      forkedFrom,
      inherited: records.length + 1,
    };
    setup.load(run, origin);
    journal.addRun(run);
    const log = RunLog.begin(journal, run, origin);
    for (const { kind, at, label, step, status, effect, startedAt, body } of records) {
      log.append({ kind, at, label, step, status, effect, startedAt, body });
    }
    await journal.committed();
    if (!queue) return loads.load(run);
    wakeups.knowQueue(queue);
    wakeups.look();
    return tracking.handleOf(run.id);
  }
}

function nameOf(command: string, key: string): string {
  return `${command}/${key}`; // No command has a slash in its name.
}

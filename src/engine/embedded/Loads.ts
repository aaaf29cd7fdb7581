/**
 * Loads runs into this process and lets them go.
 *
 * Owns: the loaded runs, successors that are to be loaded. Does not own: which runs are to be loaded, the journal, the driving.
 * Invariants: a run is loaded at most once at a time; whoever waits for the end of a run is told in the commit of that end.
 */

import type { RunWait } from '../../abstract/RunWait.js';
import type { RunTrace } from '../../abstract/Telemetry.js';
import type { Clock } from '../../kernel/Clock.js';
import { messageOf } from '../../kernel/errors.js';
import type { EndedRun, EngineSetup, Program, RunOrigin } from '../Engine.js';
import { handedBack, isHandBack } from '../handBack.js';
import { RunWatch } from '../RunWatch.js';
import { Execution, type LoadEnd } from '../run/Execution.js';
import type { Legacy, RunHost } from '../run/ExecutionParts.js';
import { outcomeForParent } from '../run/pastRun.js';
import type { RunRow } from '../run/RunJournal.js';
import { RunLog } from '../run/RunLog.js';
import type { TurnsToStart } from '../run/TurnsToStart.js';
import type { Catalogue } from './Catalogue.js';
import type { Follows } from './Follows.js';
import type { Journal } from './Journal.js';
import { isTakenOver, LoadedRun, type RunTracker } from './LoadedRun.js';
import { Residents } from './Residents.js';

export interface LoadsParts {
  readonly journal: Journal;
  readonly setup: EngineSetup;
  readonly clock: Clock;
  readonly graceMs: number;
  /** Runs of which nothing is under way are put aside after so long; undefined when they are not. */
  readonly asideAfterMs: () => number | undefined;
  readonly follows: Follows;
  readonly tracker: RunTracker;
  readonly catalogue: Catalogue;
  readonly turns: TurnsToStart;
  readonly newSeed: () => string;
  readonly newId: () => string;
  /** Something may be due, or have mail. */
  readonly look: () => void;
  /** Somebody may wait for a run that this process did not drive to where it is. */
  readonly lookAtFollowed: () => void;
  /** Gives a run its mail. */
  readonly handOut: (run: LoadedRun) => void;
}

/** More than so many waiting runs are not kept loaded; the one that has waited longest goes first. */
const RESTING_MAX = 1000;

export class Loads implements RunHost {
  readonly residents = new Residents();
  private readonly idle = new Set<LoadedRun>();
  private readonly successors = new Map<string, { readonly log: RunLog; readonly origin: RunOrigin }>();

  private closed = false;

  constructor(private readonly parts: LoadsParts) {}

  /** Nothing is loaded any more. */
  close(): void {
    this.closed = true;
  }

  /** Goes on with a run that this process has. @throws what the command is refused with, and `JOURNAL_ALTERED`; the run is stopped then */
  load(run: RunRow): LoadedRun {
    const { journal, setup, clock } = this.parts;
    if (this.closed) throw handedBack(run.id);
    try {
      const log = RunLog.read(journal, run);
      const { origin } = log;
      const program = setup.load(run, origin);
      const trace = this.traceOf(run, origin, log.earlier.length > 1);
      const first = log.earlier.length === 1 && run.place !== null; // It comes from its queue, and has not begun before.
      if (!first) log.append({ kind: 'resumed', at: clock.now(), label: `process ${process.pid}` });
      const loaded = this.launch({ program, log, trace, origin, resumed: !first });
      this.parts.handOut(loaded); // Before its code has gone on: what came while it was not loaded counts as having come before.
      return loaded;
    } catch (error) {
      this.refuse(run, error);
      throw error;
    }
  }

  launch({ program, log, trace, origin, resumed }: Launch): LoadedRun {
    if (this.closed) throw handedBack(log.run.id);
    const { journal, setup, clock, graceMs, tracker, turns, follows } = this.parts;
    const watch = new RunWatch(resumed ? log.loads : 0, (happening, at) => program.progress(happening, at));
    const { codec, logger, secrets } = setup;
    const turnToStart = resumed ? () => turns.take() : undefined;
    const execution = new Execution({
      journal,
      log,
      origin,
      program,
      codec,
      logger,
      secrets,
      trace,
      clock,
      watch,
      graceMs,
      host: this,
      turnToStart,
    });
    const run = new LoadedRun({ run: log.run, origin, execution, events: watch, tracker, clock }, this.unload);
    this.residents.add(run);
    follows.loaded(run);
    return run;
  }

  traceOf({ id, command, version }: RunRow, { traceparent }: RunOrigin, resumed: boolean): RunTrace {
    return this.parts.setup.telemetry.begin({ runId: id, command, version, resumed, traceparent });
  }

  private readonly unload = (run: LoadedRun): void => {
    this.residents.remove(run);
    if (this.idle.size > 0) this.idle.delete(run);
    const successor = this.successors.size > 0 ? this.successors.get(run.id) : undefined;
    if (successor) this.successors.delete(run.id);
    if (successor && !this.closed) this.launchSuccessor(successor.log, successor.origin);
    const { execution, run: row, origin } = run;
    if (!execution.finished) void run.driven.then((end) => this.tellParent(origin, end));
    if (origin.predecessor !== undefined)
      this.parts.lookAtFollowed(); // Whoever waits for its predecessor waits for it.
    else if (!execution.finished || row.place) this.parts.look(); // It may have mail by now, or have made room in its queue.
  };

  /** A parent that waits for nothing but a child that stands still does so too. */
  private tellParent({ parent, parentStep }: RunOrigin, end: LoadEnd): void {
    if (end.at !== 'left' || isHandBack(end.why) || isTakenOver(end.why) || parent === undefined || parentStep === undefined) return;
    this.residents.get(parent)?.execution.wantAside();
    this.parts.lookAtFollowed();
  }

  private launchSuccessor(log: RunLog, origin: RunOrigin): void {
    const { setup } = this.parts;
    try {
      const program = setup.load(log.run, origin);
      this.parts.handOut(this.launch({ program, log, trace: this.traceOf(log.run, origin, false), origin, resumed: false }));
    } catch (error) {
      setup.logger.error(`Run ${log.run.id} could not be begun: ${messageOf(error)}`, { run: log.run.id });
      this.refuse(log.run, error);
    }
  }

  /** A run that cannot be loaded stands still for somebody to look at. */
  private refuse(run: RunRow, error: unknown): void {
    this.parts.journal.putAside(run, { standing: 'stopped', due: null, waits: [{ what: 'person', name: messageOf(error) }] });
    this.parts.lookAtFollowed();
  }

  /** What a loaded run waits for; nothing while something of it is under way. */
  standstillOf(runId: string): readonly RunWait[] {
    const { execution } = this.residents.get(runId) ?? {};
    return execution?.standsStill ? execution.facilities.standstill : [];
  }

  resting(runId: string): void {
    const run = this.residents.get(runId);
    const idleMs = this.parts.asideAfterMs();
    if (!run) return;
    if (this.parts.catalogue.blockingChild(run.execution.facilities.standstill)) run.execution.wantAside();
    if (idleMs === undefined) return;
    const { nextDue } = run.execution.facilities;
    if (nextDue !== undefined && nextDue - this.parts.clock.now() <= idleMs) return;
    this.idle.delete(run);
    this.idle.add(run);
    run.putAsideAfter(idleMs);
    if (this.idle.size <= RESTING_MAX) return;
    const [longest] = this.idle;
    if (!longest) return;
    this.idle.delete(longest);
    longest.execution.wantAside();
  }

  childBegun(runId: string, step: string, childId: string): void {
    const parent = this.residents.get(runId);
    if (!parent) return;
    const early = parent.takeEarly(step);
    if (early) parent.childEnded(step, early);
    else if (!this.residents.get(childId)) this.lookAtChild(parent, step, childId);
  }

  /** Tells a step what became of its child, if that has ended. */
  lookAtChild(parent: LoadedRun, step: string, childId: string): void {
    const ended = this.parts.tracker.endOf(childId);
    if (ended) parent.childEnded(step, outcomeForParent(ended, this.nothing));
  }

  hasChild(runId: string, command: string, step: string): boolean {
    return this.parts.journal.runByKey(command, `${runId}/${step}`) !== undefined;
  }

  cancelChild(childId: string, reason: string): void {
    this.parts.tracker.cancel(childId, reason).catch((error: unknown) => {
      this.parts.setup.logger.warn(`Run ${childId} could not be cancelled with its parent: ${messageOf(error)}`, { run: childId });
    });
  }

  ended(run: RunRow, origin: RunOrigin, ended: EndedRun): void {
    if (origin.parent === undefined || origin.parentStep === undefined || ended.successor !== undefined) return;
    const parent = this.residents.get(origin.parent);
    if (parent?.execution.open) parent.childEnded(origin.parentStep, outcomeForParent(ended, this.nothing));
    else {
      const mail = {
        run: origin.parent,
        kind: 'child-ended',
        name: origin.parentStep,
        token: run.id,
        body: null,
        at: ended.endedAt,
      } as const;
      this.parts.journal.post(mail);
      this.parts.look();
    }
  }

  private get nothing(): string {
    return this.parts.setup.codec.encode(undefined, 'nothing');
  }

  succeed(run: RunRow, earlier: RunOrigin, { params, signals, cancelled }: Legacy): string {
    const { journal, clock, newSeed, newId } = this.parts;
    const { epoch: _epoch, forkedFrom: _forkedFrom, ...kept } = earlier;
    const origin: RunOrigin = { ...kept, predecessor: run.id };
    const { command, version, fingerprint, principal, place } = run;
    const started = { id: newId(), command, version, fingerprint, params, principal, key: null, startedAt: clock.now() };
    const next = journal.newRun({ ...started, seed: newSeed(), place, standing: 'running' }, origin.parent !== undefined);
    journal.addRun(next);
    this.successors.set(run.id, { log: RunLog.begin(journal, next, origin), origin });
    for (const { at, step, label, body } of signals) {
      journal.post({ run: next.id, kind: 'signal', name: label, token: step ?? newId(), body, at });
    }
    if (cancelled !== undefined) journal.post({ run: next.id, kind: 'cancel', name: '', token: newId(), body: cancelled, at: clock.now() });
    return next.id;
  }
}

export interface Launch {
  readonly program: Program;
  readonly log: RunLog;
  readonly trace: RunTrace;
  readonly origin: RunOrigin;
  /** An earlier load has done a part of it. */
  readonly resumed: boolean;
}

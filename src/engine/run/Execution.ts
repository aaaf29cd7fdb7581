/**
 * One run on one load: drives its code over the journal.
 *
 * Owns: the order of delivery, cancellation, whether it may be put aside. Does not own: the journal
 * file, the code's turns (CodeTurns), its time (RunTime), what it asks for (Facilities) and sees (DrivenRun), how the end is written (departure), other runs.
 * Invariants: R1 no step starts and no outcome is answered before everything it depends on is on disk; R3 records are
 * delivered one at a time, lowest first among those asked for, live and on replay, with all microtasks drained in
 * between; R4 an ask that comes while the engine is not driving is refused; R7 the run ends only when every started step
 * has an outcome; R10 a run of which nothing is under way can be put aside at any time.
 */
import type { Observation } from '../../abstract/DurableRun.js';
import type { RunHappening } from '../../abstract/RunEvent.js';
import { CancelledError, messageOf, SixfoldError } from '../../kernel/errors.js';
import { whereabouts } from '../../kernel/whereabouts.js';
import type { EndedRun } from '../Engine.js';
import { handedBack, isHandBack } from '../handBack.js';
import type { JournalRecord, RecordKind } from '../Record.js';
import { Arrivals } from './Arrivals.js';
import { outcomeUnknown } from './attempt.js';
import { CodeTurns, type CodeTurnsPorts } from './CodeTurns.js';
import { Deliveries } from './Deliveries.js';
import { DrivenRun, type RunDriver } from './DrivenRun.js';
import { committed, leave, putAside, recordEnd, strand } from './departure.js';
import { judgeEnd, judgeEquals, judgeFrontier } from './divergence.js';
import type { ExecutionParts } from './ExecutionParts.js';
import { Facilities, type FacilitiesPorts } from './Facilities.js';
import { Publication } from './Publication.js';
import type { Rest } from './RunJournal.js';
import { RunTime } from './RunTime.js';
import { afterFailure, cancelled, checked, isOutcome, notJournaled, stepInStep } from './refusals.js';
import { isStop, Stops } from './Stops.js';
import { resumptionsOf } from './superseded.js';
import { tidyUp } from './tidyUp.js';
import type { RunEnding } from './verdict.js';

/** How a load of a run came to its end: with that of the run, put aside until something comes, or left without an end. */
export type LoadEnd =
  | { readonly at: 'ended'; readonly ended: EndedRun }
  | { readonly at: 'aside' }
  | { readonly at: 'left'; readonly why: unknown };

/** Recorded, and never delivered to the code. */
const UNDELIVERED: ReadonlySet<RecordKind> = new Set(['step-intended', 'step-attempted', 'ended', 'reopened']);

export class Execution implements RunDriver, FacilitiesPorts, CodeTurnsPorts {
  readonly facilities: Facilities;
  readonly stops = new Stops(() => this.deliveries.nudge());
  readonly deliveries = new Deliveries((record) => this.stops.keeps(record));
  private readonly publication: Publication;
  private readonly face: DrivenRun;
  private madeArrivals: Arrivals | undefined;
  private readonly time: RunTime;
  private readonly turns: CodeTurns;
  private controller: AbortController | undefined;
  private refusal: SixfoldError | undefined;
  private handingBack = false;
  /** Nothing is under way, and something is waited for. */
  standsStill = false;
  private wantedAside = false;
  private stopDraining: (() => void) | undefined;
  over = false;
  /** The end is written down. */
  finished = false;
  private defect: { readonly error: unknown } | undefined;

  constructor(private readonly parts: ExecutionParts) {
    const { run, earlier } = parts.log;
    const { epoch = run.startedAt, forkedFrom, inherited } = parts.origin;
    this.time = new RunTime(resumptionsOf(earlier, forkedFrom && { startedAt: run.startedAt, inherited }), epoch);
    this.turns = new CodeTurns(this);
    this.publication = new Publication(parts.journal, parts.watch);
    this.face = new DrivenRun(parts, this);
    this.facilities = new Facilities(parts, this);
    this.recall(earlier);
  }

  get id(): string {
    return this.parts.log.run.id;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController(); // Made for those who ask; it is a good part of a short run's cost.
    return this.controller.signal;
  }

  get leaving(): boolean {
    return this.handingBack;
  }

  get replaying(): boolean {
    return this.time.replaying;
  }

  get traceId(): string {
    return this.parts.trace.traceparent?.split('-')[1] ?? this.id.replaceAll('-', '');
  }

  get deliveredAt(): number {
    return this.time.now;
  }

  get resumedAt(): number {
    return this.time.resumedAt;
  }

  branchEnded(place: string): void {
    this.face.forgetDraws(place);
  }

  observe(observation: Observation, at: number): void {
    if (this.finished) return;
    this.publish(observation, at);
    const { trace } = this.parts;
    if (observation.type === 'phase') trace.phase(observation.phase);
    else if (observation.type === 'gate' && observation.verdict !== 'waiting' && !this.replaying) {
      const { gate: name, severity, verdict } = observation;
      trace.gate({ name, severity, passed: verdict === 'passed', overridden: verdict === 'overridden' });
    }
  }

  /**
   * Drives the code to its end and records it. Does not throw.
   *
   * @param over called when nothing more will happen on this load
   */
  async drive(over: () => void): Promise<LoadEnd> {
    const { trace, watch, secrets } = this.parts;
    let status = 'handed-back';
    let reason: string | undefined;
    try {
      await this.driveCode();
      const rest = this.rest();
      const stopping = this.stop();
      if (stopping) await stopping;
      if (this.refusal && !this.endsWith(this.refusal)) await leave(this.parts, this.refusal);
      if (rest) {
        status = 'waiting';
        await putAside(this.parts, rest);
        return { at: 'aside' };
      }
      this.finished = true;
      const { verdict, ended } = recordEnd(this.parts, this.ending(), {
        facilities: this.facilities,
        continuation: this.face.continuation,
        cancelled: this.deliveries.keptCancellation?.label,
      });
      ({ status, reason } = verdict);
      const committing = committed(this.parts);
      if (committing) await committing;
      this.publication.flush();
      watch.publish({ type: 'ended', status }, ended.endedAt);
      return { at: 'ended', ended };
    } catch (why) {
      if (!this.over) await this.stop();
      reason = messageOf(why);
      if (this.defect) await strand(this.parts, this.defect.error);
      return { at: 'left', why };
    } finally {
      trace.end(status, reason === undefined ? undefined : secrets.redact(reason));
      over();
      this.publication.flush();
      watch.end();
    }
  }

  /** What the run is put aside with, if it is. */
  private rest(): Rest | undefined {
    if (!this.wantedAside || this.refusal) return undefined;
    const { nextDue, standstill } = this.facilities;
    return { standing: 'waiting', due: nextDue ?? null, waits: standstill };
  }

  /** Undefined when nothing has to be waited for. */
  private stop(): Promise<void> | undefined {
    const { program, clock, graceMs, logger } = this.parts;
    this.over = true;
    this.stopDraining?.();
    const stopping = this.facilities.stop(() => (this.refusal && this.endsWith(this.refusal) ? this.refusal : handedBack(this.id)));
    const settings = { clock, graceMs, warn: (message: string) => logger.warn(message, { run: this.id }) };
    const tidy = () =>
      tidyUp(
        [
          { what: 'What was opened for the run', tidy: () => program.unload() },
          { what: 'The temporary folder', tidy: () => this.facilities.removeWorkspace() },
        ],
        settings,
      );
    return stopping ? stopping.then(tidy) : tidy();
  }

  /** A run that has done what can be undone is left to be mended instead: its end would leave that as it is. */
  private endsWith(refusal: SixfoldError): boolean {
    return isOutcome(refusal) && !this.facilities.undoable;
  }

  private ending(): RunEnding {
    const { unsettled } = this.facilities;
    const { settled } = this.turns;
    if (unsettled.length > 0) {
      const cause = settled && 'error' in settled ? settled.error : undefined;
      return { status: 'unknown', error: outcomeUnknown(unsettled.join(', '), 'its outcome was lost', cause) };
    }
    if (this.refusal || !settled) return { status: 'failed', error: this.refusal };
    const { stopped } = settled;
    if (this.face.continuation && stopped === undefined) return { status: 'continued' };
    if ('result' in settled) return { status: 'completed', result: settled.result };
    const { error } = settled;
    if (this.parts.program.compensated) return { status: 'compensated', error };
    return { status: stopped instanceof CancelledError ? 'cancelled' : 'failed', error };
  }

  /** What comes from outside can be recorded here; else it is kept for the next load. */
  get open(): boolean {
    return !this.over;
  }

  get arrivals(): Arrivals {
    this.madeArrivals ??= new Arrivals(this.parts, this.facilities, this.deliveries);
    return this.madeArrivals;
  }

  /** Leaves the run when nothing of it is under way; does nothing when something is again. */
  wantAside(): void {
    if (!this.standsStill) return;
    this.wantedAside = true;
    this.deliveries.nudge();
  }

  /** Another process has the run: nothing of this load counts any more. */
  abandon(reason: SixfoldError): void {
    this.parts.log.close();
    this.refusal = reason;
    this.handingBack = true;
    if (this.facilities.active) this.facilities.steps.abort(handedBack(this.id));
    this.deliveries.nudge();
  }

  /** Starts nothing more but what is being committed, and aborts after `drainMs` what is still under way. */
  handBack(drainMs: number): void {
    if (this.over || this.handingBack) return;
    this.handingBack = true;
    this.stopDraining = this.parts.clock.after(drainMs, () => {
      if (this.facilities.active) this.facilities.steps.abort(handedBack(this.id));
    });
    this.deliveries.nudge();
  }

  private async driveCode(): Promise<void> {
    await this.turns.begin();
    while (!this.refusal) {
      if (this.defect) throw this.defect.error;
      const record = this.deliveries.take();
      if (record) {
        this.wantedAside = false;
        await this.turns.turn(() => this.deliver(record));
        continue;
      }
      if (!this.facilities.unused) await this.passFrontier();
      if (!this.deliveries.empty || this.refusal) continue;
      if (this.facilities.hasFresh && !this.handingBack) continue; // It came while the others were on their way to the disk.
      const { active, resting, waiting, hasFresh, leftover } = this.facilities;
      if (active) await this.deliveries.arrival();
      else if (resting || (waiting && !this.turns.settled)) {
        if (this.wantedAside || this.handingBack) {
          this.wantedAside = true;
          this.over = true; // From here on what comes is kept for the next load.
          return;
        }
        await this.standStill();
      } else if (this.turns.settled && !hasFresh) {
        this.refusal = judgeEnd(leftover, this.sameCode, this.parts.program.retired);
        return;
      } else this.refusal = this.handingBack ? handedBack(this.id) : notJournaled(this.parts.log.run, 'waits for');
    }
  }

  private async standStill(): Promise<void> {
    const arrival = this.deliveries.arrival(); // First: what follows may bring it about.
    this.standsStill = true;
    this.publish({ type: 'waits', waits: this.facilities.standstill }, this.parts.clock.now());
    this.parts.host.resting(this.id);
    await arrival;
    this.standsStill = false;
  }

  runCode(): Promise<unknown> {
    return this.parts.program.run(this.face);
  }

  endedLate(): void {
    this.refuseLateWork('came to its end after');
  }

  get unused(): boolean {
    return this.facilities.unused;
  }

  private deliver(record: JournalRecord): void {
    this.time.deliver(record);
    if (isStop(record)) this.halt(this.errorOfStop(record));
    else this.facilities.deliver(record);
  }

  private errorOfStop({ kind, label }: JournalRecord): SixfoldError {
    return kind === 'cancel-requested' ? cancelled(label) : this.facilities.limits.errorOf(label);
  }

  private halt(error: SixfoldError): void {
    this.controller ??= new AbortController();
    this.controller.abort(error);
    this.facilities.abort(this.stopped); // Of several reasons the first counts.
  }

  /** What stopped the run, if something did. */
  get stopped(): SixfoldError | undefined {
    return this.controller?.signal.reason as SixfoldError | undefined; // Nobody else has the controller.
  }

  /** Where nothing recorded is left to deliver: what is asked for is committed (R1) and started. */
  private async passFrontier(): Promise<void> {
    const { steps, leftover } = this.facilities;
    const fresh = this.handingBack ? [] : steps.takeFresh();
    this.refusal ??= judgeFrontier(fresh, leftover, this.sameCode) ?? judgeEquals(steps.confusable, this.sameCode);
    if (!this.refusal && this.parts.checking) this.refusal = checked(this.id, fresh, leftover);
    if (this.refusal) return;
    const starting = steps.prepare(fresh, this.stopped);
    this.facilities.reachFrontier();
    const { active, resting } = this.facilities;
    // The last outcome is committed together with the end that follows from it.
    if (!this.turns.settled || starting.length > 0 || active || resting) await committed(this.parts);
    const stopping = this.deliveries.find(isStop); // It came while the asks were on their way to the disk.
    for (const ask of starting) {
      if (stopping && !ask.request.shielded) steps.withdraw(ask, this.errorOfStop(stopping));
      else if (this.handingBack && ask.request.effect !== 'once') steps.putBack(ask);
      else {
        // The process may have stood still since the commit, or in what another run began in this very turn.
        if (!this.parts.journal.sure) await this.parts.journal.committed();
        steps.start(ask);
      }
    }
  }

  private recall(records: readonly JournalRecord[]): void {
    for (const record of records) {
      if (record.kind === 'started' || record.kind === 'resumed') continue;
      this.facilities.recall(record);
      if (!UNDELIVERED.has(record.kind)) this.time.recall(record);
    }
  }

  stuck(error: SixfoldError): void {
    this.refusal ??= error;
    this.deliveries.nudge();
  }

  fail(error: unknown): void {
    if (this.refusal?.code === 'LEASE_LOST') return; // What was under way cannot be recorded, and need not be.
    if (error instanceof SixfoldError && isHandBack(error)) this.refusal ??= error;
    else this.defect ??= { error };
    this.deliveries.nudge();
  }

  publish(happening: RunHappening, at: number): void {
    this.publication.add(happening, at);
  }

  refusalOf(name: string, shielded: boolean): SixfoldError | undefined {
    if (whereabouts() === 'in-step') return stepInStep(name);
    if (!this.turns.driving) return this.refuseLateWork(`asked for ${name} after`);
    if (this.turns.settled && 'error' in this.turns.settled) return afterFailure(name);
    return shielded ? undefined : this.stopped;
  }

  private refuseLateWork(what: string): SixfoldError {
    this.refusal ??= notJournaled(this.parts.log.run, `${what} waiting for`);
    this.deliveries.nudge();
    return this.refusal;
  }

  private get sameCode(): boolean {
    return this.parts.program.fingerprint === this.parts.log.run.fingerprint;
  }
}

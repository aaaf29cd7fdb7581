/**
 * One run on one load: drives its code over the journal.
 *
 * Owns: the turn of the code, the order of delivery, cancellation. Does not own: the journal file, what the code asks for
 * (Facilities), the verdict's text, other runs.
 * Invariants: R1 no step starts and no outcome is answered before everything it depends on is on disk; R3 records are
 * delivered one at a time, lowest first among those asked for, live and on replay, with all microtasks drained in
 * between; R4 an ask that comes while the engine is not driving is refused; R7 the run ends only when every started step
 * has an outcome.
 */
import type { DurableRun, EventInbox, Observation, StepRequest, TimeLimit } from '../../abstract/DurableRun.js';
import type { RunHappening } from '../../abstract/RunEvent.js';
import type { StepStatistics } from '../../abstract/RunReport.js';
import type { GateOverride } from '../../abstract/Timeline.js';
import { CancelledError, messageOf, SixfoldError } from '../../kernel/errors.js';
import { SeededChance } from '../../kernel/SeededChance.js';
import { betweenSteps, whereabouts } from '../../kernel/whereabouts.js';
import type { EndedRun } from '../Engine.js';
import { handedBack, isHandBack } from '../handBack.js';
import type { JournalRecord } from '../Record.js';
import { outcomeUnknown } from './attempt.js';
import { Deliveries } from './Deliveries.js';
import { judgeEnd, judgeFrontier } from './divergence.js';
import { drain } from './drain.js';
import type { ExecutionParts } from './ExecutionParts.js';
import { Facilities, type FacilitiesPorts } from './Facilities.js';
import { Publication } from './Publication.js';
import { afterFailure, cancelled, checkedOverride, isOutcome, notJournaled, refuseInStep, runEnded, stepInStep } from './refusals.js';
import { tidyUp } from './tidyUp.js';
import { type RunEnding, verdictOf } from './verdict.js';

type Ending = { readonly result: unknown } | { readonly error: unknown };
/** How the code ended, and what had stopped the run by then. */
type Settled = Ending & { readonly stopped: unknown };

/** Stops the run when it is delivered. */
function isStop({ kind }: JournalRecord): boolean {
  return kind === 'cancel-requested' || kind === 'time-passed';
}

export class Execution implements DurableRun, FacilitiesPorts {
  private readonly facilities: Facilities;
  readonly deliveries = new Deliveries();
  private readonly publication: Publication;
  /** The last record that an earlier load could deliver. */
  private readonly replayUntil: number;
  private delivered: { readonly seq: number; readonly at: number };
  private controller: AbortController | undefined;
  private chance: SeededChance | undefined;
  private driving = false;
  private settled: Settled | undefined;
  private refusal: SixfoldError | undefined;
  private handingBack = false;
  private stopDraining: (() => void) | undefined;
  /** The code is not driven any more; what was opened is being closed. */
  private over = false;
  /** The end is written down. */
  private finished = false;
  private defect: { readonly error: unknown } | undefined;

  constructor(private readonly parts: ExecutionParts) {
    const { run, earlier } = parts.log;
    this.delivered = { seq: 0, at: run.startedAt };
    this.publication = new Publication(parts.journal, parts.watch);
    this.facilities = new Facilities(parts, this);
    this.replayUntil = this.recall(earlier);
  }

  get id(): string {
    return this.parts.log.run.id;
  }

  get events(): EventInbox {
    return this.facilities.inbox;
  }

  get signal(): AbortSignal {
    this.controller ??= new AbortController(); // Made for those who ask; it is a good part of a short run's cost.
    return this.controller.signal;
  }

  get replaying(): boolean {
    return this.delivered.seq < this.replayUntil;
  }

  get traceId(): string {
    return this.parts.trace.traceparent?.split('-')[1] ?? this.id.replaceAll('-', '');
  }

  /** What comes after the end of the code is not replayed, and has the time of the clock. */
  get time(): number {
    return this.over ? this.parts.clock.now() : this.delivered.at;
  }

  uuid(): string {
    refuseInStep('uuid');
    return this.draws.uuid();
  }

  random(): number {
    refuseInStep('random');
    return this.draws.random();
  }

  private get draws(): SeededChance {
    this.chance ??= new SeededChance(this.parts.log.run.seed);
    return this.chance;
  }

  unread(): readonly string[] {
    return this.facilities.unread();
  }

  statistics(): readonly StepStatistics[] {
    return this.facilities.statistics();
  }

  override(gate: string, withinMs: number): Promise<GateOverride | undefined> {
    return this.facilities.overrides.ask(gate, this.delivered.at + withinMs, this.stopped);
  }

  limit(limit: TimeLimit): () => void {
    if (this.over) return () => undefined; // Code that goes on behind the end of its run.
    return this.facilities.limits.set(limit);
  }

  observe(observation: Observation): void {
    if (this.finished) return;
    this.publish(observation, this.time);
    const { trace } = this.parts;
    if (observation.type === 'phase') trace.phase(observation.phase);
    else if (observation.type === 'gate' && observation.verdict !== 'waiting' && !this.replaying) {
      const { gate: name, severity, verdict } = observation;
      trace.gate({ name, severity, passed: verdict === 'passed', overridden: verdict === 'overridden' });
    }
  }

  step<T>(request: StepRequest<T>): Promise<T> {
    return this.facilities.steps.ask(request, this.refuseAsk(request.name));
  }

  /**
   * Drives the code to its end and records it; throws when the run is left to be resumed.
   *
   * @param over called when nothing more will happen on this load
   */
  async drive(over: () => void): Promise<EndedRun> {
    const { trace, watch, secrets } = this.parts;
    let status = 'handed-back';
    let reason: string | undefined;
    try {
      await this.driveCode();
      const stopping = this.stop();
      if (stopping) await stopping;
      if (this.refusal && !isOutcome(this.refusal)) await this.leave(this.refusal);
      const { verdict, ended } = this.record();
      ({ status, reason } = verdict);
      const committing = this.committed();
      if (committing) await committing;
      watch.publish({ type: 'ended', status }, ended.endedAt);
      return ended;
    } catch (error) {
      if (!this.over) await this.stop();
      reason = messageOf(error);
      throw error;
    } finally {
      trace.end(status, reason === undefined ? undefined : secrets.redact(reason));
      over();
      watch.end();
    }
  }

  /** Undefined when nothing has to be waited for. */
  private stop(): Promise<void> | undefined {
    const { program, clock, graceMs, logger } = this.parts;
    this.over = true;
    this.stopDraining?.();
    const stopping = this.facilities.stop(() => (this.refusal && isOutcome(this.refusal) ? this.refusal : handedBack(this.id)));
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

  /** Leaves the run to be resumed, once what it recorded is on disk. */
  private async leave(refusal: SixfoldError): Promise<never> {
    this.parts.log.close();
    await this.committed();
    throw refusal;
  }

  /** Writes the end down. */
  private record() {
    const { journal, log, clock } = this.parts;
    const verdict = verdictOf(this.ending(), this.parts);
    const { status, result, error, report } = verdict;
    const endedAt = clock.now();
    const body = () => JSON.stringify({ result: result?.text, error, report: report() });
    this.finished = true;
    log.append({ kind: 'ended', at: endedAt, label: status, status, body });
    log.close();
    journal.endRun(log.run, status, endedAt);
    const { id, startedAt } = log.run;
    const ended: EndedRun = { id, startedAt, status, endedAt, result, error, report };
    return { verdict, ended };
  }

  private committed(): Promise<void> | undefined {
    const { journal } = this.parts;
    return journal.idle ? undefined : journal.committed();
  }

  private ending(): RunEnding {
    const { unsettled } = this.facilities;
    if (unsettled.length > 0) return { status: 'unknown', error: outcomeUnknown(unsettled.join(', '), 'its outcome was lost') };
    if (this.refusal || !this.settled) return { status: 'failed', error: this.refusal };
    if ('result' in this.settled) return { status: 'completed', result: this.settled.result };
    const wasCancelled = this.settled.stopped instanceof CancelledError;
    return { status: wasCancelled ? 'cancelled' : 'failed', error: this.settled.error };
  }

  /** Records the wish; it is delivered in order with what else happens. */
  async cancel(reason: string): Promise<void> {
    const { log, clock, secrets } = this.parts;
    if (this.over) return;
    this.deliveries.add(log.append({ kind: 'cancel-requested', at: clock.now(), label: secrets.redact(reason) }));
    await this.committed();
  }

  /** Records that a person lets a gate pass. @throws UsageError `RUN_ENDED` or `OVERRIDE_INVALID` */
  async decide(gate: string, override: GateOverride): Promise<void> {
    const { log, clock, codec } = this.parts;
    if (this.over) throw runEnded(this.id);
    const { by, reason } = checkedOverride(gate, override);
    const body = codec.encode({ by, reason }, 'an override');
    this.facilities.overrides.take(log.append({ kind: 'gate-overridden', at: clock.now(), label: gate, body }));
    await this.committed();
  }

  /** Starts nothing more but what is being committed, and aborts after `drainMs` what is still under way. */
  handBack(drainMs: number): void {
    if (this.over) return;
    this.handingBack = true;
    this.stopDraining = this.parts.clock.after(drainMs, () => {
      if (this.facilities.active) this.facilities.steps.abort(handedBack(this.id));
    });
    this.deliveries.nudge();
  }

  private async driveCode(): Promise<void> {
    await this.turn(() => this.begin());
    while (!this.refusal) {
      if (this.defect) throw this.defect.error;
      const record = this.deliveries.take();
      if (record) {
        await this.turn(() => this.deliver(record));
        continue;
      }
      if (!this.facilities.unused) await this.passFrontier();
      if (!this.deliveries.empty || this.refusal) continue;
      const { active, waiting, hasFresh, leftover } = this.facilities;
      if (active || (waiting && !this.handingBack && !this.settled)) await this.deliveries.arrival();
      else if (this.settled && !hasFresh) {
        this.refusal = judgeEnd(leftover, this.sameCode);
        return;
      } else this.refusal = this.handingBack ? handedBack(this.id) : notJournaled(this.parts.log.run, 'waits for');
    }
  }

  private begin(): void {
    const settle = (settled: Ending): void => {
      if (this.driving) this.settled = { ...settled, stopped: this.stopped };
      else this.refuseLateWork('came to its end after');
    };
    betweenSteps(() => this.runCode()).then(
      (result) => settle({ result }),
      (error: unknown) => settle({ error }),
    );
  }

  private runCode(): Promise<unknown> {
    try {
      return this.parts.program.run(this);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Lets the code run on until all that it can do without the engine is done. */
  private turn(move: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.driving = true;
      move();
      drain(
        () => {
          this.driving = false;
          resolve();
        },
        () => this.settled !== undefined && this.facilities.unused,
      );
    });
  }

  private deliver(record: JournalRecord): void {
    // A decision or an event may have been recorded long before it is asked for; time does not go back for it.
    this.delivered = { seq: Math.max(this.delivered.seq, record.seq), at: Math.max(this.delivered.at, record.at) };
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
  private get stopped(): SixfoldError | undefined {
    return this.controller?.signal.reason as SixfoldError | undefined; // Nobody else has the controller.
  }

  /** Where nothing recorded is left to deliver: what is asked for is committed (R1) and started. */
  private async passFrontier(): Promise<void> {
    const { steps, leftover } = this.facilities;
    const fresh = this.handingBack ? [] : steps.takeFresh();
    this.refusal ??= judgeFrontier(fresh, leftover, this.sameCode);
    if (this.refusal) return;
    const starting = steps.prepare(fresh, this.stopped);
    this.facilities.reachFrontier();
    await this.committed();
    const stopping = this.deliveries.find(isStop); // It came while the asks were on their way to the disk.
    for (const ask of starting) {
      if (stopping) steps.withdraw(ask, this.errorOfStop(stopping));
      else if (this.handingBack && ask.request.effect !== 'once') steps.putBack(ask);
      else steps.start(ask);
    }
  }

  private recall(records: readonly JournalRecord[]): number {
    let last = 0;
    for (const record of records) {
      if (record.kind === 'started' || record.kind === 'resumed') continue;
      this.facilities.recall(record);
      last = record.seq;
    }
    return last;
  }

  fail(error: unknown): void {
    if (error instanceof SixfoldError && isHandBack(error)) this.refusal ??= error;
    else this.defect ??= { error };
    this.deliveries.nudge();
  }

  publish(happening: RunHappening, at: number): void {
    this.publication.add(happening, at);
  }

  private refuseAsk(name: string): SixfoldError | undefined {
    if (whereabouts() === 'in-step') return stepInStep(name);
    if (!this.driving) return this.refuseLateWork(`asked for ${name} after`);
    if (this.settled && 'error' in this.settled) return afterFailure(name);
    return this.stopped;
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

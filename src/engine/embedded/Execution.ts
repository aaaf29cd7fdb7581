/**
 * One run on one load: drives its code over the journal.
 *
 * Owns: the turn of the code, the order of delivery, cancellation, the verdict. Does not own: the journal file, the
 * steps' bookkeeping (Steps), events (Inbox), other runs.
 * Invariants: R1 no step starts and no outcome is answered before everything it depends on is on disk; R3 records are
 * delivered one at a time, lowest first among those asked for, live and on replay, with all microtasks drained in
 * between; R4 an ask that comes while the engine is not driving is refused; R7 the run ends only when every started step
 * has an outcome.
 */
import type { DurableRun, EventInbox, StepRequest } from '../../abstract/DurableRun.js';
import type { Logger } from '../../abstract/Logger.js';
import { AskedPromise } from '../../kernel/AskedPromise.js';
import type { Clock } from '../../kernel/Clock.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { CancelledError, messageOf, type SixfoldError } from '../../kernel/errors.js';
import { SeededChance } from '../../kernel/SeededChance.js';
import { at, whereabouts } from '../../kernel/whereabouts.js';
import type { EndedRun, Program, RunEvent } from '../Engine.js';
import type { EndStatus, JournalRecord } from '../Record.js';
import type { RunWatch } from '../RunWatch.js';
import { Workspace } from '../Workspace.js';
import { HANDED_BACK, outcomeUnknown } from './attempt.js';
import { Deliveries } from './Deliveries.js';
import { judgeEnd, judgeFrontier } from './divergence.js';
import { drain } from './drain.js';
import { Inbox } from './Inbox.js';
import type { Journal } from './Journal.js';
import type { RunLog } from './RunLog.js';
import { afterFailure, handedBack, isOutcome, notJournaled, refuseInStep, stepInStep } from './refusals.js';
import { Steps } from './Steps.js';

export interface ExecutionParts {
  readonly journal: Journal;
  readonly log: RunLog;
  readonly program: Program;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly watch: RunWatch;
  readonly logger: Logger;
  /** How long a body may take to heed its signal. */
  readonly graceMs: number;
}

/** What a report says that says nothing. */
const NO_REPORT = { degraded: [], findings: [] };

interface Verdict {
  readonly status: EndStatus;
  readonly result: string | undefined;
  readonly error: string | undefined;
  readonly report: string;
}

type Ending = { readonly result: unknown } | { readonly error: unknown };
/** How the code ended, and whether its cancellation had been delivered then. */
type Settled = Ending & { readonly cancelled: boolean };

export class Execution implements DurableRun {
  readonly id: string;
  readonly events: EventInbox;
  private readonly inbox: Inbox;
  private readonly steps: Steps;
  private readonly deliveries = new Deliveries();
  private readonly cancellation = new AbortController();
  private readonly chance: SeededChance;
  private readonly workspace: Workspace;
  /** The last record that an earlier load could deliver. */
  private readonly replayUntil: number;
  private delivered: { readonly seq: number; readonly at: number };
  private driving = false;
  private settled: Settled | undefined;
  private refusal: SixfoldError | undefined;
  private handingBack = false;
  private stopDraining: (() => void) | undefined;
  private over = false;
  private defect: { readonly error: unknown } | undefined;

  constructor(private readonly parts: ExecutionParts) {
    const { log, codec, clock, graceMs } = parts;
    this.id = log.run.id;
    this.delivered = { seq: 0, at: log.run.startedAt };
    this.chance = new SeededChance(log.run.seed);
    this.workspace = new Workspace(this.id);
    this.inbox = new Inbox(codec, {
      ask: <T>() => awaited<T>(),
      record: (fields) => log.append({ ...fields, at: clock.now() }),
      offer: (record) => this.deliveries.add(record),
    });
    this.events = this.inbox;
    this.steps = new Steps({
      runId: this.id,
      log,
      codec,
      clock,
      graceMs,
      workspace: this.workspace,
      deliveries: this.deliveries,
      publish: (event) => this.publish(event),
      emit: (...event) => this.inbox.emit(...event),
      defect: (error) => {
        this.defect ??= { error };
        this.deliveries.nudge();
      },
    });
    this.replayUntil = this.recall(log.earlier);
  }

  get signal(): AbortSignal {
    return this.cancellation.signal;
  }

  get replaying(): boolean {
    return this.delivered.seq < this.replayUntil;
  }

  now(): Date {
    return new Date(this.delivered.at);
  }

  uuid(): string {
    refuseInStep('uuid');
    return this.chance.uuid();
  }

  random(): number {
    refuseInStep('random');
    return this.chance.random();
  }

  unread(): readonly string[] {
    return this.steps.unread();
  }

  announce(phase: string): void {
    this.publish({ type: 'phase', at: this.delivered.at, phase });
  }

  step<T>(request: StepRequest<T>): Promise<T> {
    return this.steps.ask(request, this.refuseAsk(request.name));
  }

  /** Drives the code to its end and records it; throws when the run is left to be resumed. */
  async drive(): Promise<EndedRun> {
    const { journal, program, log, clock } = this.parts;
    try {
      await this.driveCode();
    } finally {
      this.over = true;
      this.stopDraining?.();
      this.steps.abort(this.refusal && isOutcome(this.refusal) ? this.refusal : HANDED_BACK);
      await this.steps.idle();
      await this.tidyUp('What was opened for the run', () => program.unload());
      await this.tidyUp('The temporary folder', () => this.workspace.remove());
    }
    if (this.refusal && !isOutcome(this.refusal)) {
      log.close();
      await journal.committed();
      throw this.refusal;
    }
    const { status, result, error, report } = this.verdict();
    const endedAt = clock.now();
    log.append({ kind: 'ended', at: endedAt, label: status, status, body: JSON.stringify({ result, error, report }) });
    log.close();
    journal.endRun(log.run.rowId, status, endedAt);
    await journal.committed();
    this.parts.watch.publish({ type: 'ended', at: endedAt, status });
    return { ...log.run, status, endedAt, result, error, report };
  }

  /** Within the grace; what is left behind is told, and no reason to fail a run. */
  private async tidyUp(what: string, tidy: () => Promise<void>): Promise<void> {
    const { clock, graceMs, logger } = this.parts;
    let stop = (): void => undefined;
    const tooLate = new Promise<never>((_resolve, reject) => {
      stop = clock.after(graceMs, () => reject(new Error(`it took longer than ${graceMs} ms`)));
    });
    try {
      await Promise.race([tidy(), tooLate]);
    } catch (error) {
      logger.warn(`${what} was not tidied up: ${messageOf(error)}`, { run: this.id });
    } finally {
      stop();
    }
  }

  /** Records the wish; it is delivered in order with what else happens. */
  async cancel(reason: string): Promise<void> {
    const { log, clock, journal } = this.parts;
    if (this.over) return;
    this.deliveries.add(log.append({ kind: 'cancel-requested', at: clock.now(), label: reason }));
    await journal.committed();
  }

  /** Starts nothing more but what is being committed, and aborts after `drainMs` what is still under way. */
  handBack(drainMs: number): void {
    if (this.over) return;
    this.handingBack = true;
    this.stopDraining = this.parts.clock.after(drainMs, () => this.steps.abort(HANDED_BACK));
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
      await this.passFrontier();
      if (!this.deliveries.empty || this.refusal) continue;
      if (this.steps.active) await this.deliveries.arrival();
      else if (this.settled && !this.steps.hasFresh) {
        this.refusal = judgeEnd(this.steps.leftover, this.sameCode);
        return;
      } else this.refusal = this.handingBack ? handedBack(this.id) : notJournaled(this.parts.log.run, 'waits for');
    }
  }

  private begin(): void {
    const settle = (settled: Ending): void => {
      if (this.driving) this.settled = { ...settled, cancelled: this.signal.aborted };
      else this.refuseLateWork('came to its end after');
    };
    at('between-steps', async () => this.parts.program.run(this)).then(
      (result) => settle({ result }),
      (error: unknown) => settle({ error }),
    );
  }

  /** Lets the code run on until all that it can do without the engine is done. */
  private turn(move: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.driving = true;
      move();
      drain(() => {
        this.driving = false;
        resolve();
      });
    });
  }

  private deliver(record: JournalRecord): void {
    this.delivered = record;
    if (record.kind === 'step-ended') this.steps.deliver(record);
    else if (record.kind === 'cancel-requested') this.deliverCancel(record.label);
    else this.inbox.deliver(record);
  }

  private deliverCancel(reason: string): void {
    const error = new CancelledError('RUN_CANCELLED', `The run was cancelled: ${reason}.`, { details: { reason } });
    this.cancellation.abort(error);
    this.steps.abort(error);
  }

  /** Where nothing recorded is left to deliver: what is asked for is committed (R1) and started. */
  private async passFrontier(): Promise<void> {
    const { journal } = this.parts;
    const fresh = this.handingBack ? [] : this.steps.takeFresh();
    this.refusal ??= judgeFrontier(fresh, this.steps.leftover, this.sameCode);
    if (this.refusal) return;
    const starting = this.steps.prepare(fresh, this.signal.aborted ? this.signal.reason : undefined);
    this.inbox.reachFrontier();
    await journal.committed();
    for (const ask of starting) this.steps.start(ask);
  }

  private recall(records: readonly JournalRecord[]): number {
    let last = 0;
    for (const record of records) {
      if (record.kind === 'started' || record.kind === 'resumed') continue;
      if (record.kind === 'step-ended' || record.kind === 'step-intended') this.steps.recall(record);
      else if (record.kind === 'cancel-requested') this.deliveries.add(record);
      else this.inbox.recall(record);
      last = record.seq;
    }
    return last;
  }

  /** R1: observers learn of something when it is on disk. */
  private publish(event: RunEvent): void {
    this.parts.journal.committed().then(
      () => this.parts.watch.publish(event),
      () => undefined, // The driver meets the same error and stops the run.
    );
  }

  private refuseAsk(name: string): SixfoldError | undefined {
    if (whereabouts() === 'in-step') return stepInStep(name);
    if (!this.driving) return this.refuseLateWork(`asked for ${name} after`);
    if (this.settled && 'error' in this.settled) return afterFailure(name);
    return this.signal.aborted ? (this.signal.reason as CancelledError) : undefined;
  }

  private refuseLateWork(what: string): SixfoldError {
    this.refusal ??= notJournaled(this.parts.log.run, `${what} waiting for`);
    this.deliveries.nudge();
    return this.refusal;
  }

  private get sameCode(): boolean {
    return this.parts.program.fingerprint === this.parts.log.run.fingerprint;
  }

  private verdict(): Verdict {
    const { codec, program } = this.parts;
    const ended = (status: EndStatus, thrown: unknown): Verdict => {
      return { status, result: undefined, error: codec.encodeError(thrown), report: this.reportOr(NO_REPORT) };
    };
    if (this.steps.unsettled.length > 0) return ended('unknown', outcomeUnknown(this.steps.unsettled.join(', '), 'its outcome was lost'));
    if (this.refusal || !this.settled) return ended('failed', this.refusal);
    if ('error' in this.settled) return ended(this.settled.cancelled ? 'cancelled' : 'failed', this.settled.error);
    try {
      return { status: 'completed', result: program.encodeResult(this.settled.result), error: undefined, report: program.report() };
    } catch (error) {
      return ended('failed', error);
    }
  }

  /** A run that failed ends, also when its report cannot be kept. */
  private reportOr(otherwise: object): string {
    try {
      return this.parts.program.report();
    } catch (error) {
      this.parts.logger.error(`The report of run ${this.id} cannot be kept: ${messageOf(error)}`, { run: this.id });
      return this.parts.codec.encode(otherwise, 'an empty report');
    }
  }
}

function awaited<T>(): { promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new AskedPromise<T>((onResolve) => {
    resolve = onResolve;
  }).handled();
  return { promise, resolve };
}

/**
 * The steps of one run on one load: what the code asks for, what may begin, what is delivered.
 *
 * Owns: which ask is pending or fresh, and its identity. Does not own: when anything is delivered or started, which Execution
 * decides; what happens between the start and the outcome, which is StepCourse's. Invariants: an ask with a recorded outcome is
 * never executed; nothing that is done once begins a second time before it is known that it did not happen.
 */
import type { StepRequest } from '../../abstract/DurableRun.js';
import type { StepStatistics } from '../../abstract/RunReport.js';
import type { RunWait } from '../../abstract/RunWait.js';
import { AskedPromise, UnreadAsks } from '../../kernel/AskedPromise.js';
import { digest } from '../../kernel/digest.js';
import type { JournalRecord } from '../Record.js';
import type { ListedChild } from './AwaitedChildren.js';
import { afterStop, notDone } from './afterAttempt.js';
import { outcomeUnknown } from './attempt.js';
import { Backoff } from './Backoff.js';
import type { ChildOutcome } from './ChildOutcome.js';
import type { Leftover } from './divergence.js';
import { EqualCalls } from './EqualCalls.js';
import { ErrorOrigins } from './ErrorOrigins.js';
import { Ordinals } from './Ordinals.js';
import { type Given, type Known, StepAsk } from './StepAsk.js';
import { StepCourse, type StepCourseParts } from './StepCourse.js';
import { StepEnds } from './StepEnds.js';
import { StepRecords, type StepRecordsParts } from './StepRecords.js';

export type StepsParts = StepCourseParts & StepRecordsParts;

export class Steps {
  private readonly ordinals = new Ordinals();
  private readonly equals = new EqualCalls();
  private readonly pending = new Map<string, StepAsk>();
  private fresh: StepAsk[] = [];
  private readonly records: StepRecords;
  private readonly ends: StepEnds;
  private readonly course: StepCourse;
  private readonly asks = new UnreadAsks();
  private readonly origins = new ErrorOrigins();
  /** Identities of steps that can be undone, until they have an outcome that is known: an equal ask may settle one. */
  private readonly undoable = new Set<string>();
  /** Asks that can be undone or are done once, by the promise that the code has. */
  private readonly known = new WeakMap<Promise<unknown>, Known>();
  private whenSettled: (() => void)[] = [];

  constructor(private readonly parts: StepsParts) {
    this.records = new StepRecords(parts);
    this.ends = new StepEnds(parts, this.records);
    this.course = new StepCourse(parts, { records: this.records, ends: this.ends }, (ask) => this.makeFresh(ask));
  }

  /** Something is under way whose end will be recorded. */
  get active(): boolean {
    return this.course.active;
  }

  /** Some step waits for its next attempt, or for a child. */
  get resting(): boolean {
    return this.course.resting;
  }

  /** What the resting ones wait for. */
  waits(): readonly RunWait[] {
    return this.course.waits;
  }

  /** When the next attempt is due, in milliseconds since the epoch. */
  nextDue(): number | undefined {
    return this.course.nextDue;
  }

  /** The runs that steps wait for. */
  children(): readonly ListedChild[] {
    return this.course.children;
  }

  get leftover(): Leftover {
    return this.records.leftover;
  }

  /** Identity of a call that an edit of the code may have confused with an equal one. */
  get confusable(): string | undefined {
    return this.equals.confusable;
  }

  /** Steps that may or may not have had their effect, by name. */
  get unsettled(): readonly string[] {
    return this.records.unsettled;
  }

  /** Names of the asks whose promise nobody looked at. */
  unread(): readonly string[] {
    return this.asks.list;
  }

  statistics(): readonly StepStatistics[] {
    return this.ends.statistics();
  }

  /** Identities of the steps whose outcomes an error that the code was handed is or comes from. */
  identitiesOf(error: unknown): readonly string[] {
    return this.origins.of(error);
  }

  /** Resolves when every ask has had its outcome delivered; at once when that is so now. */
  settled(): Promise<void> {
    if (this.pending.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenSettled.push(resolve));
  }

  /** Number of the record that says that the ask of that identity began; undefined where no earlier load began it. Once for each ask. */
  begunAt(identity: string): number | undefined {
    return this.records.begunAt(identity);
  }

  /** Takes an ask in; `refused` rejects it unrecorded. */
  ask<T>(request: StepRequest<T>, refused: Error | undefined): Promise<T> {
    let resolve: (value: T) => void = () => undefined;
    let reject: (error: unknown) => void = () => undefined;
    const promise = new AskedPromise<T>((onResolve, onReject) => {
      resolve = onResolve;
      reject = onReject;
    }).handled();
    void this.asks.note(request.name, promise);
    try {
      if (refused) throw refused;
      const backoff = Backoff.of(request.name, request.retry, request.shielded === true);
      const inputText = this.parts.codec.exactText(request.input, `the input of ${request.name}`, request.inputClass);
      const identity = this.ordinals.take(request.branch, request.name, digest(inputText), request.key);
      const subject = this.subjectOf(request);
      this.admit(new StepAsk({ identity, request, inputText, backoff, promise, subject, resolve: resolve as StepAsk['resolve'], reject }));
    } catch (error) {
      reject(error);
    }
    return promise;
  }

  private subjectOf({ name, subject }: Pick<StepRequest<unknown>, 'name' | 'subject'>): Known | undefined {
    const known = subject && this.known.get(subject);
    if (subject && !known) throw new TypeError(`The subject of ${name} is no earlier ask that can be undone.`);
    return known;
  }

  /** Of an ask that can be undone or is done once. */
  identityOf(outcome: Promise<unknown>): string | undefined {
    return this.known.get(outcome)?.identity;
  }

  private admit(ask: StepAsk): void {
    this.equals.ask(ask.identity);
    if (ask.request.undoable) this.undoable.add(ask.identity);
    if (ask.matters) {
      const { identity, inputText, request } = ask;
      this.known.set(ask.promise, { identity, inputText, inputClass: request.inputClass, output: undefined });
    }
    this.pending.set(ask.identity, ask);
    const recorded = this.records.next(ask.identity);
    if (recorded) this.parts.deliveries.add(recorded);
    else {
      ask.inherit(this.records.takeRemains(ask.identity));
      this.fresh.push(ask);
    }
  }

  /** A named part of the run, `phase.path`, has ended: its names are not needed any more. */
  forget(place: string): void {
    this.ordinals.forget(place);
  }

  /** Takes in what an earlier load recorded. */
  recall(record: JournalRecord): void {
    const attempts = this.records.recall(record);
    if (record.kind !== 'step-ended') return;
    this.equals.recall(record.step ?? '');
    this.ends.replayed(record, attempts);
  }

  /** Of what was recalled, the last outcome of that identity does not count if it was a failure: the step is done anew. */
  supersede(identity: string): void {
    this.records.supersede(identity);
  }

  /** Of what was recalled, the last outcome of that identity does not count, which was unknown: what happened follows. */
  forgetDoubt(identity: string): void {
    this.records.forgetDoubt(identity);
  }

  /** It does not matter any more whether it happened. */
  settle(identity: string): void {
    this.records.settle(identity);
  }

  /** Hands the outcome to the code that asked for it. */
  deliver(record: JournalRecord): void {
    const identity = record.step ?? '';
    const ask = this.pending.get(identity);
    if (!ask) return;
    this.pending.delete(identity);
    this.records.pass(identity);
    const { status, body } = record;
    const succeeded = status === 'succeeded';
    const given: Given = { text: body ?? 'null', outputClass: succeeded ? ask.request.outputClass : undefined };
    if (status === 'unknown') this.ordinals.release(identity);
    else if (this.undoable.delete(identity) && succeeded) this.learn(ask.promise, given);
    if (succeeded && ask.subject) this.records.settle(ask.subject.identity); // Whatever became of it, it is undone.
    const value = this.parts.codec.decode(given.text, given.outputClass);
    if (succeeded) ask.resolve(value);
    else {
      this.origins.note(value, identity);
      ask.reject(value);
    }
    if (this.pending.size === 0) for (const resolve of this.whenSettled.splice(0)) resolve();
  }

  private learn(promise: Promise<unknown>, output: Given): void {
    const known = this.known.get(promise);
    if (known) this.known.set(promise, { ...known, output });
  }

  /** The asks that may be begun; after this they are the caller's to prepare. */
  takeFresh(): readonly StepAsk[] {
    return this.fresh.splice(0);
  }

  get hasFresh(): boolean {
    return this.fresh.length > 0;
  }

  /**
   * Records an outcome for asks that must not be started, and the intent of those that must be known to have begun.
   *
   * @param stopped what stopped the run, if something did
   * @returns those that are to be started once that is on disk; the others have an outcome, or become fresh when it is time
   */
  prepare(asks: readonly StepAsk[], stopped: Error | undefined): readonly StepAsk[] {
    return asks.filter((ask) => this.mayStart(ask, stopped));
  }

  private mayStart(ask: StepAsk, stopped: Error | undefined): boolean {
    const { identity, request } = ask;
    const now = this.parts.clock.now();
    const why = ask.once ? this.records.whyDoubtful(identity) : undefined;
    ask.next = why === undefined || !request.probe ? 'attempt' : 'probe';
    if (why !== undefined && !request.probe) {
      this.ends.withError(ask, { status: 'unknown', error: outcomeUnknown(request.name, why) }, now);
      return false;
    }
    if (ask.settles && why === undefined) {
      this.ends.withError(ask, notDone(request.name), now);
      return false;
    }
    if (stopped && !this.course.goesOn(ask)) {
      this.endUnbegun(ask, stopped);
      return false;
    }
    const dueAt = Math.max(ask.tried?.dueAt ?? 0, ask.next === 'probe' ? (this.records.deadlineOf(identity) ?? 0) : 0);
    if (dueAt > now) {
      this.course.rest(ask, dueAt);
      return false;
    }
    if (!this.course.takeTurn(ask)) return false;
    if (ask.next === 'attempt' && ask.intends) this.records.intend(ask, this.course.deadlineOf(ask));
    return true;
  }

  /** A prepared ask is not begun after all, since the run was stopped. */
  withdraw(ask: StepAsk, reason: Error): void {
    if (this.course.goesOn(ask)) this.makeFresh(ask);
    else this.endUnbegun(ask, reason);
  }

  private endUnbegun(ask: StepAsk, reason: Error): void {
    this.course.giveTurnBack(ask);
    this.ends.withError(ask, afterStop(ask, reason), this.parts.clock.now());
  }

  /** Leaves a prepared ask to the next load, if its effect is not `once`: the run may not end without it. */
  putBack(ask: StepAsk): void {
    this.course.giveTurnBack(ask);
    this.fresh.push(ask);
  }

  start(ask: StepAsk): void {
    this.course.start(ask);
  }

  /** The run was stopped, or is handed back; StepCourse says what that means for what was begun. */
  abort(reason: unknown): void {
    this.course.abort(reason);
  }

  /** Nothing becomes due any more on this load. */
  stop(): void {
    this.course.stop(this.pending.values());
  }

  /** Resolves when no attempt is under way. */
  idle(): Promise<void> {
    return this.course.idle();
  }

  /** The run that a step waits for has ended; of one that no step waits for it means nothing. */
  childEnded(identity: string, outcome: ChildOutcome): void {
    this.course.childEnded(identity, outcome);
  }

  private makeFresh(ask: StepAsk): void {
    this.fresh.push(ask);
    this.parts.deliveries.nudge();
  }
}

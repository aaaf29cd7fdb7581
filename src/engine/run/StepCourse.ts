/**
 * The course of the steps that were begun: attempts, probes, rests and children, until there is an outcome.
 *
 * Owns: what is under way, rests, or waits for its turn or a child; what follows when that ends. Does not own: asks that were not
 * begun, delivery. Invariant: what stops the run does not stop what undoes or finds out.
 */

import type { RunWait } from '../../abstract/RunWait.js';
import type { UsageError } from '../../kernel/errors.js';
import { isHandBack } from '../handBack.js';
import { Attempts, type AttemptsParts, type Concluded } from './Attempts.js';
import { stepLogger } from './AttemptVoice.js';
import { type AwaitedChild, AwaitedChildren, type ListedChild } from './AwaitedChildren.js';
import { afterAttempt, afterLostValue, afterProbe, afterStop, type Sequel, type Situation, undoFailed } from './afterAttempt.js';
import { outcomeUnknown } from './attempt.js';
import type { ChildOutcome } from './ChildOutcome.js';
import type { Deliveries } from './Deliveries.js';
import { phaseOf } from './Ordinals.js';
import { RestingAsks } from './RestingAsks.js';
import type { StepAsk } from './StepAsk.js';
import type { StepEnds } from './StepEnds.js';
import type { StepRecords } from './StepRecords.js';
import { type Release, Turns } from './Turns.js';

export interface StepCourseParts extends AttemptsParts {
  readonly deliveries: Deliveries;
  /** A number from 0 to below 1, for the waits between attempts. */
  readonly draw: () => number;
  /** A step waits for this run; whoever knows how it ended calls `childEnded`, also at once. */
  readonly childBegun: (identity: string, runId: string) => void;
  /** The step of that identity has begun a run of this command, on this load or before. */
  readonly hasChild: (command: string, identity: string) => boolean;
  /** The run was stopped while a step waits for this one. @param reason in words */
  readonly cancelChild: (runId: string, reason: string) => void;
  /** A shielded step could not be done: the run is left to be resumed. */
  readonly stuck: (error: UsageError) => void;
  /** Resolves when one more attempt may begin, with what tells that it is over; undefined when nobody has to wait. */
  readonly turnToStart?: (() => Promise<Release> | undefined) | undefined;
}

/** In milliseconds since the epoch. */
interface Moments {
  readonly startedAt: number;
  /** When it was judged what follows. */
  readonly now: number;
}

export class StepCourse {
  private readonly attempts: Attempts;
  private readonly rests: RestingAsks;
  private readonly awaited: AwaitedChildren;
  private readonly turns: Turns | undefined;
  /** What stopped the run, if something did. */
  private stopped: unknown;

  /** @param again an ask is to be begun once more, or has its turn */
  constructor(
    private readonly parts: StepCourseParts,
    private readonly journaled: { readonly records: StepRecords; readonly ends: StepEnds },
    private readonly again: (ask: StepAsk) => void,
  ) {
    const { clock, defect, cancelChild, turnToStart } = parts;
    this.attempts = new Attempts(parts, (concluded) => this.conclude(concluded));
    this.rests = new RestingAsks(clock, again);
    this.awaited = new AwaitedChildren(cancelChild);
    this.turns = turnToStart && new Turns({ ask: turnToStart, granted: again, defect });
  }

  /** Something is under way whose end will be recorded. */
  get active(): boolean {
    return this.attempts.active || this.turns?.active === true;
  }

  /** Some step waits for its next attempt, or for a child. */
  get resting(): boolean {
    return this.rests.size > 0 || this.awaited.size > 0;
  }

  /** What the resting ones wait for. */
  get waits(): readonly RunWait[] {
    return [...this.rests.waits, ...this.awaited.waits];
  }

  /** When the next attempt is due, in milliseconds since the epoch. */
  get nextDue(): number | undefined {
    return this.rests.nextDue;
  }

  /** The runs that steps wait for. */
  get children(): readonly ListedChild[] {
    return this.awaited.list;
  }

  /** When nothing of an attempt that begins now happens any more, as far as is known, in milliseconds since the epoch. */
  deadlineOf(ask: StepAsk): number | undefined {
    return this.attempts.deadlineOf(ask);
  }

  start(ask: StepAsk): void {
    this.attempts.start(ask);
  }

  /** Its next attempt, or its probe, may begin then. */
  rest(ask: StepAsk, dueAt: number): void {
    this.rests.add(ask, dueAt);
  }

  /** False when it has to wait for its turn. */
  takeTurn(ask: StepAsk): boolean {
    return this.turns?.take(ask) !== false;
  }

  /** It is not begun after all. */
  giveTurnBack(ask: StepAsk): void {
    this.turns?.giveBack(ask);
  }

  /**
   * The run was stopped: aborts what is under way, and ends what waits, but for what undoes or finds out. Children are asked to
   * end. When the run is handed back instead, all that is under way is aborted, and what waits is left to the next load.
   */
  abort(reason: unknown): void {
    const leaving = isHandBack(reason);
    if (!leaving) this.stopped ??= reason;
    this.attempts.abort(reason, leaving);
    for (const ask of this.turns?.leave() ?? []) this.again(ask);
    if (leaving) return;
    for (const ask of this.rests.take((resting) => !this.goesOn(resting)))
      this.journaled.ends.withError(ask, afterStop(ask, reason), this.parts.clock.now());
    this.awaited.cancel(reason);
  }

  /** Nothing becomes due any more on this load. @param pending asks without outcome */
  stop(pending: Iterable<StepAsk>): void {
    this.rests.stop();
    this.awaited.stop();
    this.turns?.stop();
    for (const ask of pending) if (!this.attempts.has(ask)) ask.endTrace('handed-back');
  }

  /** Although the run was stopped: it undoes, it finds out, or an earlier load began its child, which must end. */
  goesOn({ sheltered, identity, request }: StepAsk): boolean {
    return sheltered || (request.child === true && this.parts.hasChild(request.name, identity));
  }

  /** Resolves when no attempt is under way. */
  idle(): Promise<void> {
    return this.attempts.idle();
  }

  /** The run that a step waits for has ended; of one that no step waits for it means nothing. */
  childEnded(identity: string, outcome: ChildOutcome): void {
    const child = this.awaited.take(identity);
    if (!child) return;
    const { ends } = this.journaled;
    const { status, body, stands } = outcome;
    const { ask, startedAt, trace } = child;
    const error: unknown = status === 'succeeded' ? undefined : this.parts.codec.decode(body);
    const reason = error === undefined ? undefined : ends.reasonOf(error);
    trace.end(status, reason);
    if (error !== undefined && ask.shielded && !ask.request.undoable) {
      // An undo that failed. Until somebody has mended it.
      this.goOn(ask, { follows: 'stuck', status: 'failed', error }, { startedAt, now: this.parts.clock.now() });
    } else if (stands && ask.request.undoable) {
      const why = 'the run that it began failed behind its pivot, so that what it did stands';
      ends.withError(ask, { status: 'unknown', error: outcomeUnknown(ask.request.name, why, error) }, startedAt);
    } else ends.with(ask, { status, body, reason }, startedAt);
  }

  private conclude(concluded: Concluded): void {
    const { ask, attempted, startedAt, trace } = concluded;
    this.turns?.giveBack(ask);
    if (attempted.status === 'handed-back') {
      trace.end(attempted.status);
      ask.endTrace(attempted.status);
      if (attempted.error) this.parts.defect(attempted.error); // The run is left like its child.
    } else if (attempted.status === 'succeeded') this.succeed(concluded, attempted.value);
    else {
      trace.end(attempted.status, this.journaled.ends.reasonOf(attempted.error));
      const after = ask.next === 'probe' ? afterProbe : afterAttempt;
      const { situation } = this;
      this.goOn(ask, after(ask, attempted, situation), { startedAt, now: situation.now });
    }
    this.parts.deliveries.nudge();
  }

  private succeed({ ask, startedAt, trace }: Concluded, value: unknown): void {
    const { name, child, outputClass } = ask.request;
    if (ask.next === 'attempt' && child) {
      this.awaitChild({ ask, startedAt, trace, runId: String(value) });
      return;
    }
    if (ask.next === 'probe' && value === undefined) {
      trace.end('succeeded');
      const { situation } = this;
      this.goOn(ask, afterProbe(ask, undefined, situation), { startedAt, now: situation.now });
      return;
    }
    let body: string;
    try {
      body = this.parts.codec.encode(value, `the outcome of ${name}`, outputClass);
    } catch (error) {
      trace.end('failed', this.journaled.ends.reasonOf(error));
      this.goOn(ask, afterLostValue(ask, error), { startedAt, now: this.parts.clock.now() });
      return;
    }
    trace.end('succeeded');
    this.journaled.ends.with(ask, { status: 'succeeded', body, reason: undefined }, startedAt);
  }

  private awaitChild(child: AwaitedChild): void {
    this.awaited.add(child);
    this.parts.childBegun(child.ask.identity, child.runId);
    if (this.stopped !== undefined) this.awaited.cancel(this.stopped);
  }

  private get situation(): Situation {
    const { clock, until, draw } = this.parts;
    return { now: clock.now(), stopped: this.stopped, until: until(), draw };
  }

  private goOn(ask: StepAsk, sequel: Sequel, { startedAt, now }: Moments): void {
    const { records, ends } = this.journaled;
    if (sequel.follows === 'end') {
      ends.withError(ask, sequel, startedAt);
      return;
    }
    const { status, error } = sequel;
    const stuck = sequel.follows === 'stuck';
    const { dueAt, probes } = sequel.follows === 'again' ? sequel : { dueAt: now, probes: 0 };
    const reason = ends.reasonOf(error);
    ask.note(records.attempted(ask, { status, errorText: this.parts.codec.encodeError(error), dueAt, probes, stuck }, startedAt));
    if (stuck) {
      ask.endTrace('handed-back', reason);
      this.parts.stuck(undoFailed(ask.request.name, reason, error));
      return;
    }
    this.warnOfNext(ask, { waitMs: Math.max(dueAt - now, 0), reason });
    if (dueAt > now) this.rests.add(ask, dueAt);
    else this.again(ask);
  }

  private warnOfNext({ next, request, tried }: StepAsk, { waitMs, reason }: { readonly waitMs: number; readonly reason: string }): void {
    const { name: step, branch } = request;
    const attempt = tried?.attempt;
    const after = waitMs === 0 ? 'at once' : `in ${waitMs} ms`;
    const said =
      next === 'probe'
        ? `What became of attempt ${attempt} of ${step} is not known, and its probe is asked ${after}`
        : `Attempt ${attempt} of ${step} did not succeed, and the next one begins ${after}`;
    const log = stepLogger(this.parts, { step, phase: phaseOf(branch) }, () => false);
    log.warn(`${said}: ${reason}`, { attempt, waitMs });
  }
}

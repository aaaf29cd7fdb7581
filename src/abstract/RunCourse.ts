/**
 * Whether a run goes on, and what becomes of what it did when it does not.
 *
 * Owns: the course of the run on one load. Does not own: the undoing itself, the error that ends the run.
 * Invariants: while what the run did is undone nothing else is begun, and after that nothing that would have to be undone. Once the pivot has
 * happened nothing is undone, and nothing stops the run.
 */
import { overlook } from '../kernel/AskedPromise.js';
import type { AbstractClass } from '../kernel/Class.js';
import { isKindOf } from '../kernel/codec/carriedError.js';
import { CancelledError, OutcomeUnknownError } from '../kernel/errors.js';
import { Compensation } from './Compensation.js';
import type { DurableRun, StepRequest } from './DurableRun.js';
import { type EffectRole, EffectTrace } from './EffectTrace.js';

/** `going` until the code ends well; the others are ways to end otherwise. */
type Course = 'going' | 'continuing' | 'compensating' | 'failed';

/** When and how what a failed run did is undone. */
export interface CompensationWish {
  /** Only after these errors, and when the run was stopped. @default every error */
  readonly on?: readonly AbstractClass<Error>[] | undefined;
  /** @default 'reverse' */
  readonly order?: 'reverse' | 'parallel' | undefined;
}

export class RunCourse {
  private course: Course = 'going';
  private trace: EffectTrace | undefined;
  private compensation: Compensation | undefined;
  private wish: CompensationWish = {};
  /** Something of it stays, since the error is none of those that it is undone after, or an outcome is unknown. */
  private leftAsItIs = false;
  private passedPivot = false;
  /** What had stopped the run when it failed, if something had. */
  private stop: unknown;
  /** Named parts that failed and whose effects are being undone, or were. */
  private readonly failedParts = new Set<string>();

  constructor(private readonly durable: DurableRun) {}

  /** It failed, and what it did was undone: at its end, or with the part that did it. */
  get compensated(): boolean {
    const isLeft = this.leftAsItIs || this.passedPivot || this.stop instanceof CancelledError;
    return this.course === 'failed' && !isLeft && this.undone.length > 0;
  }

  /** Something was asked for that would have to be undone if the run failed. */
  get reversible(): boolean {
    return this.trace?.list.some(({ role }) => role.undoing) === true;
  }

  /** There is no way back. */
  get pastPivot(): boolean {
    return this.passedPivot;
  }

  /** Names of the steps that were undone, in that order. */
  get undone(): readonly string[] {
    return this.compensation?.undone ?? [];
  }

  compensates(wish: CompensationWish): void {
    this.wish = wish;
  }

  /** True when nothing of the kind may be begun any more. @param place named part of the run that asks, `phase.path`, if one does */
  refuses(undoable: boolean, place: string | undefined): boolean {
    if (place !== undefined && this.failedParts.size > 0 && this.hasFailed(place)) return true;
    return this.course === 'compensating' || (undoable && this.course === 'failed');
  }

  private hasFailed(place: string): boolean {
    return [...this.failedParts].some((failed) => place === failed || place.startsWith(`${failed}.`));
  }

  /** Takes in what was asked for. Costs nothing as long as nothing matters when the run fails. */
  follow<T>(request: StepRequest<T>, outcome: Promise<T>, role: EffectRole): void {
    if (this.pastPivot) return;
    if (role.undoing || role.pivot || request.effect === 'once') this.trace ??= new EffectTrace(this.durable);
    this.trace?.add(request, outcome, role);
    if (role.pivot) this.awaitPivot(outcome);
  }

  /** Nobody stops the run while it is not known whether there is a way back. */
  private awaitPivot(outcome: Promise<unknown>): void {
    const stops = this.durable.holdStops(outcome);
    overlook(
      outcome,
      () => {
        stops?.drop();
        this.passedPivot = true; // Also when the code has failed meanwhile: then what was done stands as well.
        this.trace?.clear();
      },
      () => stops?.release(),
    );
  }

  /** The run ends here, and a successor goes on with it. */
  continueAs(params: object): void {
    this.durable.continueAs(params);
    this.course = 'continuing';
  }

  /** The code goes on as if what it asked for had not been done: if it was, it is undone. */
  async takeBack(outcome: Promise<unknown>): Promise<void> {
    const effect = this.trace?.list.find(({ latest }) => latest === outcome);
    if (this.trace && effect) await this.undoing(this.trace).takeBack(effect);
  }

  /** A named part of the run, `phase.path`, ends with an error: what it did is undone. */
  async failPart(place: string): Promise<void> {
    this.failedParts.add(place);
    if (this.trace && !this.passedPivot) await this.undoing(this.trace).runWithin(place, this.wish);
  }

  /**
   * The run ends with this error.
   *
   * @param undoing stands around the undoing
   * @returns the error that it ends with when what it did is undone; undefined when there was nothing to undo
   */
  fail(error: unknown, undoing: (undo: () => Promise<void>) => Promise<void>): Promise<unknown> | undefined {
    if (this.pastPivot || (this.course === 'continuing' && !this.durable.signal.aborted)) return undefined;
    this.course = 'failed';
    this.stop = this.durable.signal.reason;
    const { trace } = this;
    if (!trace || !this.reversible) return undefined;
    if (this.isUndone(error)) return this.undo(error, trace, undoing);
    this.leftAsItIs = true;
    return undefined;
  }

  private isUndone(error: unknown): boolean {
    const { on } = this.wish;
    return on === undefined || this.durable.signal.aborted || on.some((type) => isKindOf(error, type));
  }

  private undoing(trace: EffectTrace): Compensation {
    this.compensation ??= new Compensation(this.durable, trace);
    return this.compensation;
  }

  private async undo(error: unknown, trace: EffectTrace, undoing: Parameters<RunCourse['fail']>[1]): Promise<unknown> {
    this.course = 'compensating';
    try {
      await undoing(() => this.undoing(trace).run(this.wish));
    } catch (stillUnknown) {
      this.leftAsItIs = true;
      return stillUnknown;
    } finally {
      this.course = 'failed';
    }
    // An effect that was cut off by the stop had an unknown outcome; now that it is settled, the stop is why the run ends.
    return this.stop !== undefined && error instanceof OutcomeUnknownError ? this.stop : error;
  }
}

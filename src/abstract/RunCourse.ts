/**
 * Whether a run goes on, and what becomes of what it did when it does not.
 *
 * Owns: the course of the run on one load. Does not own: the undoing itself, the error that ends the run.
 * Invariants: while what the run did is undone nothing else is begun, and after that nothing that would have to be undone. Once the pivot has
 * happened nothing is undone, and nothing stops the run.
 */
import { overlook } from '../kernel/AskedPromise.js';
import type { AbstractClass } from '../kernel/Class.js';
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
  private wasCompensated = false;
  private passedPivot = false;
  /** Named parts that failed and whose effects are being undone, or were. */
  private readonly failedParts = new Set<string>();

  constructor(private readonly durable: DurableRun) {}

  /** It failed, and what it did was undone. */
  get compensated(): boolean {
    return this.wasCompensated;
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

  /** True when nothing of the kind may be begun any more. @param part named part of the run that asks, without the phase */
  refuses(undoable: boolean, part: string | undefined): boolean {
    if (
      part !== undefined &&
      this.failedParts.size > 0 &&
      [...this.failedParts].some((failed) => part === failed || part.startsWith(`${failed}.`))
    ) {
      return true;
    }
    return this.course === 'compensating' || (undoable && this.course === 'failed');
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
    const stops = this.durable.holdStops();
    overlook(
      outcome,
      () => {
        stops.drop();
        this.passedPivot = true; // Also when the code has failed meanwhile: then what was done stands as well.
        this.trace?.clear();
      },
      () => stops.release(),
    );
  }

  /** The run ends here, and a successor goes on with it. */
  continueAs(params: object): void {
    this.durable.continueAs(params);
    this.course = 'continuing';
  }

  /** A named part of the run, `phase.part`, ends with an error: what it did is undone. */
  async failPart(phase: string, part: string): Promise<void> {
    if (!this.trace || this.course !== 'going') return;
    this.failedParts.add(part);
    await this.undoing(this.trace).runWithin(`${phase}.${part}`, this.wish);
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
    const { trace } = this;
    return trace && this.reversible && this.isUndone(error) ? this.undo(error, trace, undoing) : undefined;
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
    const stop: unknown = this.durable.signal.reason;
    this.course = 'compensating';
    try {
      await undoing(() => this.undoing(trace).run(this.wish));
    } catch (stillUnknown) {
      return stillUnknown;
    } finally {
      this.course = 'failed';
    }
    this.wasCompensated = this.undone.length > 0 && !(stop instanceof CancelledError);
    // An effect that was cut off by the stop had an unknown outcome; now that it is settled, the stop is why the run ends.
    return stop !== undefined && error instanceof OutcomeUnknownError ? stop : error;
  }
}

/** The journal gives an error of a class of the application back as one of the class that it extends, with its own name. */
function isKindOf(error: unknown, type: AbstractClass<Error>): boolean {
  return error instanceof type || (error instanceof Error && error.name === type.name);
}

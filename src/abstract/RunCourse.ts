/**
 * Whether a run goes on, and what becomes of what it did when it does not.
 *
 * Owns: the course of the run on one load. Does not own: the undoing itself, the error that ends the run.
 * Invariant: while what the run did is undone nothing else is begun, and after that nothing that would have to be undone.
 */
import { CancelledError, OutcomeUnknownError } from '../kernel/errors.js';
import type { Reversal } from './CommandContext.js';
import { Compensation } from './Compensation.js';
import type { DurableRun, StepRequest } from './DurableRun.js';

/** `going` until the code ends well; the others are ways to end otherwise. */
type Course = 'going' | 'continuing' | 'compensating' | 'failed';

export class RunCourse {
  private course: Course = 'going';
  private compensation: Compensation | undefined;
  private wasCompensated = false;

  constructor(private readonly durable: DurableRun) {}

  /** It failed, and what it did was undone. */
  get compensated(): boolean {
    return this.wasCompensated;
  }

  /** Something was asked for that would have to be undone if the run failed. */
  get reversible(): boolean {
    return this.compensation?.idle === false;
  }

  /** Names of the steps that were undone, in that order. */
  get undone(): readonly string[] {
    return this.compensation?.undone ?? [];
  }

  /** True when nothing of the kind may be begun any more. */
  refuses(undoable: boolean): boolean {
    return this.course === 'compensating' || (undoable && this.course === 'failed');
  }

  /** Takes in what was asked for. Costs nothing as long as nothing matters when the run fails. */
  trace<T>(request: StepRequest<T>, outcome: Promise<T>, reversal: Reversal<T> | undefined): void {
    if (reversal || request.effect === 'once') this.compensation ??= new Compensation(this.durable);
    this.compensation?.trace(request, outcome, reversal);
  }

  /** The run ends here, and a successor goes on with it. */
  continueAs(params: object): void {
    this.durable.continueAs(params);
    this.course = 'continuing';
  }

  /**
   * The run ends with this error.
   *
   * @param undoing stands around the undoing
   * @returns the error that it ends with when what it did is undone; undefined when there was nothing to undo
   */
  fail(error: unknown, undoing: (undo: () => Promise<void>) => Promise<void>): Promise<unknown> | undefined {
    if (this.course === 'continuing' && !this.durable.signal.aborted) return undefined;
    this.course = 'failed';
    const { compensation } = this;
    return compensation && !compensation.idle ? this.undo(error, compensation, undoing) : undefined;
  }

  private async undo(error: unknown, compensation: Compensation, undoing: Parameters<RunCourse['fail']>[1]): Promise<unknown> {
    const stop: unknown = this.durable.signal.reason;
    this.course = 'compensating';
    try {
      await undoing(() => compensation.run());
    } catch (stillUnknown) {
      return stillUnknown;
    } finally {
      this.course = 'failed';
    }
    this.wasCompensated = compensation.undone.length > 0 && !(stop instanceof CancelledError);
    // An effect that was cut off by the stop had an unknown outcome; now that it is settled, the stop is why the run ends.
    return stop !== undefined && error instanceof OutcomeUnknownError ? stop : error;
  }
}

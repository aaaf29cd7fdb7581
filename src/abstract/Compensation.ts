/**
 * Undoes what a run did, when it fails or is cancelled (R6).
 *
 * Owns: which effects can be undone, what became of each, the order of undoing. Does not own: the steps, which are the
 * journal's; when a run has failed, which the lifecycle says.
 * Invariants: I1 nothing is undone before every effect has a definite outcome, and nothing at all if one stays unknown.
 * I2 newest outcome first, one at a time. I3 an effect whose outcome is unknown is settled by an equal ask, which has the
 * same key; the code may have made that ask itself.
 */
import { overlook } from '../kernel/AskedPromise.js';
import { OutcomeUnknownError, TimeoutError, TransientError } from '../kernel/errors.js';
import type { RetryPolicy } from '../kernel/RetryPolicy.js';
import { presentStep } from '../kernel/whereabouts.js';
import type { Reversal } from './CommandContext.js';
import type { DurableRun, StepRequest } from './DurableRun.js';

type Standing =
  | { readonly at: 'open' | 'not-done' }
  | { readonly at: 'done'; readonly outcome: Promise<unknown> }
  | { readonly at: 'unknown'; readonly error: OutcomeUnknownError };

interface TracedEffect {
  readonly request: StepRequest<unknown>;
  /** Absent for an effect that is only settled. */
  readonly reversal: Reversal<unknown> | undefined;
  /** What equal asks have in common. */
  readonly place: string;
  /** Among equal asks. */
  readonly ordinal: number;
  /** When it had its first outcome, among all. */
  turn: number;
  standing: Standing;
}

/** For undoing, and for asking again what became of an effect. */
const PATIENCE: RetryPolicy = { attemptsMax: 10, backoffMs: 100, backoffMsMax: 60_000 };
/** What says nothing of an effect; any other error says that it did not happen. */
const INCONCLUSIVE = [TransientError, OutcomeUnknownError, TimeoutError];

export class Compensation {
  private readonly effects = new Set<TracedEffect>();
  private readonly ordinals = new Map<string, number>();
  /** Effects whose outcome is unknown, by place. */
  private readonly lost = new Map<string, TracedEffect[]>();
  private readonly names: string[] = [];
  private turns = 0;

  constructor(private readonly durable: DurableRun) {}

  /** Nothing that can be undone was asked for. */
  get idle(): boolean {
    return !this.list.some(({ reversal }) => reversal?.undo);
  }

  /** Names of the steps that were undone, in that order. */
  get undone(): readonly string[] {
    return this.names;
  }

  /** Takes in what was asked for. */
  trace<T>(request: StepRequest<T>, outcome: Promise<T>, reversal: Reversal<T> | undefined): void {
    const place = JSON.stringify([request.branch, request.name, request.key]);
    const [lost] = request.input === undefined ? (this.lost.get(place) ?? []) : [];
    if (lost) {
      // An ask that the engine refuses says nothing of the effect.
      if (this.durable.signal.aborted || presentStep() !== undefined) return;
      this.lost.get(place)?.shift();
      this.follow(lost, outcome);
    } else if (reversal?.undo || request.effect === 'once') this.follow(this.added(request, reversal, place), outcome);
  }

  private get list(): readonly TracedEffect[] {
    return [...this.effects];
  }

  private added<T>(request: StepRequest<T>, reversal: Reversal<T> | undefined, place: string): TracedEffect {
    const ordinal = this.ordinals.get(place) ?? 0;
    this.ordinals.set(place, ordinal + 1);
    // What an effect gives is handed to its own undo only, so here its type does not matter.
    const effect = { request, reversal, place, ordinal, turn: -1, standing: { at: 'open' } } as unknown as TracedEffect;
    this.effects.add(effect);
    return effect;
  }

  private follow(effect: TracedEffect, outcome: Promise<unknown>): void {
    const stand = (standing: Standing): void => {
      effect.standing = standing;
      if (effect.turn < 0) effect.turn = this.turns++;
    };
    overlook(
      outcome,
      () => {
        if (effect.reversal) stand({ at: 'done', outcome });
        else this.effects.delete(effect); // It was traced for the case that nobody knows what became of it.
      },
      (error) => {
        if (!(error instanceof OutcomeUnknownError)) return stand({ at: 'not-done' });
        stand({ at: 'unknown', error });
        const equals = [...(this.lost.get(effect.place) ?? []), effect];
        this.lost.set(
          effect.place,
          equals.toSorted((one, other) => one.ordinal - other.ordinal),
        ); // As the engine gives keys back.
      },
    );
  }

  /**
   * Settles what is unknown, and undoes what was done.
   *
   * @throws OutcomeUnknownError when something stays unknown; then nothing was undone.
   */
  async run(): Promise<void> {
    await this.durable.settled();
    const repeatable = this.list.filter(({ standing, request }) => standing.at === 'unknown' && request.effect !== 'once');
    await Promise.all(repeatable.map((effect) => this.settle(effect)));
    for (const { standing } of this.effects) if (standing.at === 'unknown') throw standing.error;
    const newestFirst = this.list.toSorted((one, other) => other.turn - one.turn);
    for (const effect of newestFirst) await this.undo(effect);
  }

  private async settle(effect: TracedEffect): Promise<void> {
    const { request, reversal } = effect;
    const retry = { ...PATIENCE, ...reversal?.undoRetry, on: INCONCLUSIVE };
    const outcome = this.durable.step({ ...request, retry, shielded: true });
    this.follow(effect, outcome);
    await outcome.catch(() => undefined); // What it says is kept with the effect.
  }

  private async undo({ request, reversal, ordinal, standing }: TracedEffect): Promise<void> {
    const { undo, undoRetry } = reversal ?? {};
    if (!undo || standing.at !== 'done') return;
    const [phase, ...parts] = request.branch.split('.');
    await this.durable.step({
      branch: `${phase}.undo`,
      name: `undo ${request.name}`,
      key: `${[...parts, request.key ?? ''].join('.')}#${ordinal}`,
      effect: 'idempotent',
      shielded: true,
      retry: { ...PATIENCE, ...undoRetry },
      subject: standing.outcome, // The code may have changed the object that it was handed.
      body: async (output, call) => {
        await undo(output, call);
      },
    });
    this.names.push(request.name);
  }
}

/**
 * What a run did that may have to be undone, in the order in which it is known to have happened.
 *
 * Owns: which effects there are, what became of each. Does not own: the steps, which are the journal's; the undoing, which is Compensation's.
 * Invariant: an effect whose outcome is unknown stands until an equal ask, which has the same identity, says what became of it; the code may
 * have made that ask itself.
 */
import { overlook } from '../kernel/AskedPromise.js';
import type { Call } from '../kernel/Call.js';
import { OutcomeUnknownError } from '../kernel/errors.js';
import type { RetryPolicy } from '../kernel/RetryPolicy.js';
import type { DurableRun, StepRequest, Subject } from './DurableRun.js';

/** How an effect is undone. */
export interface Undoing {
  readonly undo: (done: Subject, call: Call) => Promise<unknown>;
  /** It needs to know neither the output nor whether it happened. @default false */
  readonly byKey?: boolean;
  /** @default that of `Reversal.undoRetry` */
  readonly retry?: RetryPolicy | undefined;
  /** Name of the command that undoes it: `undo` begins a run of it, and gives its id. */
  readonly child?: string;
  /** One attempt of it may take so long. */
  readonly timeoutMs?: number | undefined;
}

/** What matters of an ask when the run fails. */
export interface EffectRole {
  readonly undoing?: Undoing | undefined;
  /** Once it has happened nothing is undone any more. @default false */
  readonly pivot?: boolean;
}

type Standing =
  | { readonly at: 'open' | 'not-done' }
  | { readonly at: 'done'; readonly outcome: Promise<unknown> }
  | { readonly at: 'unknown'; readonly outcome: Promise<unknown>; readonly error: OutcomeUnknownError };

export interface TracedEffect {
  readonly request: StepRequest<unknown>;
  readonly role: EffectRole;
  /** Among asks of the same place, name and key. */
  readonly ordinal: number;
  /** When it had its first outcome, among all. */
  turn: number;
  standing: Standing;
  /** The outcome that it had last, or will have. */
  latest: Promise<unknown>;
  /** What is being done about it: a part and what is around it may fail one after the other, and want the same. */
  settling: Promise<void> | undefined;
  undone: Promise<void> | undefined;
}

/** Resolves when each of them has an outcome. Nobody is taken to have looked at it. */
export async function outcomesOf(effects: readonly TracedEffect[]): Promise<void> {
  const ends = effects.map(
    ({ latest }) =>
      new Promise<void>((resolve) =>
        overlook(
          latest,
          () => resolve(),
          () => resolve(),
        ),
      ),
  );
  await Promise.all(ends);
}

export class EffectTrace {
  private readonly effects = new Set<TracedEffect>();
  private readonly ordinals = new Map<string, number>();
  /** Effects whose outcome is unknown, by identity. */
  private readonly lost = new Map<string, TracedEffect>();
  private turns = 0;

  constructor(private readonly durable: DurableRun) {}

  get list(): readonly TracedEffect[] {
    return [...this.effects];
  }

  /** Those of a named part of a phase, `phase.path`, and of the parts in it. */
  within(place: string): readonly TracedEffect[] {
    return this.list.filter(({ request: { branch } }) => branch === place || branch.startsWith(`${place}.`));
  }

  /** Takes in what was asked for. */
  add<T>(request: StepRequest<T>, outcome: Promise<T>, role: EffectRole): void {
    const identity = this.durable.identityOf(outcome);
    const lost = identity === undefined ? undefined : this.lost.get(identity);
    if (lost && identity !== undefined) {
      this.lost.delete(identity);
      this.follow(lost, outcome);
    } else if (role.undoing || role.pivot || request.effect === 'once') this.follow(this.traced(request, role), outcome);
  }

  /** What it did stays, or is undone. */
  forget(effect: TracedEffect): void {
    this.effects.delete(effect);
  }

  clear(): void {
    this.effects.clear();
  }

  private traced<T>(request: StepRequest<T>, role: EffectRole): TracedEffect {
    const place = JSON.stringify([request.branch, request.name, request.key]);
    const ordinal = this.ordinals.get(place) ?? 0;
    this.ordinals.set(place, ordinal + 1);
    const latest = Promise.resolve();
    // What an effect gives is handed to its own undo only, so here its type does not matter.
    const effect = {
      request,
      role,
      ordinal,
      turn: -1,
      standing: { at: 'open' },
      latest,
      settling: undefined,
      undone: undefined,
    } as unknown as TracedEffect;
    this.effects.add(effect);
    return effect;
  }

  /** The next outcome of the effect is this one. */
  follow(effect: TracedEffect, outcome: Promise<unknown>): void {
    const stand = (standing: Standing): void => {
      effect.standing = standing;
      if (effect.turn < 0) effect.turn = this.turns++;
    };
    effect.latest = outcome;
    overlook(
      outcome,
      () => {
        if (effect.role.undoing) stand({ at: 'done', outcome });
        else this.effects.delete(effect); // It was traced for the case that nobody knows what became of it.
      },
      (error) => {
        if (!(error instanceof OutcomeUnknownError)) return stand({ at: 'not-done' });
        stand({ at: 'unknown', outcome, error });
        const identity = this.durable.identityOf(outcome);
        if (identity !== undefined) this.lost.set(identity, effect);
      },
    );
  }
}

/**
 * Undoes what a run did, or a part of it, when that fails or is cancelled (R6).
 *
 * Owns: the order of undoing. Does not own: which effects there are and what became of them (EffectTrace); when something has failed,
 * which the lifecycle says.
 * Invariants: I1 nothing is undone before every effect has a definite outcome, and nothing at all if one stays unknown, but for those that
 * are undone by key. I2 newest outcome first, one at a time, unless the command wants all at once. I3 an effect whose outcome is unknown
 * is settled by an equal ask, which has the same key. I4 a pivot is not settled here: if it has happened, the run has to go on.
 */
import { OutcomeUnknownError, TimeoutError, TransientError } from '../kernel/errors.js';
import type { RetryPolicy } from '../kernel/RetryPolicy.js';
import type { DurableRun, Subject } from './DurableRun.js';
import { type EffectTrace, outcomesOf, type TracedEffect, type Undoing } from './EffectTrace.js';

/** When and how what a failed run did is undone. */
export interface CompensationOrder {
  /** @default 'reverse' */
  readonly order?: 'reverse' | 'parallel' | undefined;
}

/** For undoing, for asking again what became of an effect, and for what has to happen because there is no way back. */
export const PATIENCE: RetryPolicy = { attemptsMax: 10, backoffMs: 100, backoffMsMax: 60_000 };
/** What says nothing of an effect; any other error says that it did not happen. */
const INCONCLUSIVE = [TransientError, OutcomeUnknownError, TimeoutError];

export class Compensation {
  private readonly names: string[] = [];

  constructor(
    private readonly durable: DurableRun,
    private readonly trace: EffectTrace,
  ) {}

  /** Names of the steps that were undone, in that order. */
  get undone(): readonly string[] {
    return this.names;
  }

  /**
   * Settles what is unknown, and undoes what was done.
   *
   * @throws OutcomeUnknownError when something stays unknown; then nothing was undone.
   */
  async run({ order = 'reverse' }: CompensationOrder): Promise<void> {
    await this.durable.settled();
    await this.undoAll(() => this.trace.list, order);
  }

  /** The same with what was done in a named part of a phase, `phase.path`. Others go on meanwhile. */
  async runWithin(place: string, { order = 'reverse' }: CompensationOrder): Promise<void> {
    await outcomesOf(this.trace.within(place));
    await this.undoAll(() => this.trace.within(place), order);
  }

  /** One alone. What stays unknown is left to the end of the run. */
  async takeBack(effect: TracedEffect): Promise<void> {
    if (!effect.role.undoing?.byKey) await this.settle(effect);
    if (effect.standing.at === 'done' || effect.role.undoing?.byKey) await this.undo(effect);
  }

  private async undoAll(effects: () => readonly TracedEffect[], order: 'reverse' | 'parallel'): Promise<void> {
    const settleable = effects().filter(({ standing, role }) => standing.at === 'unknown' && !role.pivot && !role.undoing?.byKey);
    await Promise.all(settleable.map((effect) => this.settle(effect)));
    for (const { standing, role } of effects()) if (standing.at === 'unknown' && !role.undoing?.byKey) throw standing.error;
    const newestFirst = effects().toSorted((one, other) => other.turn - one.turn);
    if (order === 'parallel') await Promise.all(newestFirst.map((effect) => this.undo(effect)));
    else for (const effect of newestFirst) await this.undo(effect);
  }

  private settle(effect: TracedEffect): Promise<void> {
    effect.settling ??= this.ask(effect).finally(() => {
      effect.settling = undefined;
    });
    return effect.settling;
  }

  private async ask(effect: TracedEffect): Promise<void> {
    const { request, role } = effect;
    const asked =
      request.effect === 'once'
        ? { ...request, settles: true }
        : { ...request, retry: { ...PATIENCE, ...role.undoing?.retry, on: INCONCLUSIVE }, shielded: true };
    const outcome = this.durable.step(asked);
    this.trace.follow(effect, outcome);
    await outcome.catch(() => undefined); // What it says is kept with the effect.
  }

  /** Once, whoever wants it: a second undo would have another key. */
  private undo(effect: TracedEffect): Promise<void> {
    const { role, standing } = effect;
    const { undoing } = role;
    if (!undoing || (standing.at !== 'done' && standing.at !== 'unknown')) return effect.undone ?? Promise.resolve();
    effect.undone ??= this.reverse(effect, undoing, standing.outcome);
    return effect.undone;
  }

  private async reverse(effect: TracedEffect, undoing: Undoing, subject: Promise<unknown>): Promise<void> {
    const { request, ordinal } = effect;
    const [phase, ...parts] = request.branch.split('.');
    await this.durable.step({
      branch: `${phase}.undo`,
      name: undoing.child ?? `undo ${request.name}`,
      child: undoing.child !== undefined,
      key: `${[...parts, keyPart(request.key)].join('.')}#${ordinal}`,
      effect: 'idempotent',
      shielded: true,
      retry: { ...PATIENCE, ...undoing.retry },
      timeoutMs: undoing.timeoutMs,
      subject, // The code may have changed the object that it was handed.
      body: async (done, call) => {
        const begun = await undoing.undo(done as Subject, call);
        return undoing.child === undefined ? undefined : begun; // What an undo gives is nobody's.
      },
    });
    this.trace.forget(effect);
    this.names.push(request.name);
  }
}

/** Without the mark that separates parts. */
function keyPart(key = ''): string {
  return key.replaceAll('.', '%2E');
}

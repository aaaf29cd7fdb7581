/**
 * Calls that are told apart by their order alone, and of which one has a recorded outcome (R2): an edit of the code can hand that
 * to another of them.
 *
 * Owns: how many equal steps earlier loads recorded. Does not own: whether the code was edited, outcomes. It is by experiment
 * that nothing less will do (`test/fault/evolution.test.ts`): every rule that lets some of them pass was seen to confuse them.
 */
import { splitIdentity } from './Ordinals.js';

export class EqualCalls {
  /** Numbers of the steps that have a recorded outcome, by what they have in common. */
  private readonly recorded = new Map<string, Set<number>>();
  /** Identity of the first call that an edit may have confused. */
  confusable: string | undefined;

  /** An earlier load recorded the outcome of a step. */
  recall(identity: string): void {
    const { base, ordinal } = splitIdentity(identity);
    const ordinals = this.recorded.get(base);
    if (ordinals) ordinals.add(ordinal);
    else this.recorded.set(base, new Set([ordinal]));
  }

  ask(identity: string): void {
    if (this.recorded.size === 0 || this.confusable !== undefined) return;
    const { base, ordinal } = splitIdentity(identity);
    const ordinals = this.recorded.get(base);
    if (ordinals && (ordinals.size > 1 || ordinal > 0)) this.confusable = identity;
  }
}

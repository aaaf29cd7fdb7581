/**
 * Systems that random programs have effects in: slow, refusing and forgetful, by a chance that a seed decides.
 *
 * Owns: what happened in them. Invariant: what a probe was told has not happened never happens any more.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Call } from '../../../src/kernel/Call.js';
import { OutcomeUnknownError, TransientError } from '../../../src/kernel/errors.js';
import type { StepNode } from '../randomProgram.js';
import { chanceOf } from '../scriptedChance.js';

/** An attempt of an effect, or of its undo, that reached the systems. */
export interface Begun {
  readonly run: string;
  /** Of the step in its run. */
  readonly identity: string;
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** When the code that asks for it was loaded. */
  readonly loadedAt: number;
}

/** An effect that can be undone. */
export interface Undoable {
  readonly run: string;
  readonly identity: string;
  readonly place: string;
}

interface Effect {
  attempts: number;
  standing: 'under way' | 'happened' | 'refused';
}

/** A step and where in the program it was asked for. */
interface Asked {
  readonly run: string;
  readonly loadedAt: number;
  readonly node: StepNode | undefined;
  readonly place: string;
}

export class ProgramEffects {
  readonly begun: Begun[] = [];
  readonly undoable: Undoable[] = [];
  /** What must happen once and began again, though it had not been refused. */
  readonly repeated: string[] = [];
  private readonly effects = new Map<string, Effect>();
  private readonly undone = new Map<string, Set<string>>();
  private undos = 0;

  constructor(private readonly seed: number) {}

  /** Places of a run whose effect was undone. */
  undoneIn(run: string): ReadonlySet<string> {
    return this.undone.get(run) ?? new Set();
  }

  chance(text: string): number {
    return chanceOf(`${this.seed} ${text}`);
  }

  /** One attempt. Whatever has no node of its own is never in doubt. */
  async call(asked: Asked, call: Call): Promise<number> {
    const { run, node, place } = asked;
    const attempt = this.begin(asked, call);
    const chance = this.chance(`${call.key} ${attempt.number}`);
    await wait(chance % 5 === 0 ? chance % 60 : chance % 6);
    const output = this.outputOf(place);
    if (output % 6 === 0) attempt.refuse(new Error(`refused ${output}`));
    if (node && chance % 9 === 0) attempt.refuse(new TransientError('OUTCOME_UNKNOWN', 'not now'));
    attempt.happen();
    if (node?.undo) this.undoable.push({ run, identity: identityOf(run, call), place });
    if (node && chance % 11 === 0) throw new OutcomeUnknownError('OUTCOME_UNKNOWN', 'the reply was lost');
    await wait(chance % 3);
    return output;
  }

  /** @returns undefined when it has not happened, and from now on never will by an attempt that is under way */
  probe(place: string, { key }: Call): number | undefined {
    const effect = this.effects.get(key);
    if (effect?.standing === 'happened') return this.outputOf(place);
    if (effect) effect.standing = 'refused';
    return undefined;
  }

  async undo({ run, loadedAt, place }: Omit<Asked, 'node'>, call: Call): Promise<void> {
    this.begun.push({ run, identity: identityOf(run, call), at: Date.now(), loadedAt });
    this.undos += 1;
    const chance = this.chance(`${call.key} undo ${this.undos}`);
    await wait(chance % 8);
    if (chance % 5 === 0) throw new Error('not now');
    this.undone.set(run, new Set(this.undoneIn(run)).add(place));
  }

  private begin({ run, loadedAt, node, place }: Asked, call: Call) {
    const known = this.effects.get(call.key);
    if (node?.effect === 'once' && known && known.standing !== 'refused') {
      this.repeated.push(`${call.key} at ${place}, which is once, began again as attempt ${call.attempt} and was ${known.standing}`);
    }
    const effect: Effect = known ?? { attempts: 0, standing: 'under way' };
    effect.attempts += 1;
    effect.standing = 'under way';
    this.effects.set(call.key, effect);
    this.begun.push({ run, identity: identityOf(run, call), at: Date.now(), loadedAt });
    const number = effect.attempts;
    const refuse = (error: Error): never => {
      if (effect.attempts === number) effect.standing = 'refused';
      throw error;
    };
    const happen = (): void => {
      if (effect.attempts === number && effect.standing === 'refused') refuse(new Error('too late')); // A probe was told so.
      effect.standing = 'happened';
    };
    return { number, refuse, happen };
  }

  private outputOf(place: string): number {
    return this.chance(place) % 1000;
  }
}

function identityOf(run: string, { key }: Call): string {
  return key.slice(run.length + 1);
}

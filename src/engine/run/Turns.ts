/**
 * Turns of the attempts of one load, where only so many may be under way at once.
 *
 * Owns: who waits, who has one. Does not own: how many there are. Invariant: a turn that was given is given back once.
 */
import type { StepAsk } from './StepAsk.js';

export type Release = () => void;

interface TurnsPorts {
  /** Resolves when it is the turn of one more; undefined when nobody has to wait. */
  readonly ask: () => Promise<Release> | undefined;
  /** One that waited has its turn. */
  readonly granted: (ask: StepAsk) => void;
  readonly defect: (error: unknown) => void;
}

export class Turns {
  private readonly waiting = new Set<StepAsk>();
  private readonly held = new Map<StepAsk, Release>();

  constructor(private readonly ports: TurnsPorts) {}

  /** Somebody waits. */
  get active(): boolean {
    return this.waiting.size > 0;
  }

  /** False when it has to wait; `granted` tells then. */
  take(ask: StepAsk): boolean {
    if (this.held.has(ask)) return true;
    const turn = this.ports.ask();
    if (!turn) return true;
    this.waiting.add(ask);
    turn.then((release) => this.grant(ask, release)).catch(this.ports.defect);
    return false;
  }

  private grant(ask: StepAsk, release: Release): void {
    if (!this.waiting.delete(ask)) {
      release();
      return;
    }
    this.held.set(ask, release);
    this.ports.granted(ask);
  }

  /** It needs its turn no longer. */
  giveBack(ask: StepAsk): void {
    this.held.get(ask)?.();
    this.held.delete(ask);
  }

  /** Nobody waits any more. @returns who did */
  leave(): readonly StepAsk[] {
    const left = [...this.waiting];
    this.waiting.clear();
    return left;
  }

  /** All turns are given back. */
  stop(): void {
    this.waiting.clear();
    for (const release of this.held.values()) release();
    this.held.clear();
  }
}

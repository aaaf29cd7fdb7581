/**
 * The code of a run, driven turn by turn.
 *
 * Owns: whether it is its turn, how it ended. Does not own: what it is given. Invariant R4: what the code does while it is not its
 * turn was brought about by something that is not journaled.
 */
import { betweenSteps } from '../../kernel/whereabouts.js';
import { drain } from './drain.js';

type Ending = { readonly result: unknown } | { readonly error: unknown };
/** How the code ended, and what had stopped the run by then. */
export type Settled = Ending & { readonly stopped: unknown };

export interface CodeTurnsPorts {
  /** Begins the code; may throw. */
  runCode(): Promise<unknown>;
  /** What has stopped the run, if something has. */
  readonly stopped: unknown;
  /** The code ended while it was not its turn. */
  endedLate(): void;
  /** Nothing more can follow once the code has ended. */
  readonly unused: boolean;
}

export class CodeTurns {
  driving = false;
  settled: Settled | undefined;

  constructor(private readonly ports: CodeTurnsPorts) {}

  /** Runs the code from its start. */
  begin(): Promise<void> {
    return this.turn(() => {
      betweenSteps(() => this.run()).then(
        (result) => this.settle({ result }),
        (error: unknown) => this.settle({ error }),
      );
    });
  }

  /** Lets the code run on until all that it can do without the engine is done. */
  turn(move: () => void): Promise<void> {
    return new Promise((resolve) => {
      this.driving = true;
      move();
      drain(
        () => {
          this.driving = false;
          resolve();
        },
        () => this.settled !== undefined && this.ports.unused,
      );
    });
  }

  private run(): Promise<unknown> {
    try {
      return this.ports.runCode();
    } catch (error) {
      return Promise.reject(error);
    }
  }

  private settle(ending: Ending): void {
    if (this.driving) this.settled = { ...ending, stopped: this.ports.stopped };
    else this.ports.endedLate();
  }
}

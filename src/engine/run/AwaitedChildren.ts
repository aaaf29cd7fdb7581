/**
 * Steps whose child run was begun and has not ended.
 *
 * Owns: which child belongs to which step. Does not own: the child; who has it is told when it is to be cancelled.
 */

import type { RunWait } from '../../abstract/RunWait.js';
import type { AttemptTrace } from '../../abstract/Telemetry.js';
import { CancelledError, messageOf } from '../../kernel/errors.js';
import type { StepAsk } from './StepAsk.js';

export interface AwaitedChild {
  readonly ask: StepAsk;
  readonly runId: string;
  readonly startedAt: number;
  readonly trace: AttemptTrace;
}

/** A child that a step waits for. */
export interface ListedChild {
  /** Of the step. */
  readonly identity: string;
  /** Of the step, which is that of the command. */
  readonly name: string;
  readonly runId: string;
}

export class AwaitedChildren {
  private readonly children = new Map<string, AwaitedChild & { told: boolean }>();

  constructor(private readonly cancelChild: (runId: string, reason: string) => void) {}

  get size(): number {
    return this.children.size;
  }

  get list(): readonly ListedChild[] {
    return [...this.children.values()].map(({ ask, runId }) => ({ identity: ask.identity, name: ask.request.name, runId }));
  }

  get waits(): readonly RunWait[] {
    return this.list.map(({ name, runId }) => ({ what: 'child', name, run: runId }));
  }

  add(child: AwaitedChild): void {
    this.children.set(child.ask.identity, { ...child, told: false });
  }

  take(identity: string): AwaitedChild | undefined {
    const child = this.children.get(identity);
    this.children.delete(identity);
    return child;
  }

  /** Asks each of them once to stop; how it ends is for it to say. */
  cancel(reason: unknown): void {
    for (const child of this.children.values()) {
      if (child.told || child.ask.shielded) continue; // One that undoes has to come to its end.
      child.told = true;
      this.cancelChild(child.runId, wordsOf(reason));
    }
  }

  /** They are waited for on the next load. */
  stop(): void {
    for (const { trace } of this.children.values()) trace.end('handed-back');
  }
}

/** The words that the run was cancelled with, so that the child is not cancelled with a sentence about another run. */
function wordsOf(reason: unknown): string {
  const given = reason instanceof CancelledError ? reason.details.reason : undefined;
  return typeof given === 'string' ? given : messageOf(reason);
}

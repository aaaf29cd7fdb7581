/** The figures of one operation, out of its attempts in order of time. */
import type { AttemptFate } from '../runRecord/attemptFate.js';
import { Durations } from './Durations.js';
import type { OperationFailure, OperationReliability } from './OperationReliability.js';
import { Outages } from './Outages.js';
import type { DroppedCalls, SystemAttempt } from './systemAttempts.js';

/** They say nothing of the system. */
const UNCOUNTED: readonly AttemptFate[] = ['not-called', 'stopped', 'erased'];

export class OperationTally {
  private readonly counts = new Map<AttemptFate, number>();
  private readonly commands = new Set<string>();
  private readonly outages = new Outages();
  private readonly durations = new Durations();
  private calls = 0;
  private dropped = 0;
  private lastFailure: OperationFailure | null = null;

  constructor(private readonly of: Pick<OperationReliability, 'system' | 'operation' | 'kind'>) {}

  add({ at, durationMs, fate, error, first, command, run }: SystemAttempt): void {
    if (first) this.calls += 1;
    this.commands.add(command);
    this.counts.set(fate, this.count(fate) + 1);
    if (UNCOUNTED.includes(fate)) return;
    if (fate === 'answered' || fate === 'refused') {
      this.outages.answered(at);
      this.durations.add(durationMs);
      return;
    }
    this.outages.failed(at);
    this.lastFailure = { at: new Date(at).toISOString(), fate, code: error?.code ?? '', message: error?.message ?? '', run };
  }

  addDropped({ count, command }: DroppedCalls): void {
    this.dropped += count;
    this.commands.add(command);
  }

  get figures(): OperationReliability {
    const { calls, outages, durations, lastFailure } = this;
    const answered = this.count('answered') + this.count('refused');
    const [transient, timedOut] = [this.count('transient'), this.count('timed-out')];
    const [unknown, invalidReply] = [this.count('unknown'), this.count('invalid-reply')];
    const attempts = answered + transient + timedOut + unknown + invalidReply;
    return {
      ...this.of,
      commands: [...this.commands].toSorted(),
      calls,
      attempts,
      answered,
      refused: this.count('refused'),
      failures: { transient, timedOut, unknown, invalidReply },
      notCalled: this.count('not-called'),
      stopped: this.count('stopped'),
      erased: this.count('erased'),
      dropped: this.dropped,
      availability: attempts === 0 ? null : answered / attempts,
      outages: outages.count,
      outagesEnded: outages.ended,
      mtbfMs: outages.mtbfMs,
      mttrMs: outages.mttrMs,
      downSince: outages.downSince === undefined ? null : new Date(outages.downSince).toISOString(),
      p50Ms: durations.percentile(50),
      p99Ms: durations.percentile(99),
      lastFailure,
    };
  }

  private count(fate: AttemptFate): number {
    return this.counts.get(fate) ?? 0;
  }
}

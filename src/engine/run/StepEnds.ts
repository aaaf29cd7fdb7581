/**
 * The ends of the steps of one load: recorded, put up for delivery, told, summed up.
 *
 * Owns: the sums. Does not own: how a step ends. Invariant: whatever is told of a step is without secrets.
 */
import type { RunHappening } from '../../abstract/RunEvent.js';
import type { StepStatistics } from '../../abstract/RunReport.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import { messageOf } from '../../kernel/errors.js';
import type { SecretVault } from '../../kernel/SecretVault.js';
import type { JournalRecord } from '../Record.js';
import type { Unsuccessful } from './afterAttempt.js';
import type { Deliveries } from './Deliveries.js';
import { branchOf, phaseOf } from './Ordinals.js';
import type { StepAsk } from './StepAsk.js';
import type { Ended, StepRecords } from './StepRecords.js';
import { StepTally } from './StepTally.js';

export interface StepEndsParts {
  readonly codec: Codec;
  readonly deliveries: Deliveries;
  readonly secrets: SecretVault;
  /** Tells observers, once what was recorded before is on disk. */
  readonly publish: (happening: RunHappening, at: number) => void;
}

interface Outcome extends Ended {
  /** Why it did not succeed. */
  readonly reason: string | undefined;
}

interface Announced {
  readonly phase: string;
  readonly type: 'step-ended' | 'step-replayed';
  readonly reason: string | undefined;
  readonly attempts: number;
}

export class StepEnds {
  private readonly tally = new StepTally();

  constructor(
    private readonly parts: StepEndsParts,
    private readonly records: StepRecords,
  ) {}

  statistics(): readonly StepStatistics[] {
    return this.tally.list;
  }

  /** What is told of an error. */
  reasonOf(error: unknown): string {
    return this.parts.secrets.redact(messageOf(error));
  }

  /** Takes in an outcome of an earlier load. */
  replayed(record: JournalRecord, attempts: number): void {
    const failed = record.status !== 'succeeded';
    const reason = failed ? messageOf(this.parts.codec.decode(record.body ?? 'null')) : undefined;
    this.announce(record, { phase: phaseOf(branchOf(record.step ?? '')), type: 'step-replayed', reason, attempts });
  }

  withError(ask: StepAsk, { status, error }: Unsuccessful, startedAt: number): void {
    this.with(ask, { status, body: this.parts.codec.encodeError(error), reason: this.reasonOf(error) }, startedAt);
  }

  with(ask: StepAsk, outcome: Outcome, startedAt: number): void {
    const { status, reason } = outcome;
    const record = this.records.ended(ask, outcome, startedAt);
    this.parts.deliveries.add(record);
    this.announce(record, { phase: phaseOf(ask.request.branch), type: 'step-ended', reason, attempts: ask.attempts(status) });
    ask.endTrace(status, reason);
  }

  private announce(record: JournalRecord, { phase, type, reason, attempts }: Announced): void {
    const id = record.step ?? '';
    const durationMs = record.at - (record.startedAt ?? record.at);
    this.tally.add({ phase, name: record.label, durationMs, attempts, error: reason });
    const told = { type, phase, id, step: record.label, status: record.status ?? '', durationMs };
    this.parts.publish(reason === undefined ? told : { ...told, reason }, record.at);
  }
}

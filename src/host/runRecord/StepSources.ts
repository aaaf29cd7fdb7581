/**
 * Who said what became of a step: an attempt, its probe, a person, or nobody.
 *
 * Owns: which attempts of `once` steps were announced. Invariant: before each attempt of a `once` step an intent is recorded, so
 * what is recorded without one is no attempt.
 */
import type { JournalRecord } from '../../engine/Record.js';
import { SixfoldError } from '../../kernel/errors.js';

/** `none`: the run was stopped before it was tried, or its process ended while it was. */
export type StepSource = 'attempt' | 'probe' | 'person' | 'none';

/** The body of a `step-attempted` record, as far as it matters here. */
interface Probed {
  readonly probes?: number;
}

/** What a person said of a step whose outcome was unknown. */
export interface RecordedSettlement {
  /** Its identity. */
  readonly step: string;
  readonly by: string;
  readonly reason: string;
}

/** @param body of a `reopened` record; undefined where it was reopened for something else */
export function settlementIn(body: string | null): RecordedSettlement | undefined {
  const { settled, by = '', reason = '' } = JSON.parse(body ?? '{}') as Partial<Record<'settled' | 'by' | 'reason', string>>;
  return settled === undefined ? undefined : { step: settled, by, reason };
}

export class StepSources {
  /** Identities of steps with an intent and no record since. */
  private readonly announced = new Set<string>();
  /** Identity of the step that a person is about to settle. */
  private settled: string | undefined;

  /** @param inherited number of the last record that a fork took over: those come without intents */
  constructor(private readonly inherited: number) {}

  /** Takes in a record that is no outcome of an attempt. */
  note({ kind, step, body }: JournalRecord): void {
    if (kind === 'step-intended') this.announced.add(step ?? '');
    if (kind === 'resumed') this.announced.clear(); // What was under way then has ended without a record.
    if (kind === 'reopened') this.settled = settlementIn(body)?.step;
  }

  /** Of a record that another attempt, or probe, followed. @param error as the journal gives it back */
  ofAttempt({ step, body }: JournalRecord, error: unknown): 'attempt' | 'probe' {
    this.announced.delete(step ?? '');
    const { probes = 0 } = JSON.parse(body ?? '{}') as Probed;
    return probes > 0 || codeOf(error) === 'STEP_NOT_DONE' ? 'probe' : 'attempt';
  }

  /** Of the outcome of a step. */
  ofEnd({ seq, step, effect, status }: JournalRecord, error: unknown, isStopped: boolean): StepSource {
    const announced = this.announced.delete(step ?? '');
    if (step !== null && step === this.settled) {
      this.settled = undefined;
      return 'person';
    }
    if (isStopped) return 'none';
    if (effect !== 'once' || announced || seq <= this.inherited) return 'attempt';
    const isDoubt = status === 'unknown' && error instanceof SixfoldError && error.cause === undefined;
    return isDoubt ? 'none' : 'probe';
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof SixfoldError ? error.code : undefined;
}

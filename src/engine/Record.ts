import type { Effect } from '../kernel/Call.js';

/** What a journal holds of a run, in order. Kinds that are not listed here are refused on reading. */
export const RECORD_KINDS = [
  'started',
  'resumed',
  'step-intended',
  'step-attempted',
  'step-ended',
  'branch-ended',
  'cancel-requested',
  'event',
  'events-closed',
  'signal',
  'signal-missed',
  'timer-fired',
  'gate-overridden',
  'gate-stood',
  'time-passed',
  'ended',
  'reopened',
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/**
 * How a step ended. `failed` is a definite no; `cancelled` is a read that was given up; `unknown` may or may not have
 * had its effect.
 */
export type StepStatus = 'succeeded' | 'failed' | 'cancelled' | 'unknown';

/** `compensated` is a failed run whose effects were undone; `continued` one that a successor goes on with. */
export type EndStatus = 'completed' | 'failed' | 'compensated' | 'cancelled' | 'unknown' | 'continued';

export interface JournalRecord {
  /** 1 for the first record of a run; without gaps. */
  readonly seq: number;
  readonly kind: RecordKind;
  /** When it was recorded, in milliseconds since the epoch. */
  readonly at: number;
  /** Identity of the step (R2), for records of steps. */
  readonly step: string | null;
  /** Name for people: `lint.analyse`, the type of an event, who resumed. */
  readonly label: string;
  readonly status: StepStatus | EndStatus | null;
  /** For records of steps. */
  readonly effect: Effect | null;
  /** When the attempt began, for ended steps. */
  readonly startedAt: number | null;
  /** Text of the codec, or null. */
  readonly body: string | null;
  /** Digest of the body as it was written; stays when a body is erased. */
  readonly bodyDigest: string | null;
  /** Hash over the record before, and over this one with the digest of its body: an altered record breaks the chain. */
  readonly hash: string;
}

import type { AttemptFate } from '../runRecord/attemptFate.js';

/**
 * How an operation of a system answered over many runs, by its attempts in the order in which they began. An outage begins with
 * the first attempt that failed after one that was answered, and ends with the next that is answered. What is undefined is null.
 */
export interface OperationReliability {
  /** Its name in the scopes of the commands. */
  readonly system: string;
  /** Of an undo the operation that it takes back. */
  readonly operation: string;
  /** A check is that of health or version, before a run does anything. */
  readonly kind: 'operation' | 'undo' | 'check';
  /** Names of the commands that used it. */
  readonly commands: readonly string[];
  /** Steps with an attempt; retries are of the same call. */
  readonly calls: number;
  /** Those that reached for the system: answered or failed. */
  readonly attempts: number;
  /** Succeeded or refused. */
  readonly answered: number;
  /** A definite no. */
  readonly refused: number;
  readonly failures: OperationFailures;
  /** Not counted among the attempts: a breaker or bulkhead kept them back, or the caller made a mistake. */
  readonly notCalled: number;
  /** Not counted among the attempts: they were given up since their run was stopped. */
  readonly stopped: number;
  /** Not counted among the attempts: they failed, and why was erased, so nobody knows whether they were answered. */
  readonly erased: number;
  /** Not counted among the calls: their records were dropped with a part of their run that ended well, and only their number is left. */
  readonly dropped: number;
  /** Answered of all attempts, from 0 to 1; null without attempts. */
  readonly availability: number | null;
  /** Outages whose beginning is known. */
  readonly outages: number;
  /** Of them, those that have ended. */
  readonly outagesEnded: number;
  /** Mean time between the beginnings of outages; null with fewer than two. */
  readonly mtbfMs: number | null;
  /** Mean duration of the outages that have ended; null without one. */
  readonly mttrMs: number | null;
  /** ISO 8601; since when every attempt failed; null where the last one was answered. */
  readonly downSince: string | null;
  /** Half of the answered attempts took no longer, exact to three digits. */
  readonly p50Ms: number | null;
  /** 99 of 100 took no longer. */
  readonly p99Ms: number | null;
  readonly lastFailure: OperationFailure | null;
}

/** Attempts without an answer that counts, by why. */
export interface OperationFailures {
  readonly transient: number;
  readonly timedOut: number;
  /** Nobody knows whether it happened. */
  readonly unknown: number;
  /** A reply that broke its contract. */
  readonly invalidReply: number;
}

export interface OperationFailure {
  /** ISO 8601; when the attempt began. */
  readonly at: string;
  readonly fate: AttemptFate;
  /** Of the error; both are empty where it was erased. */
  readonly code: string;
  readonly message: string;
  /** Id of the run. */
  readonly run: string;
}

/**
 * What the code asked for and has no outcome yet.
 *
 * Owns: what its attempts came to so far, and so what is next. Does not own: when that begins, and whether it rests or is under way.
 */
import type { StepRequest } from '../../abstract/DurableRun.js';
import type { StepTrace } from '../../abstract/Telemetry.js';
import type { Effect } from '../../kernel/Call.js';
import type { Class } from '../../kernel/Class.js';
import type { JournalRecord, StepStatus } from '../Record.js';
import type { Backoff } from './Backoff.js';

/** What is known after an attempt, or a probe, that another follows. */
export interface Tried {
  /** Number of the last attempt, over all loads. */
  readonly attempt: number;
  readonly status: 'failed' | 'unknown';
  /** Text of the codec. */
  readonly errorText: string;
  /** When the next one may begin, in milliseconds since the epoch. */
  readonly dueAt: number;
  /** How often the probe of that attempt failed to answer. */
  readonly probes: number;
  /** This attempt, or one before that it did not settle, may have had its effect. */
  readonly doubtful: boolean;
  /** Attempts up to this number do not count against the policy any more: after them the run was left to a person. */
  readonly spent: number;
}

/** What an earlier ask of the run gave. */
export interface Given {
  /** Text of the codec. */
  readonly text: string;
  readonly outputClass: Class<object> | undefined;
}

/** An earlier ask of the run that another may refer to. */
export interface Known {
  readonly identity: string;
  /** Text of the codec. */
  readonly inputText: string;
  readonly inputClass: Class<object> | undefined;
  /** Undefined as long as it has not succeeded. */
  readonly output: Given | undefined;
}

interface AskParts {
  readonly identity: string;
  readonly request: StepRequest<unknown>;
  readonly inputText: string;
  readonly backoff: Backoff;
  readonly promise: Promise<unknown>;
  readonly subject: Known | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** What an earlier load left of an ask. */
export interface Remains {
  readonly tried: Tried | undefined;
  /** It may have had its effect. */
  readonly doubtful: boolean;
}

export class StepAsk {
  readonly identity: string;
  readonly request: StepRequest<unknown>;
  readonly inputText: string;
  readonly backoff: Backoff;
  /** What the code has. */
  readonly promise: Promise<unknown>;
  /** What the body is told of instead of the input. */
  readonly subject: Known | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What is started next. */
  next: 'attempt' | 'probe' = 'attempt';
  /** When the attempt that is recorded as intended ends at the latest, in milliseconds since the epoch. */
  deadline: number | undefined;
  /** Of this load, from the first attempt to the outcome. */
  trace: StepTrace | undefined;
  tried: Tried | undefined;
  /** An attempt may have had its effect. */
  doubtful = false;

  constructor({ identity, request, inputText, backoff, promise, subject, resolve, reject }: AskParts) {
    this.identity = identity;
    this.request = request;
    this.inputText = inputText;
    this.backoff = backoff;
    this.promise = promise;
    this.subject = subject;
    this.resolve = resolve;
    this.reject = reject;
  }

  get shielded(): boolean {
    return this.request.shielded === true;
  }

  /** A second time could be one too many. */
  get once(): boolean {
    return this.request.effect === 'once' && !this.shielded;
  }

  /** Goes on although the run was stopped: it undoes, or finds out. */
  get sheltered(): boolean {
    return this.shielded || this.settles || this.next === 'probe';
  }

  /** It only finds out, and is not done anew. */
  get settles(): boolean {
    return this.request.settles === true;
  }

  /** Whether it happened must be found out before anything is undone. */
  get matters(): boolean {
    const { undoable, pivot, effect } = this.request;
    return undoable === true || pivot === true || effect === 'once';
  }

  /** That it begins must be on disk before it does. */
  get intends(): boolean {
    return this.once || (this.matters && !this.shielded);
  }

  /** Number of the attempt that is next, or that the probe asks about. */
  get attempt(): number {
    const ended = this.tried?.attempt ?? 0;
    return this.next === 'probe' && this.tried?.status === 'unknown' ? ended : ended + 1;
  }

  /** That number, as the policy counts. */
  get tries(): number {
    return this.attempt - (this.tried?.spent ?? 0);
  }

  /** How many attempts were made, given how it ended. */
  attempts(status: StepStatus): number {
    return attemptsOf(this.tried, this.request.effect, status);
  }

  /** Takes over what an earlier load left. */
  inherit({ tried, doubtful }: Remains): void {
    this.tried = tried;
    this.doubtful = doubtful;
  }

  /** Takes in that another attempt, or a probe, follows. */
  note(tried: Tried): void {
    this.tried = tried;
    this.doubtful = tried.doubtful;
    this.next = this.once && tried.status === 'unknown' ? 'probe' : 'attempt';
  }

  endTrace(status: string, reason?: string): void {
    this.trace?.end(status, reason);
    this.trace = undefined;
  }
}

/** How many attempts led to an outcome, as far as the records tell: a probe, or the end of the run, is none. */
export function attemptsOf(tried: Tried | undefined, effect: Effect | null, status: StepStatus): number {
  if (!tried) return 1;
  const noneSince = status === 'cancelled' || (effect === 'once' && tried.status === 'unknown');
  return noneSince ? tried.attempt : tried.attempt + 1;
}

/** The body of a `step-attempted` record. */
interface AttemptedBody {
  readonly error: string;
  readonly dueAt: number;
  readonly attempt: number;
  readonly probes: number;
  /** The run was left to a person after it, who expects it to be tried as often again. */
  readonly stuck?: true;
}

/** What an attempt is recorded with. */
export interface AttemptNote extends Pick<Tried, 'status' | 'errorText' | 'dueAt' | 'probes'> {
  /** The run is left to a person. */
  readonly stuck: boolean;
}

export function attemptedBody(attempt: number, { errorText, dueAt, probes, stuck }: AttemptNote): string {
  const body: AttemptedBody = { error: errorText, dueAt, attempt, probes };
  return JSON.stringify(stuck ? ({ ...body, stuck } satisfies AttemptedBody) : body);
}

/** What was known after the record before. */
type Before = Pick<Tried, 'doubtful' | 'spent'>;

export function triedOf({ body, status, effect }: JournalRecord, before: Before | undefined): Tried {
  const { error, dueAt, attempt, probes, stuck } = JSON.parse(body ?? '{}') as AttemptedBody;
  const unknown = status === 'unknown';
  // That a step which is done once has failed is only recorded when it is sure; of any other the one before may still have done it.
  const doubtful = unknown || (effect !== 'once' && before?.doubtful === true);
  const spent = stuck ? attempt : (before?.spent ?? 0);
  return { attempt, status: unknown ? 'unknown' : 'failed', errorText: error, dueAt, probes, doubtful, spent };
}

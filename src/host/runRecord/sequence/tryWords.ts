/** Words for the messages between a command and its systems. */
import type { CalledOperation } from '../calledSystems.js';
import type { RecordedAttempt, RecordedStep } from '../RunRecordDocument.js';
import { durationText, troubleText } from '../wording.js';
import type { Tone } from './Sequence.js';

/** One attempt of a step or answer of its probe, as the document has it. */
export type RecordedTry = Pick<RecordedAttempt, 'seq' | 'attempt' | 'startedAt' | 'durationMs' | 'error'> &
  Pick<RecordedStep, 'fate' | 'source'> & { readonly nextAt: string | null };

/** A step, and what the picture calls it. */
export interface ToldStep {
  readonly step: RecordedStep;
  /** Undefined for a step of the command's own. */
  readonly called: CalledOperation | undefined;
  /** Of the interaction, from 1. */
  readonly number: number;
  /** Of the interaction that it takes back. */
  readonly undoes: number | undefined;
  /** Its outcome before was unknown. */
  readonly settles: boolean;
}

/** `3 reserve, attempt 2` */
export function requestText(told: ToldStep, { attempt, source }: RecordedTry): string {
  const title = titleOf(told);
  if (source === 'probe') return `${told.number} did ${title} happen?`;
  const again = told.settles ? ' again, to settle it' : '';
  return `${told.number} ${title}${again}${attempt > 1 ? `, attempt ${attempt}` : ''}`;
}

/** `reserve in shipment 2`, `undo reserve (of 1)` */
function titleOf({ step, called, undoes }: ToldStep): string {
  if (called?.kind === 'undo') return `undo ${called.operation}${undoes === undefined ? '' : ` (of ${undoes})`}`;
  return `${called?.operation ?? step.name}${step.part === null || step.part === 'undo' ? '' : ` in ${step.part}`}`;
}

/** `3 child ship` */
export function childText({ number, step }: ToldStep): string {
  return `${number} child ${step.child ?? step.name}`;
}

interface Reply {
  readonly text: string;
  readonly tone: Tone;
  /** Nothing came back that says what became of it. */
  readonly lost: boolean;
}

/** What came of it. */
export function replyOf({ number, step }: ToldStep, tried: RecordedTry): Reply {
  const { fate, source, durationMs } = tried;
  const took = durationMs === null ? '' : `, ${durationText(durationMs)}`;
  const undone = fate === 'answered' && step.undo?.status === 'succeeded' ? ', undone later' : '';
  if (source === 'probe') return { ...probeReply(number, tried), lost: false };
  if (fate === 'answered') return { text: `${number} ok${took}${undone}`, tone: 'good', lost: false };
  const why = fate === 'invalid-reply' ? againText(tried) : whyText(tried); // What it breaks has a section of its own.
  const text = `${number} ${FATES[fate ?? 'unknown']}${took}${why}`;
  return { text, tone: 'bad', lost: fate !== 'refused' && fate !== 'invalid-reply' };
}

const FATES: Readonly<Record<Exclude<RecordedAttempt['fate'], 'answered'>, string>> = {
  refused: 'refused',
  transient: 'failed',
  'timed-out': 'no reply in time',
  unknown: 'reply lost',
  'invalid-reply': 'reply breaks the contract',
  'not-called': 'not called',
  stopped: 'given up, since the run was stopped',
  erased: 'failed, and why was erased',
};

function probeReply(number: number, tried: RecordedTry): Pick<Reply, 'text' | 'tone'> {
  if (tried.fate === 'answered') return { text: `${number} it happened`, tone: 'good' };
  if (tried.error?.code === 'STEP_NOT_DONE') return { text: `${number} it did not happen${againText(tried)}`, tone: 'warn' };
  return { text: `${number} no answer${whyText(tried)}`, tone: 'bad' };
}

/** Of a request that did not leave. */
export function unsentText(told: ToldStep, tried: RecordedTry): string {
  const why = tried.fate === 'not-called' ? 'not called' : 'not sent';
  return `${requestText(told, tried)}, ${why}${whyText(tried)}`;
}

/** Of an outcome that no attempt and no probe gave. */
export function verdictText(told: ToldStep, { source, error, fate }: RecordedTry): string {
  const title = `${told.number} ${titleOf(told)}`;
  if (source === 'person') return `${title}, settled by a person: ${fate === 'answered' ? 'it happened' : 'it did not happen'}`;
  if (fate === 'stopped') return `${title}, not tried ${told.step.attempts.length === 0 ? '' : 'again '}since the run was stopped`;
  return `${title}, ${troubleText(error)}`;
}

function whyText(tried: RecordedTry): string {
  const why = troubleText(tried.error);
  return `${why === '' ? '' : `: ${why}`}${againText(tried)}`;
}

function againText({ nextAt, startedAt, durationMs }: RecordedTry): string {
  if (nextAt === null || startedAt === null) return '';
  const waitMs = Date.parse(nextAt) - Date.parse(startedAt) - (durationMs ?? 0);
  return waitMs > 0 ? `; again in ${durationText(waitMs)}` : '; again at once';
}

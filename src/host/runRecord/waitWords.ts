/** What a run stands still for, in words. */
import type { RecordedWait } from './RunRecordDocument.js';
import { momentText, roughDuration } from './wording.js';

export interface WaitWordsOptions {
  /** Milliseconds since the epoch, to say how long it still takes; without it nothing is said that is true for a moment only. */
  readonly now?: number;
}

/** `waits for the signal approval (until 2026-11-22 10:00:00 UTC, in 3 h)` */
export function waitWords(wait: RecordedWait, options: WaitWordsOptions = {}): string {
  const { what, name, detail } = wait;
  const because = detail === null ? '' : ` (${detail})`;
  switch (what) {
    case 'signal':
      return `waits for the signal ${name}${untilText(wait, options)}`;
    case 'timer':
      return `sleeps${wait.until === null ? '' : ` until ${timeAndRest(wait.until, options, ' (', ')')}`}`;
    case 'gate':
      return `waits for a person to let gate "${name}" pass${untilText(wait, options)}${detail === null ? '' : `: ${detail}`}`;
    case 'child':
      return `waits for its child ${detail === null ? name : `${name} ${detail.slice(0, 8)}`}`;
    case 'retry':
      return `tries ${name} again${againText(wait, options)}${because}`;
    case 'queue':
      return `is queued behind the limits of ${name}`;
    case 'person':
      return `stopped: ${name}`;
  }
}

/** The same as a few characters in a table. */
export function waitBriefly({ what, name, until }: RecordedWait, now: number): string {
  const left = until === null ? undefined : Date.parse(until) - now;
  const rest = left === undefined ? '' : ` ${restText(left)}`;
  switch (what) {
    case 'timer':
      return left === undefined || left <= 0 ? 'sleeps' : `sleeps ${roughDuration(left)}`;
    case 'retry':
      return `retries ${name}${rest}`;
    case 'queue':
      return `queued behind ${name}`;
    case 'person':
      return name;
    default:
      return `${what} ${name}${rest}`;
  }
}

function untilText({ until }: RecordedWait, options: WaitWordsOptions): string {
  return until === null ? '' : ` (until ${timeAndRest(until, options, ', ', '')})`;
}

function againText({ until }: RecordedWait, { now }: WaitWordsOptions): string {
  if (until === null) return '';
  return now === undefined ? ` at ${momentText(until)}` : ` ${restText(Date.parse(until) - now)}`;
}

function timeAndRest(until: string, { now }: WaitWordsOptions, before: string, behind: string): string {
  return now === undefined ? momentText(until) : `${momentText(until)}${before}${restText(Date.parse(until) - now)}${behind}`;
}

/** `in 3 h`; `now` when it is over. */
function restText(leftMs: number): string {
  return leftMs <= 0 ? 'now' : `in ${roughDuration(leftMs)}`;
}

import { type Markup, markup } from '../../../kernel/text/markup.js';

/** The time that a page shows, from left to right. */
export interface Span {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

/** Narrower than this, in percent, a bar could not be seen. */
const WIDTH_MIN = 0.4;

/** A stretch of time in a bar. */
export interface Stretch {
  readonly startedAt: string;
  /** Null while it has no end. */
  readonly durationMs: number | null;
  /** `failed` did not succeed; `rest` is nothing but time between two attempts. */
  readonly look: 'done' | 'failed' | 'rest';
}

/** A bar at its place within the span; empty where it is not known when something began. */
export function bar(span: Span, startedAt: string | null, durationMs: number | null): Markup {
  return bars(span, startedAt === null ? [] : [{ startedAt, durationMs, look: 'done' }]);
}

/** Several on one line. */
export function bars(span: Span, stretches: readonly Stretch[]): Markup {
  return markup`<div class="track" aria-hidden="true">${stretches.map((stretch) => barOf(span, stretch))}</div>`;
}

function barOf(span: Span, { startedAt, durationMs, look }: Stretch): Markup {
  const wholeMs = Math.max(1, span.until - span.from);
  const began = Math.min(Math.max(0, Date.parse(startedAt) - span.from), wholeMs);
  const lasted = Math.min(durationMs ?? wholeMs, wholeMs - began);
  const width = Math.max(WIDTH_MIN, (100 * lasted) / wholeMs);
  const left = Math.min((100 * began) / wholeMs, 100 - width);
  const style = durationMs === null ? 'open' : look;
  return markup`<div class="bar ${style}" style="left:${left.toFixed(2)}%;width:${width.toFixed(2)}%"></div>`;
}

/** `+1.2 s`: how long after the start of the run. */
export function offsetMs(span: Span, at: string | null): number | null {
  return at === null ? null : Math.max(0, Date.parse(at) - span.from);
}

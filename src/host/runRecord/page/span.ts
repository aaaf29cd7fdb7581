import { type Markup, markup } from '../../../kernel/text/markup.js';

/** The time that a page shows, from left to right. */
export interface Span {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
}

/** Narrower than this, in percent, a bar could not be seen. */
const WIDTH_MIN = 0.4;

/** A bar at its place within the span; empty where it is not known when something began. */
export function bar(span: Span, startedAt: string | null, durationMs: number | null): Markup {
  if (startedAt === null) return markup`<div class="track" aria-hidden="true"></div>`;
  const wholeMs = Math.max(1, span.until - span.from);
  const began = Math.min(Math.max(0, Date.parse(startedAt) - span.from), wholeMs);
  const lasted = Math.min(durationMs ?? wholeMs, wholeMs - began);
  const width = Math.max(WIDTH_MIN, (100 * lasted) / wholeMs);
  const left = Math.min((100 * began) / wholeMs, 100 - width);
  const open = durationMs === null ? 'bar open' : 'bar';
  return markup`<div class="track" aria-hidden="true"><div class="${open}" style="margin-left:${left.toFixed(2)}%;width:${width.toFixed(2)}%"></div></div>`;
}

/** `+1.2 s`: how long after the start of the run. */
export function offsetMs(span: Span, at: string | null): number | null {
  return at === null ? null : Math.max(0, Date.parse(at) - span.from);
}

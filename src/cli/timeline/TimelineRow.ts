/** One line of the drawing of a run. */

/** `work` is an attempt; `rest` the time to the next one; `open` has no end yet; `point` happened at once. */
type Shape = 'frame' | 'work' | 'rest' | 'open' | 'wait' | 'point';

export type Tone = 'plain' | 'good' | 'bad' | 'warn' | 'quiet';

/** A stretch of time, in milliseconds since the epoch. */
export interface Stretch {
  readonly from: number;
  readonly until: number;
  readonly shape: Shape;
  readonly tone: Tone;
}

export interface TimelineRow {
  /** 0 for a phase, 1 for what is in it. */
  readonly depth: 0 | 1;
  readonly label: string;
  readonly stretches: readonly Stretch[];
  /** How long it took; empty where that is not known. */
  readonly took: string;
  /** How it ended. */
  readonly status: string;
  readonly tone: Tone;
  /** A line of its own below. */
  readonly why: string;
}

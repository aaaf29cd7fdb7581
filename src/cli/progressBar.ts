import type { RunProgress } from '../index.js';

const CELLS = 24;
/** Eighths of a cell. */
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** `██████▌        27 %  execution  about 12 s left` */
export function progressBar({ done, leftMs }: RunProgress, phase: string): string {
  const eighths = Math.floor(done * CELLS * 8);
  const bar = ('█'.repeat(Math.floor(eighths / 8)) + PARTS[eighths % 8]).padEnd(CELLS, '·');
  const left = leftMs === undefined || done >= 1 ? '' : `  about ${durationText(leftMs)} left`;
  return `${bar} ${String(Math.floor(done * 100)).padStart(3)} %  ${phase}${left}`;
}

/** Rounded to what a person would say. */
function durationText(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

import { roughDuration } from '../host/runRecord/wording.js';
import type { RunProgress } from '../index.js';

const CELLS = 24;
/** Eighths of a cell. */
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** `██████▌        27 %  execution  about 12 s left` */
export function progressBar({ done, leftMs }: RunProgress, phase: string): string {
  const eighths = Math.floor(done * CELLS * 8);
  const bar = ('█'.repeat(Math.floor(eighths / 8)) + PARTS[eighths % 8]).padEnd(CELLS, '·');
  const left = leftMs === undefined || done >= 1 ? '' : `  about ${roughDuration(leftMs)} left`;
  return `${bar} ${String(Math.floor(done * 100)).padStart(3)} %  ${phase}${left}`;
}

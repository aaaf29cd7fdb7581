/** How many processes died at which points, as a table. */
import { SIDES, type Side } from './crashPoints.js';
import type { Line } from './crashTrial.js';

/** Whose death it is. */
const LIVES = ['first run', 'first recovery', 'second recovery'] as const;

export class CrashMatrix {
  private readonly counts = new Map<string, number>();
  total = 0;

  /** Counts the deaths of a chain. @param from the first of them that counts; -1 for the last */
  add(lines: readonly Line[], from = 0): void {
    const deaths = lines.flatMap((line) => (line.at === 'killed' ? [line.points] : []));
    const first = from < 0 ? deaths.length + from : from;
    for (const [life, points] of deaths.entries()) {
      if (life < first) continue;
      this.total += 1;
      for (const { what, side } of points) for (const one of what) this.count(one, side, life);
    }
  }

  private count(what: string, side: Side, life: number): void {
    const cell = cellOf(what, side, life);
    this.counts.set(cell, (this.counts.get(cell) ?? 0) + 1);
  }

  /** Cells without a death. */
  empty(rows: readonly string[]): readonly string[] {
    const cells = rows.flatMap((what) => SIDES.flatMap((side) => LIVES.map((_, life) => cellOf(what, side, life))));
    return cells.filter((cell) => !this.counts.has(cell));
  }

  table(rows: readonly string[]): string {
    const columns = SIDES.flatMap((side) => LIVES.map((name, life) => ({ side, life, heading: `${side}, ${name}` })));
    const lines = [
      ['', ...columns.map(({ heading }) => heading)],
      ...rows.map((what) => [what, ...columns.map(({ side, life }) => String(this.counts.get(cellOf(what, side, life)) ?? '-'))]),
    ];
    const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
    return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
  }
}

function cellOf(what: string, side: Side, life: number): string {
  return `${side} ${what} in the ${LIVES[life]}`;
}

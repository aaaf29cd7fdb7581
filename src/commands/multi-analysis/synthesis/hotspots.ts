/**
 * Hotspots: change frequency times complexity, after Adam Tornhill, "Your Code as a Crime Scene" (2nd ed. 2024,
 * chapter 2). The scale is absolute, so a small and clean project has none, and the numbers of two runs compare.
 */
import type { Hotspot } from '../AnalysisReport.js';
import type { Level } from '../Finding.js';
import type { Measures } from './measures.js';
import { compareText, inTurn } from './order.js';

/** Two changes a month for a year; more often is not counted as hotter. */
const COMMITS_SATURATION = 24;
/** Ten functions at McCabe's limit of ten; more complex is not counted as hotter. */
const CYCLOMATIC_SATURATION = 100;

/** Least heat of each level. Below that of a note a file is no hotspot. */
export const HEAT_MIN: Readonly<Record<Level, number>> = { error: 0.6, warning: 0.3, note: 0.1 };

const HOTSPOTS_MAX = 1000;

/** 0 for a file that never changes or has no branches, 1 for one at both saturations or above. */
export function heatOf({ commits, cyclomatic }: Pick<Measures, 'commits' | 'cyclomatic'>): number {
  const heat = Math.min(1, commits / COMMITS_SATURATION) * Math.min(1, cyclomatic / CYCLOMATIC_SATURATION);
  return Math.round(heat * 1000) / 1000;
}

/** The level of that much heat, undefined below a note. */
function levelOfHeat(heat: number): Level | undefined {
  if (heat >= HEAT_MIN.error) return 'error';
  if (heat >= HEAT_MIN.warning) return 'warning';
  return heat >= HEAT_MIN.note ? 'note' : undefined;
}

/** The hottest files, hottest first, at most 1,000. */
export function hotspotsOf(measures: Iterable<Measures>): Hotspot[] {
  const hotspots: Hotspot[] = [];
  for (const { path, commits, authors, cyclomatic, lines } of measures) {
    const heat = heatOf({ commits, cyclomatic });
    const level = levelOfHeat(heat);
    if (level) hotspots.push({ path, commits, authors, cyclomatic, lines, heat, level });
  }
  const hottestFirst = inTurn<Hotspot>(
    (left, right) => right.heat - left.heat,
    (left, right) => right.commits * right.cyclomatic - left.commits * left.cyclomatic,
    (left, right) => compareText(left.path, right.path),
  );
  return hotspots.sort(hottestFirst).slice(0, HOTSPOTS_MAX);
}

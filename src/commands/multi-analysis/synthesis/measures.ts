/** Brings together what different analysers measured of the same file: size and complexity from one, changes from another. */
import type { AnalyserReport } from '../AnalyserReport.js';
import type { FileMeasure } from '../Finding.js';

/** Everything measured of one file; 0 where nobody measured it. */
export type Measures = Required<FileMeasure>;

/** Where two measured the same of a file, the larger number stands. */
export function gatherMeasures(reports: readonly Pick<AnalyserReport, 'measures'>[]): ReadonlyMap<string, Measures> {
  const byPath = new Map<string, Measures>();
  for (const measure of reports.flatMap((report) => report.measures)) {
    const known = byPath.get(measure.path);
    const larger = (field: Exclude<keyof FileMeasure, 'path'>): number => Math.max(known?.[field] ?? 0, measure[field] ?? 0);
    byPath.set(measure.path, {
      path: measure.path,
      lines: larger('lines'),
      cyclomatic: larger('cyclomatic'),
      commits: larger('commits'),
      authors: larger('authors'),
    });
  }
  return byPath;
}

import type { AnalyserName, Finding, Level, Place } from './Finding.js';

/** A finding after the conflicts are resolved: others spoke of the same place, and this one has priority. */
export interface ResolvedFinding extends Finding {
  /** Stable over runs while file, rule and message stay the same; goes into SARIF's `partialFingerprints`. */
  readonly fingerprint: string;
  /** What the others said of the same place, strongest first. */
  readonly evidence: readonly Finding[];
}

/** A file that is both complex and often changed. */
export interface Hotspot {
  readonly path: string;
  readonly commits: number;
  readonly authors: number;
  readonly cyclomatic: number;
  readonly lines: number;
  /** 0 to 1: how often it changes times how complex it is, on an absolute scale. */
  readonly heat: number;
  readonly level: Level;
}

/** One thing to fix. */
export interface Recommendation extends Place {
  /** 1 is the first to fix. */
  readonly rank: number;
  /** Higher is more urgent; comparable within one report only. */
  readonly score: number;
  readonly level: Level;
  /** What to do, in a few words. */
  readonly title: string;
  /** Why this and why here, in one sentence. */
  readonly reason: string;
  /** The analysers whose word it rests on. */
  readonly analysers: readonly AnalyserName[];
  /** Fingerprint of the finding, absent for a hotspot. */
  readonly fingerprint?: string;
}

/** What became of one analyser. */
export interface AnalyserStatus {
  readonly analyser: AnalyserName;
  readonly status: 'done' | 'absent';
  readonly tool?: string;
  readonly toolVersion?: string;
  /** Why it is absent. */
  readonly reason?: string;
  readonly findings: number;
  readonly dropped: number;
  readonly notes: readonly string[];
}

/** Every file for the picture: how big, how complex, how often changed. */
export interface MeasuredFile {
  readonly path: string;
  readonly lines: number;
  readonly cyclomatic: number;
  readonly commits: number;
  readonly heat: number;
}

/** What there is to fix, without the findings that it rests on. */
export class AnalysisSummary {
  readonly root!: string;
  /** When the analysis began, ISO 8601. */
  readonly startedAt!: string;
  readonly files!: number;
  readonly counts!: Readonly<Record<Level, number>>;
  readonly recommendations!: readonly Recommendation[];
  readonly hotspots!: readonly Hotspot[];
  readonly analysers!: readonly AnalyserStatus[];
}

/** Everything the outputs are made of; `report.json` is this object. */
export class AnalysisReport extends AnalysisSummary {
  readonly findings!: readonly ResolvedFinding[];
  readonly measured!: readonly MeasuredFile[];
}

export function summaryOf({ root, startedAt, files, counts, recommendations, hotspots, analysers }: AnalysisReport): AnalysisSummary {
  return Object.assign(new AnalysisSummary(), { root, startedAt, files, counts, recommendations, hotspots, analysers });
}

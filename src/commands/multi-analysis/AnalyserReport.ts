import type { AnalyserName, FileMeasure, Finding } from './Finding.js';

/** The outcome of one analyser over one tree. */
export class AnalyserReport {
  readonly analyser!: AnalyserName;
  /** The program that was asked, as its package or command is called. */
  readonly tool!: string;
  readonly toolVersion!: string;
  readonly findings!: readonly Finding[];
  readonly measures!: readonly FileMeasure[];
  /** Findings beyond the limit, counted and left out. */
  readonly dropped!: number;
  /** What the reader should know of how the tool was run: a configuration that was not used, files it could not parse. */
  readonly notes!: readonly string[];
}

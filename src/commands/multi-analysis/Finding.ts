/** What the analysers say, in SARIF's terms: one result at one place of one file. */

export const ANALYSER_NAMES = ['lint', 'complexity', 'duplication', 'dead-code', 'cycles', 'secrets', 'history'] as const;
export type AnalyserName = (typeof ANALYSER_NAMES)[number];

/** SARIF's levels, worst first. */
export const LEVELS = ['error', 'warning', 'note'] as const;
export type Level = (typeof LEVELS)[number];

export interface Place {
  /** Relative to the analysed folder, with forward slashes. */
  readonly path: string;
  /** 1 for the first line. */
  readonly startLine: number;
  /** At least `startLine`. */
  readonly endLine: number;
}

export interface Finding extends Place {
  readonly analyser: AnalyserName;
  /** The tool's own name of the rule, such as `eslint(no-unused-vars)` or `unused-export`. */
  readonly rule: string;
  readonly level: Level;
  /** One sentence, never the value of a secret. */
  readonly message: string;
  /** Other places that belong to it: the twin of a duplicate, the members of a cycle. */
  readonly related?: readonly Place[];
  readonly helpUri?: string;
}

/** What an analyser measured of one file, whether or not it is worth a finding. */
export interface FileMeasure {
  readonly path: string;
  /** Lines of code. */
  readonly lines?: number;
  /** Cyclomatic complexity of the file, by McCabe's definition. */
  readonly cyclomatic?: number;
  /** Commits that changed the file in the period looked at. */
  readonly commits?: number;
  /** People who changed it in that period. */
  readonly authors?: number;
}

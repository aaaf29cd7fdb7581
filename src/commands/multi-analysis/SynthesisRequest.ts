import { Type } from 'class-transformer';
import { AnalyserReport } from './AnalyserReport.js';
import type { AnalyserName } from './Finding.js';

/** Everything the analysers said of one tree, and who said nothing. */
export class SynthesisRequest {
  /** Absolute path of the analysed folder. */
  readonly root!: string;
  /** When the analysis began, ISO 8601. */
  readonly startedAt!: string;
  /** Source files of the tree, whether or not an analyser measured them. */
  readonly files!: number;
  @Type(() => AnalyserReport)
  readonly reports!: readonly AnalyserReport[];
  readonly absent!: readonly AbsentAnalyser[];
}

export interface AbsentAnalyser {
  readonly analyser: AnalyserName;
  /** Why it did not report, in one sentence. */
  readonly reason: string;
}

import { Type } from 'class-transformer';
import { AnalysisSummary } from './AnalysisReport.js';
import type { Level } from './Finding.js';

export class MultiAnalysisResult {
  /** The findings themselves are in `report.json`. */
  @Type(() => AnalysisSummary)
  readonly summary!: AnalysisSummary;
  /** Absolute paths of the report files. */
  readonly files!: readonly string[];
  /** The level from which on the caller does not accept findings. */
  readonly failOn!: Level | undefined;
  /** Fingerprint of the tree that was analysed. */
  readonly treeFingerprint!: string;
}

import { Type } from 'class-transformer';
import { AnalysisReport } from './AnalysisReport.js';
import type { Level } from './Finding.js';

export class MultiAnalysisResult {
  @Type(() => AnalysisReport)
  readonly report!: AnalysisReport;
  /** Absolute paths of the report files. */
  readonly files!: readonly string[];
  /** The level from which on the caller does not accept findings. */
  readonly failOn!: Level | undefined;
  /** Fingerprint of the tree that was analysed. */
  readonly treeFingerprint!: string;
}

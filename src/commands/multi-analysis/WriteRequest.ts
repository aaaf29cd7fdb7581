import { Type } from 'class-transformer';
import { AnalysisReport } from './AnalysisReport.js';

export class WriteRequest {
  /** Folder of the report files, made when it is missing. A relative one is taken from the working directory. */
  readonly out!: string;
  @Type(() => AnalysisReport)
  readonly report!: AnalysisReport;
}

/** The door of the multi-analysis command. */
export { Analyser, type Fallback, type Invocation, type Reading } from './Analyser.js';
export { AnalyserReport } from './AnalyserReport.js';
export {
  type AnalyserStatus,
  AnalysisReport,
  AnalysisSummary,
  type Hotspot,
  type MeasuredFile,
  type Recommendation,
  type ResolvedFinding,
} from './AnalysisReport.js';
export { ANALYSER_NAMES, type AnalyserName, type FileMeasure, type Finding, LEVELS, type Level, type Place } from './Finding.js';
export { MultiAnalysisExecutionCommand } from './MultiAnalysisExecutionCommand.js';
export { MultiAnalysisParams } from './MultiAnalysisParams.js';
export { MultiAnalysisResult } from './MultiAnalysisResult.js';
export { multiAnalysisModule } from './multiAnalysisModule.js';
export { type LocatedTool, type PackageToolOptions, packageTool, pathTool, type Tool } from './Tool.js';
export { TreeSurvey } from './TreeSurvey.js';

import type { Call } from '../../kernel/Call.js';
import { operation } from '../../systems/operation.js';
import { System } from '../../systems/System.js';
import type { AnalyserReport } from './AnalyserReport.js';
import { type AnalyserStatus, AnalysisReport, type MeasuredFile } from './AnalysisReport.js';
import { ANALYSER_NAMES, type Finding, type Level } from './Finding.js';
import { type AbsentAnalyser, SynthesisRequest } from './SynthesisRequest.js';
import { resolveConflicts } from './synthesis/conflicts.js';
import { heatOf, hotspotsOf } from './synthesis/hotspots.js';
import { gatherMeasures, type Measures } from './synthesis/measures.js';
import { compareText, inTurn } from './synthesis/order.js';
import { rank } from './synthesis/ranking.js';

/** The picture and `report.json` stay usable with so many; smaller files are left out first. */
const MEASURED_MAX = 5000;

/** Makes one report of what the analysers said: conflicts decided, hotspots found, everything ranked. Pure: no clock, no IO. */
export class Synthesis extends System {
  /** The same report for the same request, whatever the order of the analysers and of their findings. */
  @operation({ input: SynthesisRequest, output: AnalysisReport, effect: 'read' })
  async synthesise(request: SynthesisRequest, call: Call): Promise<AnalysisReport> {
    call.signal.throwIfAborted();
    const measures = gatherMeasures(request.reports);
    const findings = resolveConflicts(request.reports.flatMap((report) => report.findings));
    const hotspots = hotspotsOf(measures.values());
    return Object.assign(new AnalysisReport(), {
      root: request.root,
      startedAt: request.startedAt,
      files: request.files,
      counts: countsOf(findings),
      recommendations: rank(findings, hotspots, measures),
      findings,
      hotspots,
      measured: measuredFiles(measures.values()),
      analysers: statusesOf(request.reports, request.absent),
    });
  }
}

function countsOf(findings: readonly Finding[]): Record<Level, number> {
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { level } of findings) counts[level] += 1;
  return counts;
}

const biggestFirst = inTurn<MeasuredFile>(
  (left, right) => right.lines - left.lines,
  (left, right) => right.heat - left.heat,
  (left, right) => compareText(left.path, right.path),
);

function measuredFiles(measures: Iterable<Measures>): MeasuredFile[] {
  const files = Array.from(measures, ({ path, lines, cyclomatic, commits }) => {
    return { path, lines, cyclomatic, commits, heat: heatOf({ commits, cyclomatic }) };
  });
  const biggest = files.sort(biggestFirst).slice(0, MEASURED_MAX);
  return biggest.sort((left, right) => compareText(left.path, right.path));
}

function statusesOf(reports: readonly AnalyserReport[], absent: readonly AbsentAnalyser[]): AnalyserStatus[] {
  const done = reports.map((report): AnalyserStatus => {
    const { analyser, tool, toolVersion, findings, dropped, notes } = report;
    return { analyser, status: 'done', tool, toolVersion, findings: findings.length, dropped, notes };
  });
  const missing = absent.map(({ analyser, reason }): AnalyserStatus => {
    return { analyser, status: 'absent', reason, findings: 0, dropped: 0, notes: [] };
  });
  const position = (status: AnalyserStatus): number => ANALYSER_NAMES.indexOf(status.analyser);
  return [...done, ...missing].sort((left, right) => position(left) - position(right));
}

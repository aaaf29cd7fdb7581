/** Runs several analysers over one source tree in parallel, merges what they say, and tells what to fix first. */
import { inject, multiInject } from 'inversify';
import { command, type Presentation, type Terminal } from '../../abstract/command.js';
import type { StateFinding } from '../../abstract/RunReport.js';
import { CommandFailure } from '../../kernel/errors.js';
import { Absent } from '../../orchestration/Absent.js';
import type { EventHandlingResults, Interactions, Planning, StateContext, StateManagementResults } from '../../orchestration/hooks.js';
import { OrchestrationCommand } from '../../orchestration/OrchestrationCommand.js';
import { scope } from '../../orchestration/scope.js';
import { Analyser } from './Analyser.js';
import { AnalyserReport } from './AnalyserReport.js';
import { summaryOf } from './AnalysisReport.js';
import { type AnalyserName, LEVELS } from './Finding.js';
import { MultiAnalysisParams } from './MultiAnalysisParams.js';
import { MultiAnalysisResult } from './MultiAnalysisResult.js';
import { ReportWriter } from './ReportWriter.js';
import { renderTerminal } from './report/terminal.js';
import { SourceTree } from './SourceTree.js';
import { Synthesis } from './Synthesis.js';

@command({
  name: 'multi-analysis',
  params: MultiAnalysisParams,
  result: MultiAnalysisResult,
  description: 'Analyse a source tree with several tools at once, and rank what to fix first.',
  examples: ['run multi-analysis --path .', 'run multi-analysis --path ../shop --only lint,cycles --fail-on error'],
  present,
})
export class MultiAnalysisExecutionCommand extends OrchestrationCommand<MultiAnalysisParams, MultiAnalysisResult> {
  constructor(
    @inject(SourceTree) private readonly sourceTree: SourceTree,
    @multiInject(Analyser) private readonly analysers: readonly Analyser[],
    @inject(Synthesis) private readonly synthesis: Synthesis,
    @inject(ReportWriter) private readonly report: ReportWriter,
  ) {
    super();
  }

  defineOrchestrationScope({ params }: Planning<this>) {
    const chosen = this.chosen(params);
    const names = chosen.map(({ analyser }) => analyser);
    return scope({
      systems: { sourceTree: this.sourceTree, synthesis: this.synthesis, report: this.report },
      // Only the chosen ones are there; the hooks call no other.
      optional: Object.fromEntries(chosen.map((analyser) => [analyser.analyser, analyser])) as Record<AnalyserName, Analyser>,
      after: {
        ...Object.fromEntries(names.map((name) => [name, ['sourceTree'] as const])),
        synthesis: names,
        report: ['synthesis'],
      },
    });
  }

  async coordinateSystemInteractions({ params, systems, ctx }: Interactions<this>): Promise<MultiAnalysisResult> {
    const startedAt = ctx.now().toISOString();
    const tree = await systems.sourceTree.survey({ root: params.path, exclude: [params.out] });
    const answers = await Promise.all(
      this.chosen(params).map(async ({ analyser }) => ({ analyser, answer: await systems[analyser].analyse(tree) })),
    );
    const reports = answers.flatMap(({ answer }) => (answer instanceof AnalyserReport ? [answer] : []));
    const absent = answers.flatMap(({ analyser, answer }) => (answer instanceof Absent ? [{ analyser, reason: answer.reason }] : []));
    if (reports.length === 0) throw nothingAnalysed(params.path, absent);
    const report = await systems.synthesis.synthesise({ root: params.path, startedAt, files: tree.files.length, reports, absent });
    const { files } = await systems.report.write({ out: params.out, report });
    return Object.assign(new MultiAnalysisResult(), {
      summary: summaryOf(report),
      files,
      failOn: params.failOn,
      treeFingerprint: tree.fingerprint,
    });
  }

  /** The analysers must have seen one and the same tree. */
  async manageOrchestrationState({ params, systems, results }: StateContext<this>): Promise<StateManagementResults> {
    const after = await systems.sourceTree.survey({ root: params.path, exclude: [params.out] });
    return { consistent: true, findings: after.fingerprint === results.result.treeFingerprint ? [] : [changedTree(params.path)] };
  }

  /** None of its systems emits events. */
  async handleOrchestrationEvents(): Promise<EventHandlingResults> {
    return 'ignored';
  }

  private chosen({ only }: MultiAnalysisParams): readonly Analyser[] {
    return only === undefined ? this.analysers : this.analysers.filter(({ analyser }) => only.includes(analyser));
  }
}

function nothingAnalysed(path: string, absent: readonly { analyser: AnalyserName; reason: string }[]): CommandFailure {
  const reasons = absent.map(({ analyser, reason }) => `${analyser}: ${reason}`).join('; ');
  return new CommandFailure('NOTHING_ANALYSED', `No analyser could look at ${path}. ${reasons}`, { details: { path, absent } });
}

function changedTree(path: string): StateFinding {
  return {
    subject: path,
    expected: 'the files to stay as they were',
    found: 'files that changed during the analysis',
    severity: 'warning',
  };
}

function present({ summary, files, failOn }: MultiAnalysisResult, terminal: Terminal): Presentation {
  const unaccepted = failOn === undefined ? [] : LEVELS.slice(0, LEVELS.indexOf(failOn) + 1);
  return {
    text: `${renderTerminal(summary, terminal)}\n${files.map((file) => `Wrote ${file}`).join('\n')}\n`,
    accepted: unaccepted.every((level) => summary.counts[level] === 0),
  };
}

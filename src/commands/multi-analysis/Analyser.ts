/**
 * Base of the analysers: finds the tool, runs it as a child process, and turns what it printed into a report. A leaf
 * says which tool, with which arguments, and how to read its output.
 */
import type { Call } from '../../kernel/Call.js';
import { CommandFailure, messageOf } from '../../kernel/errors.js';
import { ProcessChannel, type Program, type ProgramOutput } from '../../systems/channels/ProcessChannel.js';
import { operation } from '../../systems/operation.js';
import { System } from '../../systems/System.js';
import { AnalyserReport } from './AnalyserReport.js';
import type { AnalyserName, FileMeasure, Finding } from './Finding.js';
import type { Tool } from './Tool.js';
import { TreeSurvey } from './TreeSurvey.js';

/** What a leaf read from its tool's output; paths may be absolute or relative to the root. */
export interface Reading {
  readonly findings: readonly Finding[];
  readonly measures?: readonly FileMeasure[];
  readonly notes?: readonly string[];
}

const FINDINGS_MAX = 5000;
const TIMEOUT_MS = 5 * 60_000;

export abstract class Analyser extends System {
  /** The tool that does the work; `locate` rejects with how to install it when it is missing. */
  protected abstract readonly tool: Tool;
  abstract readonly analyser: AnalyserName;

  private readonly channel = new ProcessChannel();

  /** Why the tool has nothing to say about such a tree, or undefined when it has. */
  protected abstract inapplicable(tree: TreeSurvey): string | undefined;

  /** How the tool is started on the tree. */
  protected abstract program(tree: TreeSurvey, call: Call): Promise<Program>;

  /** Turns the output into findings and measures. Whatever it throws is reported as unreadable output. */
  protected abstract read(output: ProgramOutput, tree: TreeSurvey, call: Call): Reading | Promise<Reading>;

  override async checkHealth(_call: Call): Promise<void> {
    this.tool.locate();
  }

  /**
   * Analyses the tree.
   *
   * @throws CommandFailure `ANALYSER_NOT_APPLICABLE`, `ANALYSER_NOT_INSTALLED`, `ANALYSER_OUTPUT_UNREADABLE` or one of the process channel's.
   */
  @operation({ input: TreeSurvey, output: AnalyserReport, effect: 'read', policy: { timeoutMs: TIMEOUT_MS } })
  async analyse(tree: TreeSurvey, call: Call): Promise<AnalyserReport> {
    const reason = this.inapplicable(tree);
    if (reason) throw new CommandFailure('ANALYSER_NOT_APPLICABLE', reason);
    const located = this.tool.locate();
    const output = await this.channel.run(await this.program(tree, call), call);
    const reading = await this.readOrRefuse(output, tree, call);
    const sourceFiles = new Set(tree.files);
    const findings = reading.findings.filter((finding) => sourceFiles.has(finding.path));
    return Object.assign(new AnalyserReport(), {
      analyser: this.analyser,
      tool: this.tool.name,
      toolVersion: located.version,
      findings: findings.slice(0, FINDINGS_MAX),
      measures: (reading.measures ?? []).filter((measure) => sourceFiles.has(measure.path)),
      dropped: Math.max(0, findings.length - FINDINGS_MAX),
      notes: reading.notes ?? [],
    });
  }

  private async readOrRefuse(output: ProgramOutput, tree: TreeSurvey, call: Call): Promise<Reading> {
    try {
      return await this.read(output, tree, call);
    } catch (error) {
      const start = (output.stdout.trim() || output.stderr.trim()).slice(0, 120);
      throw new CommandFailure(
        'ANALYSER_OUTPUT_UNREADABLE',
        `${this.tool.name} printed something that is not its report (${messageOf(error)}): ${start || 'nothing'}`,
        { cause: error },
      );
    }
  }
}

/**
 * Base of the analysers: finds the tool, runs it as a child process, and turns what it printed into a report. A leaf
 * says which tool, with which arguments, and how to read its output.
 */
import { mkdir, rm } from 'node:fs/promises';
import { isAbsolute, join, posix, relative } from 'node:path';
import type { Call } from '../../kernel/Call.js';
import { CommandFailure, messageOf } from '../../kernel/errors.js';
import { ProcessChannel, type Program, type ProgramOutput } from '../../systems/channels/ProcessChannel.js';
import { operation } from '../../systems/operation.js';
import { System } from '../../systems/System.js';
import { AnalyserReport } from './AnalyserReport.js';
import { type AnalyserName, type FileMeasure, type Finding, LEVELS, type Place } from './Finding.js';
import type { Tool } from './Tool.js';
import { TreeSurvey } from './TreeSurvey.js';

/** How the tool is started; it runs in the analysed folder. */
export type Invocation = Omit<Program, 'file' | 'cwd'>;

/** What a leaf read from its tool's output; paths may be absolute or relative to the root. */
export interface Reading {
  readonly findings: readonly Finding[];
  readonly measures?: readonly FileMeasure[];
  readonly notes?: readonly string[];
}

/** A second way to start the tool, after the first did not work. */
export interface Fallback {
  readonly invocation: Invocation;
  /** What the reader must know of the difference. */
  readonly note: string;
}

const FINDINGS_MAX = 5000;
const TIMEOUT_MS = 5 * 60_000;
/** How much of what a tool said is told. */
const SAID_CHARACTERS = 300;

/** No colours, and nothing of the host's own debugging. */
const ENVIRONMENT = {
  NO_COLOR: '1',
  FORCE_COLOR: undefined,
  CLICOLOR_FORCE: undefined,
  DEBUG: undefined,
  NODE_OPTIONS: undefined,
  NODE_V8_COVERAGE: undefined,
} as const;

export abstract class Analyser extends System {
  /** The tool that does the work; `locate` rejects with how to install it when it is missing. */
  protected abstract readonly tool: Tool;
  abstract readonly analyser: AnalyserName;

  private readonly programs = new ProcessChannel();

  /** How the tool is started on the tree. */
  protected abstract invocation(tree: TreeSurvey, call: Call): Invocation | Promise<Invocation>;

  /** Turns the output into findings and measures. Whatever it throws is reported as unreadable output. */
  protected abstract read(output: ProgramOutput, tree: TreeSurvey, call: Call): Reading | Promise<Reading>;

  /** Why the tool has nothing to say about such a tree, in one sentence, or undefined when it has. */
  protected inapplicable(tree: TreeSurvey): string | undefined {
    return tree.scripts > 0 ? undefined : 'the folder holds no JavaScript or TypeScript files';
  }

  /**
   * Another way to start the tool when the first failed or printed no report; tried once. `said` is what the tool said instead, on
   * one line. @default none
   */
  protected fallback?(said: string, tree: TreeSurvey, call: Call): Promise<Fallback>;

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
    const { version } = this.tool.locate();
    const reading = await this.readingOf(tree, call);
    const isSource = memberOf(tree);
    const findings = reading.findings.map((finding) => placed(finding, tree)).filter(isSource);
    return Object.assign(new AnalyserReport(), {
      analyser: this.analyser,
      tool: this.tool.name,
      toolVersion: version,
      findings: findings.sort(worstFirst).slice(0, FINDINGS_MAX),
      measures: (reading.measures ?? []).map((measure) => ({ ...measure, path: pathIn(tree, measure.path) })).filter(isSource),
      dropped: Math.max(0, findings.length - FINDINGS_MAX),
      notes: reading.notes ?? [],
    });
  }

  /** Runs the tool in the analysed folder. */
  protected async run(invocation: Invocation, tree: TreeSurvey, call: Call): Promise<ProgramOutput> {
    const { file, args } = this.tool.locate();
    const env = { ...ENVIRONMENT, ...invocation.env };
    try {
      return await this.programs.run({ ...invocation, file, args: [...args, ...invocation.args], cwd: tree.root, env }, call);
    } catch (error) {
      if (!isToolFailure(error)) throw error;
      // The channel names what it started, which is Node for most tools.
      throw new CommandFailure(error.code, error.message.replace(file, this.tool.name), { cause: error, details: error.details });
    }
  }

  /** An empty folder of this analyser's own, for the configuration it gives its tool and for what the tool writes. */
  protected async ownFolder(call: Call): Promise<string> {
    const folder = join(await call.workspace(), this.analyser);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    return folder;
  }

  private async readingOf(tree: TreeSurvey, call: Call): Promise<Reading> {
    try {
      return await this.attempt(await this.invocation(tree, call), tree, call);
    } catch (error) {
      const second = isToolFailure(error) ? await this.fallback?.(saidIn(error, tree), tree, call) : undefined;
      if (!second) throw error;
      const reading = await this.attempt(second.invocation, tree, call);
      return { ...reading, notes: [second.note, ...(reading.notes ?? [])] };
    }
  }

  private async attempt(invocation: Invocation, tree: TreeSurvey, call: Call): Promise<Reading> {
    const output = await this.run(invocation, tree, call);
    try {
      return await this.read(output, tree, call);
    } catch (error) {
      call.signal.throwIfAborted();
      const said = `${output.stdout.trim()} ${output.stderr.trim()}`.trim().slice(0, SAID_CHARACTERS);
      throw new CommandFailure(
        'ANALYSER_OUTPUT_UNREADABLE',
        `${this.tool.name} printed something that is not its report (${messageOf(error)}): ${oneLine(said) || 'nothing'}`,
        { cause: error, details: { said } },
      );
    }
  }
}

function isToolFailure(error: unknown): error is CommandFailure {
  return error instanceof CommandFailure && (error.code === 'PROCESS_FAILED' || error.code === 'ANALYSER_OUTPUT_UNREADABLE');
}

/** What the tool said, without the absolute path of the folder, which differs from machine to machine. */
function saidIn(failure: CommandFailure, tree: TreeSurvey): string {
  const said = typeof failure.details.said === 'string' ? failure.details.said : failure.message;
  return oneLine(said.replaceAll(`${tree.root}/`, ''));
}

/** Text without line breaks and without the lines that terminals draw around it. */
function oneLine(text: string): string {
  return text.replaceAll(/\s*\n(?:x |[\s|│×])*/g, ' ').trim();
}

function memberOf(tree: TreeSurvey): (place: { readonly path: string }) => boolean {
  const files = new Set(tree.files);
  return (place) => files.has(place.path);
}

function placed(finding: Finding, tree: TreeSurvey): Finding {
  const at = <P extends Place>(place: P): P => ({ ...place, path: pathIn(tree, place.path) });
  return finding.related ? { ...at(finding), related: finding.related.map(at) } : at(finding);
}

/** A path as the survey has it: relative to the root, forward slashes, no `./`. */
function pathIn(tree: TreeSurvey, path: string): string {
  return posix.normalize((isAbsolute(path) ? relative(tree.root, path) : path).replaceAll('\\', '/'));
}

function worstFirst(a: Finding, b: Finding): number {
  return (
    LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level) || compare(a.path, b.path) || a.startLine - b.startLine || compare(a.rule, b.rule)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

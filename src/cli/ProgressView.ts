/**
 * Shows how a run goes, on standard error: a line per system and a bar that are redrawn on a terminal, plain lines in a
 * pipe. A step that is no operation of a system has a line of its own, so has a gate; that the run is allowed goes without
 * saying.
 *
 * Owns: what is shown. Does not own: the run, the summary on standard output.
 */
import type { createLogUpdate } from 'log-update';
import type { RecordedWait } from '../host/runRecord/RunRecordDocument.js';
import { waitWords } from '../host/runRecord/waitWords.js';
import type { RunEvent } from '../index.js';
import { progressBar } from './progressBar.js';
import { type GateEvent, type Line, lineText, type StepEvent, stateAfterGate, stateAfterStep, verdictText } from './progressLine.js';
import { restsIn } from './RunStanding.js';
import { shortened } from './terminalText.js';

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const GATE = 'gate ';

export interface ProgressTarget {
  readonly stream: NodeJS.WritableStream;
  readonly live: boolean;
  readonly colour: boolean;
}

export class ProgressView {
  /** By name of the system or step. */
  private readonly lines: Map<string, Line>;
  private readonly systems: ReadonlySet<string>;
  private readonly nameWidth: number;
  /** A gate step that ended; its verdict is on the way. */
  private unjudged: Line | undefined;
  /** What the run waits for besides gates, which have lines of their own. */
  private waits: readonly RecordedWait[] = [];
  private frame = 0;
  private bar = '';
  private phase = '';

  private constructor(
    systems: readonly string[],
    private readonly target: ProgressTarget,
    private readonly redraw: ReturnType<typeof createLogUpdate> | undefined,
  ) {
    this.systems = new Set(systems);
    this.lines = new Map(systems.map((name) => [name, newLine(name)]));
    this.nameWidth = Math.max(12, ...systems.map((name) => name.length)) + 1;
  }

  /** @param systems names of the systems that the run has; each is shown from the beginning */
  static async open(systems: readonly string[], target: ProgressTarget): Promise<ProgressView> {
    // Loaded on terminals only: it costs a tenth of the start.
    const redraw = target.live ? (await import('log-update')).createLogUpdate(target.stream as NodeJS.WriteStream) : undefined;
    return new ProgressView(systems, target, redraw);
  }

  /** Shows events until there are no more. */
  async follow(events: AsyncIterable<RunEvent>): Promise<void> {
    const timer = this.redraw && setInterval(() => this.draw(), FRAME_MS);
    try {
      for await (const event of events) this.take(event);
    } finally {
      clearInterval(timer);
      this.showUnjudged();
      this.draw();
      this.redraw?.done();
    }
  }

  /** A line of its own, above what is redrawn. */
  say(text: string): void {
    this.redraw?.clear();
    this.target.stream.write(`${text}\n`);
  }

  private take(event: RunEvent): void {
    this.takeWaits(event.type === 'waits' ? restsIn(event) : []);
    if (event.type === 'waits') return;
    if (event.type === 'phase') this.phase = event.phase;
    if (event.type === 'gate') this.takeGate(event);
    else if (isStep(event)) this.takeStep(event);
    this.bar = progressBar(event.progress, this.phase);
  }

  private takeWaits(waits: readonly RecordedWait[]): void {
    const known = new Set(this.waits.map((wait) => JSON.stringify(wait)));
    this.waits = waits;
    if (this.redraw) return;
    for (const wait of waits) if (!known.has(JSON.stringify(wait))) this.say(waitLine(wait));
  }

  /** A gate that the command itself checks has a step, and so a line; of the others only those that do not pass are shown. */
  private takeGate(event: GateEvent): void {
    const line = this.lines.get(`${GATE}${event.gate}`);
    if (line === undefined) {
      if (event.verdict !== 'passed') this.say(`gate "${shortened(event.gate)}" ${verdictText(event)}`);
      return;
    }
    if (this.unjudged === line) this.unjudged = undefined;
    line.state = stateAfterGate(event);
    this.show(line);
  }

  private takeStep(event: StepEvent): void {
    this.showUnjudged();
    const [name, operation] = this.split(event.step);
    const goesWithoutSaying = operation === 'checkHealth' || isClearance(event);
    if (goesWithoutSaying && !('reason' in event)) return;
    const line = this.lines.get(name) ?? newLine(name);
    this.lines.set(name, line);
    line.state = stateAfterStep(event);
    if (event.type !== 'step-started') line.calls += 1;
    if (!name.startsWith(GATE)) this.show(line);
    else if (event.type === 'step-ended') this.unjudged = line;
  }

  /** What is named like a gate and got no verdict was a step of that name. */
  private showUnjudged(): void {
    if (this.unjudged) this.show(this.unjudged);
    this.unjudged = undefined;
  }

  /** `lint.analyse` → system and operation, where the run has that system; any other step stands for itself. */
  private split(step: string): readonly [string, string | undefined] {
    const at = step.lastIndexOf('.');
    const system = step.slice(0, Math.max(0, at));
    return this.systems.has(system) ? [system, step.slice(at + 1)] : [step, undefined];
  }

  private show(line: Line): void {
    if (!this.redraw) this.target.stream.write(`${this.textOf(line)}\n`);
  }

  private draw(): void {
    this.frame += 1;
    this.redraw?.([...[...this.lines.values()].map((line) => this.textOf(line)), ...this.waits.map(waitLine), this.bar].join('\n'));
  }

  private textOf(line: Line): string {
    const spinner = this.redraw && (FRAMES[this.frame % FRAMES.length] ?? '');
    return lineText(line, { colour: this.target.colour, width: this.nameWidth, spinner });
  }
}

function newLine(name: string): Line {
  return { label: shortened(name), state: { at: 'waiting' }, calls: 0 };
}

function waitLine(wait: RecordedWait): string {
  return `… ${shortened(waitWords(wait, { now: Date.now() }))}`;
}

function isStep(event: RunEvent): event is StepEvent {
  return event.type === 'step-started' || event.type === 'step-ended' || event.type === 'step-replayed';
}

/** The authorizer was asked; what it refuses is the error of the run. */
function isClearance({ phase, step }: StepEvent): boolean {
  return phase === 'validation' && step === 'authorize';
}

/**
 * Shows how a run goes, on standard error: a line per system that is redrawn on a terminal, plain lines in a pipe.
 *
 * Owns: what is shown. Does not own: the run, the summary on standard output.
 */
import { styleText } from 'node:util';
import type { createLogUpdate } from 'log-update';
import type { RunEvent } from '../index.js';

type State =
  | { readonly at: 'waiting' }
  | { readonly at: 'working'; readonly since: number }
  | { readonly at: 'done'; readonly durationMs: number; readonly replayed: boolean }
  | { readonly at: 'failed'; readonly reason: string };

interface Line {
  state: State;
  calls: number;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
const REASON_CHARACTERS_MAX = 100;

export interface ProgressTarget {
  readonly stream: NodeJS.WriteStream;
  readonly live: boolean;
  readonly colour: boolean;
}

export class ProgressView {
  private readonly lines: Map<string, Line>;
  private readonly nameWidth: number;
  private frame = 0;

  private constructor(
    systems: readonly string[],
    private readonly target: ProgressTarget,
    private readonly redraw: ReturnType<typeof createLogUpdate> | undefined,
  ) {
    this.lines = new Map(systems.map((name) => [name, { state: { at: 'waiting' }, calls: 0 }]));
    this.nameWidth = Math.max(12, ...systems.map((name) => name.length)) + 1;
  }

  static async open(systems: readonly string[], target: ProgressTarget): Promise<ProgressView> {
    // Loaded on terminals only: it costs a tenth of the start.
    const redraw = target.live ? (await import('log-update')).createLogUpdate(target.stream) : undefined;
    return new ProgressView(systems, target, redraw);
  }

  /** Shows events until there are no more. */
  async follow(events: AsyncIterable<RunEvent>): Promise<void> {
    const timer = this.redraw && setInterval(() => this.draw(), FRAME_MS);
    try {
      for await (const event of events) this.take(event);
    } finally {
      clearInterval(timer);
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
    if (event.type === 'phase' || event.type === 'ended') return;
    const [name, operation] = splitStep(event.step);
    if (operation === 'checkHealth' && !('reason' in event)) return;
    const line = this.lines.get(name) ?? { state: { at: 'waiting' }, calls: 0 };
    this.lines.set(name, line);
    line.state = stateAfter(event);
    if (event.type !== 'step-started') line.calls += 1;
    if (!this.redraw) this.target.stream.write(`${this.textOf(name, line)}\n`);
  }

  private draw(): void {
    this.frame += 1;
    this.redraw?.([...this.lines].map(([name, line]) => this.textOf(name, line)).join('\n'));
  }

  private textOf(name: string, { state, calls }: Line): string {
    const label = name.padEnd(this.nameWidth);
    const times = calls > 1 ? ` (${calls} calls)` : '';
    switch (state.at) {
      case 'waiting':
        return this.styled('dim', `· ${label} waiting`);
      case 'working':
        return this.redraw
          ? `${this.styled('cyan', FRAMES[this.frame % FRAMES.length] ?? '')} ${label} ${seconds(Date.now() - state.since)}${times}`
          : `${label} started`;
      case 'done':
        return `${this.styled('green', '✔')} ${label} ${state.replayed ? 'done before the interruption' : seconds(state.durationMs)}${times}`;
      case 'failed':
        return `${this.styled('yellow', '–')} ${label} ${state.reason}`;
    }
  }

  private styled(style: 'dim' | 'cyan' | 'green' | 'yellow', text: string): string {
    return this.target.colour ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** `lint.analyse` → system and operation; a step of a plain command stands for itself. */
function splitStep(step: string): [string, string | undefined] {
  const at = step.lastIndexOf('.');
  return at < 0 ? [step, undefined] : [step.slice(0, at), step.slice(at + 1)];
}

function stateAfter(event: Exclude<RunEvent, { type: 'phase' | 'ended' }>): State {
  if (event.type === 'step-started') return { at: 'working', since: event.at };
  if (event.status === 'succeeded') return { at: 'done', durationMs: event.durationMs, replayed: event.type === 'step-replayed' };
  return { at: 'failed', reason: shortened(('reason' in event ? event.reason : undefined) ?? event.status) };
}

function shortened(reason: string): string {
  // Control characters of foreign text must not reach the terminal.
  const line = reason.replace(/\p{Cc}+/gu, ' ').trim();
  return line.length > REASON_CHARACTERS_MAX ? `${line.slice(0, REASON_CHARACTERS_MAX - 1)}…` : line;
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

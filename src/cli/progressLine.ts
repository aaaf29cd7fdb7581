/** What the progress shows of one system, step or gate. */
import { styleText } from 'node:util';
import type { RunEvent } from '../index.js';
import { shortened } from './terminalText.js';

export type GateEvent = Extract<RunEvent, { readonly type: 'gate' }>;
export type StepEvent = Extract<RunEvent, { readonly type: 'step-started' | 'step-ended' | 'step-replayed' }>;

export type LineState =
  | { readonly at: 'waiting' }
  | { readonly at: 'working'; readonly since: number }
  | { readonly at: 'done'; readonly how: string }
  | { readonly at: 'failed'; readonly reason: string };

export interface Line {
  readonly label: string;
  state: LineState;
  calls: number;
}

export interface LineStyle {
  readonly colour: boolean;
  /** Columns of the label. */
  readonly width: number;
  /** What turns while something works, where lines are redrawn. */
  readonly spinner: string | undefined;
}

export function stateAfterStep(event: StepEvent): LineState {
  if (event.type === 'step-started') return { at: 'working', since: event.at };
  if (event.status !== 'succeeded') return { at: 'failed', reason: shortened(event.reason ?? event.status) };
  return { at: 'done', how: event.type === 'step-replayed' ? 'done before the interruption' : seconds(event.durationMs) };
}

export function stateAfterGate(event: GateEvent): LineState {
  return event.verdict === 'passed' ? { at: 'done', how: 'passed' } : { at: 'failed', reason: verdictText(event) };
}

/** `waits for an override: two are missing` */
export function verdictText({ verdict, severity, found }: GateEvent): string {
  const said = verdict === 'waiting' ? 'waits for an override' : verdict;
  const why = found === undefined ? '' : `: ${shortened(found)}`;
  return `${said}${severity === 'warning' ? ' (a warning)' : ''}${why}`;
}

export function lineText({ label, state, calls }: Line, { colour, width, spinner }: LineStyle): string {
  const styled = (style: 'dim' | 'cyan' | 'green' | 'yellow', text: string): string =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const name = label.padEnd(width);
  const times = calls > 1 ? ` (${calls} calls)` : '';
  switch (state.at) {
    case 'waiting':
      return styled('dim', `· ${name} waiting`);
    case 'working':
      return spinner === undefined ? `${name} started` : `${styled('cyan', spinner)} ${name} ${seconds(Date.now() - state.since)}${times}`;
    case 'done':
      return `${styled('green', '✔')} ${name} ${state.how}${times}`;
    case 'failed':
      return `${styled('yellow', '–')} ${name} ${state.reason}`;
  }
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}

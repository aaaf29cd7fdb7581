/** What happened to the command itself, in words for the picture. */
import type { RecordedGate, RecordedTurn } from '../RunRecordDocument.js';
import { verdictText } from '../wording.js';
import type { Tone } from './Sequence.js';

export interface NoteWords {
  readonly text: string;
  readonly tone: Tone;
}

/** Undefined for what is not worth a line. */
export function courseNote({ kind, label, detail }: RecordedTurn): NoteWords | undefined {
  const warn = (text: string): NoteWords => ({ text, tone: 'warn' });
  const plain = (text: string): NoteWords => ({ text, tone: 'plain' });
  switch (kind) {
    case 'resumed':
      return plain(`taken up again by ${label}`);
    case 'reopened':
      return warn(`reopened${detail === null ? '' : `: ${detail}`}`);
    case 'cancel-requested':
      return warn(`asked to stop: ${label}`);
    case 'time-passed':
      return warn(label === 'deadline' ? 'the deadline has passed' : `the time of the phase ${label} is over`);
    case 'event':
      return plain(`event ${label}`);
    case 'signal':
      return plain(`signal ${label}`);
    case 'signal-missed':
      return warn(`the signal ${label} did not come in time`);
    case 'timer-fired':
      return plain(`slept ${detail ?? label}`);
    case 'gate-overridden':
      return warn(`gate ${label} was let pass ${detail ?? ''}`.trimEnd());
    case 'gate-stood':
      return { text: `nobody let gate ${label} pass in time`, tone: 'bad' };
    case 'branch-ended':
      return plain(`part ${label} ended, and what it did is one record`);
    case 'ended':
      return { text: `the run ended: ${label}`, tone: ENDS[label] ?? 'bad' };
    case 'started':
    case 'events-closed':
      return undefined;
  }
}

const ENDS: Readonly<Record<string, Tone>> = {
  completed: 'good',
  continued: 'good',
  compensated: 'warn',
  cancelled: 'warn',
};

/** @param gate undefined where what was found is not known */
export function gateNote(name: string, gate: RecordedGate | undefined): NoteWords {
  if (!gate) return { text: `gate ${name}`, tone: 'plain' };
  const { verdict, found, severity } = gate;
  const tone = verdict === 'passed' ? 'good' : verdict === 'failed' && severity !== 'warning' ? 'bad' : 'warn';
  return { text: `gate ${name}: ${verdictText({ ...gate, override: null })}${found === null ? '' : `, found ${found}`}`, tone };
}

/** The events of one step, and the order of events of a whole run. */
import type { RecordedStep } from '../RunRecordDocument.js';
import { troublesOf } from '../wording.js';
import type { SequenceEvent, SequenceMessage, SequenceNote, Tone } from './Sequence.js';
import { childText, type RecordedTry, replyOf, requestText, type ToldStep, unsentText, verdictText } from './tryWords.js';

/** An event with its place among those of the same time. */
export interface PlacedEvent {
  readonly event: SequenceEvent & { readonly at: number };
  /** Number of the record that says it. Of a request only its reply is recorded: it stands right before that. */
  readonly order: number;
}

/** Of one interaction: the first attempts and the last ones, half each. */
const TRIES_MAX = 6;

export function eventsOf(told: ToldStep): readonly PlacedEvent[] {
  const { attempts, status, startedAt, seq } = told.step;
  const all: RecordedTry[] = [...attempts];
  if (status !== 'begun' && status !== 'retrying') all.push({ ...told.step, nextAt: null });
  const half = TRIES_MAX / 2;
  const left = all.length - TRIES_MAX;
  const events = left > 0 ? all.slice(0, half) : all;
  const placed = events.flatMap((tried) => eventsOfTry(told, tried));
  if (left > 0) {
    const rest = all.slice(-half);
    placed.push(leftOut(told, left, rest[0]), ...rest.flatMap((tried) => eventsOfTry(told, tried)));
  }
  if (status === 'begun' && startedAt !== null) placed.push(begun(told, Date.parse(startedAt), seq));
  return placed;
}

function eventsOfTry(told: ToldStep, tried: RecordedTry): readonly PlacedEvent[] {
  const { seq, startedAt, durationMs, source, fate, error } = tried;
  if (startedAt === null) return [];
  const from = Date.parse(startedAt);
  const until = from + (durationMs ?? 0);
  if (source === 'none' || source === 'person') {
    return [{ order: seq, event: noteOf(told, until, verdictText(told, tried), fate === 'answered' ? 'good' : 'bad') }];
  }
  const isUnsent = fate === 'not-called' || troublesOf(error).some(({ code }) => code === 'CHANNEL_UNREACHABLE');
  if (isUnsent) {
    return [{ order: seq, event: messageOf(told, until, { ...REQUEST, lost: true, tone: 'bad', text: unsentText(told, tried) }) }];
  }
  const reply = replyOf(told, tried);
  const order = seq - 0.5;
  if (told.step.child !== null) {
    return [
      { order, event: noteOf(told, from, childText(told), 'plain') },
      { order: seq, event: noteOf(told, until, reply.text, reply.tone) },
    ];
  }
  const asked = requestText(told, tried);
  if (told.called === undefined && from === until) {
    const text = `${asked}: ${withoutNumber(reply.text)}`;
    return [{ order: seq, event: messageOf(told, until, { ...REQUEST, lost: false, tone: reply.tone, text }) }];
  }
  return [
    { order, event: messageOf(told, from, { ...REQUEST, lost: false, tone: 'plain', text: asked }) },
    { order: seq, event: messageOf(told, until, { direction: 'reply', ...reply }) },
  ];
}

function withoutNumber(text: string): string {
  return text.slice(text.indexOf(' ') + 1);
}

const REQUEST = { direction: 'request' } as const;

function messageOf(told: ToldStep, at: number, said: Pick<SequenceMessage, 'direction' | 'lost' | 'tone' | 'text'>) {
  return { what: 'message', at, system: told.called?.system, undo: isUndo(told.step), ...said } as const;
}

function noteOf({ step }: ToldStep, at: number, text: string, tone: Tone): SequenceNote & { readonly at: number } {
  return { what: 'note', at, text, tone, undo: isUndo(step) };
}

function isUndo({ part, name }: RecordedStep): boolean {
  return part === 'undo' && name.startsWith('undo ');
}

function leftOut(told: ToldStep, count: number, next: RecordedTry | undefined): PlacedEvent {
  const at = Date.parse(next?.startedAt ?? told.step.startedAt ?? '');
  const order = (next?.seq ?? told.step.seq) - 0.75; // Before the request of the next one.
  return { event: noteOf(told, at, `${told.number} ${count} more attempts, none of them successful`, 'bad'), order };
}

function begun(told: ToldStep, at: number, seq: number): PlacedEvent {
  const tried: RecordedTry = { ...told.step, nextAt: null };
  const text = `${requestText(told, tried)}, begun; its outcome is not recorded`;
  return { event: messageOf(told, at, { ...REQUEST, lost: true, tone: 'warn', text }), order: seq };
}

/** In the order of time, at the same time in that of their records. */
export function inOrder(placed: readonly PlacedEvent[]): readonly SequenceEvent[] {
  return placed.toSorted((one, other) => one.event.at - other.event.at || one.order - other.order).map(({ event }) => event);
}

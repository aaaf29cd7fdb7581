/**
 * The sequence of a run, out of its document.
 *
 * Invariants: events stand in the order of time; of what is left out it is said how much.
 */
import { calledOperation } from '../calledSystems.js';
import type { RecordedGate, RecordedStep, RunRecordDocument } from '../RunRecordDocument.js';
import { waitWords } from '../waitWords.js';
import { courseNote, gateNote, type NoteWords } from './courseNotes.js';
import { eventsOf, inOrder, type PlacedEvent } from './placedEvents.js';
import type { Sequence, SequenceEvent } from './Sequence.js';
import type { ToldStep } from './tryWords.js';

/** Interactions and notes that are shown: the first and the last of them, half each. */
const ITEMS_MAX = 200;
/** Waits of an open run that are listed. */
const WAITS_MAX = 20;
const GATE = 'gate ';

/** What is shown or left out as a whole. */
interface Item {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly seq: number;
  /** Undefined for a note. */
  readonly step: RecordedStep | undefined;
  readonly note: NoteWords | undefined;
}

/** Undefined where no system took part. @param itemsMax at most so many interactions and notes */
export function sequenceOf(document: RunRecordDocument, itemsMax = ITEMS_MAX): Sequence | undefined {
  const items = itemsOf(document).toSorted((one, other) => one.at - other.at || one.seq - other.seq);
  const half = Math.max(1, Math.floor(itemsMax / 2));
  const left = items.slice(half, Math.max(half, items.length - half));
  const shown = left.length === 0 ? items : [...items.slice(0, half), ...items.slice(-half)];
  const telling = new Telling(document, items);
  const placed = [...shown.flatMap((item) => telling.eventsOf(item)), ...gapOf(left)];
  const events = [...inOrder(placed), ...waitsOf(document)];
  const systems = new Set(events.flatMap((event) => (event.what === 'message' ? (event.system ?? []) : [])));
  if (systems.size === 0) return undefined;
  return { command: document.command, systems: [...systems], events, left: left.length, total: items.length };
}

function itemsOf({ steps, phases, course, startedAt: begun }: RunRecordDocument): Item[] {
  const gates = Map.groupBy(
    phases.flatMap((phase) => phase.gates),
    ({ name }) => name,
  );
  return [
    ...steps.map((step): Item => {
      const { seq, attempts, startedAt, durationMs, effect, name } = step;
      const from = Date.parse(attempts[0]?.startedAt ?? startedAt ?? begun);
      if (effect !== 'read' || !name.startsWith(GATE)) return { at: from, seq: attempts[0]?.seq ?? seq, step, note: undefined };
      return { at: from + (durationMs ?? 0), seq, step: undefined, note: gateNote(name.slice(GATE.length), nextGate(gates, name)) };
    }),
    ...course.flatMap((turn): Item[] => {
      const note = courseNote(turn);
      return note ? [{ at: Date.parse(turn.at), seq: turn.seq, step: undefined, note }] : [];
    }),
  ];
}

/** Gates of one name were checked in the order in which they are listed. */
function nextGate(gates: Map<string, RecordedGate[]>, step: string): RecordedGate | undefined {
  const name = step.slice(GATE.length);
  const [first, ...rest] = gates.get(name) ?? [];
  gates.set(name, rest);
  return first;
}

/** Numbers the interactions, and knows which belong together. */
class Telling {
  private readonly systems: ReadonlySet<string>;
  /** By the identity of the step. */
  private readonly numbers = new Map<string, number>();
  /** Identity of the step that an undo takes back, by the record of the undo. */
  private readonly undone: ReadonlyMap<number, string>;
  private readonly doubtful = new Set<string>();
  /** Outcomes of a step whose outcome before was unknown. */
  private readonly settling = new Set<RecordedStep>();

  constructor({ steps, systems }: RunRecordDocument, items: readonly Item[]) {
    this.systems = new Set(systems);
    this.undone = new Map(steps.flatMap(({ undo, id }) => (undo ? [[undo.seq, id] as const] : [])));
    for (const { step } of items) {
      if (!step) continue;
      if (!this.numbers.has(step.id)) this.numbers.set(step.id, this.numbers.size + 1);
      if (this.doubtful.has(step.id)) this.settling.add(step);
      if (step.status === 'unknown') this.doubtful.add(step.id);
    }
  }

  eventsOf({ at, seq, step, note }: Item): readonly PlacedEvent[] {
    if (step) return eventsOf(this.told(step));
    return note ? [{ event: { what: 'note', at, undo: false, ...note }, order: seq }] : [];
  }

  private told(step: RecordedStep): ToldStep {
    const undoes = this.numbers.get(this.undone.get(step.seq) ?? '');
    const number = this.numbers.get(step.id) ?? 0;
    return { step, called: calledOperation(step, this.systems), number, undoes, settles: this.settling.has(step) };
  }
}

/** Says where something is left out, and how much. */
function gapOf(left: readonly Item[]): readonly PlacedEvent[] {
  const [first] = left;
  if (!first) return [];
  const steps = left.filter(({ step }) => step).length;
  const text = `${steps.toLocaleString('en-GB')} interactions and ${(left.length - steps).toLocaleString('en-GB')} other events are left out here`;
  return [{ event: { what: 'note', at: first.at, text, tone: 'warn', undo: false }, order: first.seq }];
}

/** What an open run stands still for comes last. */
function waitsOf({ waits }: RunRecordDocument): readonly SequenceEvent[] {
  return waits.slice(0, WAITS_MAX).map((wait) => ({ what: 'note', at: undefined, text: waitWords(wait), tone: 'warn', undo: false }));
}

/** What happened between a command and its systems, in order of time: what the pictures of it show. */

/** One line of the picture. */
export type SequenceEvent = SequenceMessage | SequenceNote;

export interface SequenceMessage {
  readonly what: 'message';
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Undefined for a step of the command's own. */
  readonly system: string | undefined;
  readonly direction: 'request' | 'reply';
  /** Nothing shows that it arrived. */
  readonly lost: boolean;
  readonly tone: Tone;
  readonly text: string;
  /** It belongs to taking something back. */
  readonly undo: boolean;
}

/** What happened to the command. */
export interface SequenceNote {
  readonly what: 'note';
  /** Undefined for what is not over. */
  readonly at: number | undefined;
  readonly tone: Tone;
  readonly text: string;
  readonly undo: boolean;
}

export type Tone = 'plain' | 'good' | 'warn' | 'bad';

export interface Sequence {
  readonly command: string;
  /** Names, in the order of first use. */
  readonly systems: readonly string[];
  readonly events: readonly SequenceEvent[];
  /** Interactions and notes that are left out, and how many there are. */
  readonly left: number;
  readonly total: number;
}

/** Events that follow one another; those that take something back are a block of their own. */
export interface SequenceBlock {
  readonly undo: boolean;
  readonly events: readonly SequenceEvent[];
}

export function blocksOf(events: readonly SequenceEvent[]): readonly SequenceBlock[] {
  const blocks: { undo: boolean; events: SequenceEvent[] }[] = [];
  for (const event of events) {
    const last = blocks.at(-1);
    if (last?.undo === event.undo) last.events.push(event);
    else blocks.push({ undo: event.undo, events: [event] });
  }
  return blocks;
}

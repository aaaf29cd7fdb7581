/** The sequence of a run as a picture: lifelines from the top to the bottom, and between them what was said. */
import { type Markup, markup } from '../../../kernel/text/markup.js';
import { blocksOf, type Sequence, type SequenceEvent, type SequenceMessage } from '../sequence/Sequence.js';

/** In the units of the picture, which are pixels where there is room. */
const ROW = 34;
const HEAD = 40;
/** Where the lifeline of the command stands; left of it the times. */
const COMMAND_X = 84;
/** To the first system, so that what is said has room. */
const FIRST_GAP = 330;
const GAP = 130;
const MARGIN = 76;
const WIDTH_MIN = 720;
/** A character of a label, on average. */
const CHARACTER = 7.6;
/** A picture is cut into pieces of at most so many lines and systems, so that paper has room for each and the names are never far. */
const ROWS_MAX = 28;
const SYSTEMS_MAX = 6;
/** A piece is not made smaller than this on a screen, but scrolls. */
const SCALE_MIN = 0.85;

interface Frame {
  readonly width: number;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly xOf: ReadonlyMap<string, number>;
}

/** @param from when the run began, in milliseconds since the epoch */
export function sequencePicture(sequence: Sequence, from: number): Markup {
  const { left, total } = sequence;
  const pieces = piecesOf(sequence).map((piece) => pieceOf(piece, sequence.command, from));
  const more =
    left === 0
      ? ''
      : markup`<p class="quiet">${(total - left).toLocaleString('en-GB')} of ${total.toLocaleString('en-GB')} interactions and events are shown; the table of steps has the others.</p>`;
  return markup`<div class="sequence">${pieces}</div>${more}`;
}

interface Piece {
  readonly systems: readonly string[];
  readonly events: readonly SequenceEvent[];
}

/** About as long as one another, each with the systems that it needs, in the order of first use in the run. */
function piecesOf({ systems, events }: Sequence): readonly Piece[] {
  const rows = Math.ceil(events.length / Math.ceil(events.length / ROWS_MAX));
  const pieces: { readonly used: Set<string>; readonly events: SequenceEvent[] }[] = [];
  for (const event of events) {
    const system = event.what === 'message' ? event.system : undefined;
    const last = pieces.at(-1);
    const isWide = last?.used.size === SYSTEMS_MAX && system !== undefined && !last.used.has(system);
    const piece = last && last.events.length < rows && !isWide ? last : { used: new Set<string>(), events: [] };
    if (piece !== last) pieces.push(piece);
    piece.events.push(event);
    if (system !== undefined) piece.used.add(system);
  }
  return pieces.map((piece) => ({ systems: systems.filter((name) => piece.used.has(name)), events: piece.events }));
}

function pieceOf({ systems, events }: Piece, command: string, from: number): Markup {
  const xOf = new Map(systems.map((name, index) => [name, COMMAND_X + FIRST_GAP + index * GAP]));
  const width = Math.max(WIDTH_MIN, COMMAND_X + FIRST_GAP + (systems.length - 1) * GAP + MARGIN);
  const frame: Frame = { width, from, xOf };
  const height = HEAD + events.length * ROW + 14;
  const heads = [head(command, COMMAND_X, 'command'), ...systems.map((name) => head(name, xOf.get(name) ?? 0, 'system'))];
  const lines = [COMMAND_X, ...xOf.values()].map((x) => markup`<line class="life" x1="${x}" y1="${HEAD}" x2="${x}" y2="${height}"/>`);
  let row = 0;
  const boxes: Markup[] = [];
  const blocks = blocksOf(events).map((block) => {
    if (block.undo) boxes.push(undoBox(HEAD + row * ROW + 4, block.events.length * ROW, width));
    return markup`<g class="${block.undo ? 'undo' : 'forward'}">${block.events.map((event) => eventAt(event, HEAD + row++ * ROW, frame))}</g>`;
  });
  const what = `What ${[command, ...systems].join(', ')} said to each other, in order of time. The table of steps has the same.`;
  return markup`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" style="min-width:${Math.round(width * SCALE_MIN)}px" role="img" aria-label="${what}">${boxes}${lines}${blocks}${heads}</svg>
`;
}

function undoBox(y: number, height: number, width: number): Markup {
  return markup`<rect class="undoing" x="1" y="${y}" width="${width - 2}" height="${height}"/><text class="quiet" x="${width - 8}" y="${y + 14}" text-anchor="end">undo</text>`;
}

function head(name: string, x: number, kind: 'command' | 'system'): Markup {
  const isCommand = kind === 'command';
  const [shown, full] = fitted(name, isCommand ? COMMAND_X + FIRST_GAP - GAP / 2 : GAP - 10);
  const [at, anchor] = isCommand ? [2, 'start'] : [x, 'middle'];
  return markup`<text class="head" x="${at}" y="18" text-anchor="${anchor}">${full}${shown}</text><circle class="foot" cx="${x}" cy="${HEAD - 8}" r="3"/>`;
}

/** The text as far as it has room; with a tooltip where it has not. */
function fitted(text: string, width: number): readonly [string, Markup | ''] {
  const most = Math.max(4, Math.floor(width / CHARACTER));
  if (text.length <= most) return [text, ''];
  return [`${text.slice(0, most - 1).toWellFormed()}…`, markup`<title>${text}</title>`];
}

function eventAt(event: SequenceEvent, top: number, frame: Frame): Markup {
  const { tone, text, at } = event;
  const y = top + 26;
  const time =
    at === undefined
      ? ''
      : markup`<text class="time" x="${COMMAND_X - 12}" y="${y + 4}" text-anchor="end">+${offsetText(Math.max(0, at - frame.from))}</text>`;
  const indent = event.what === 'note' ? 12 : 8;
  const [shown, full] = fitted(text, frame.width - COMMAND_X - indent);
  const labelY = event.what === 'note' ? y + 4 : y - 8;
  const said = markup`<text class="${tone}" x="${COMMAND_X + indent}" y="${labelY}">${full}${shown}</text>`;
  return markup`${time}${event.what === 'note' ? note(y, tone) : arrow(event, y, frame)}${said}`;
}

/** `236 ms`, `12.345 s`, `1:01.256`, `3:12:05`, `2 d 3:12`: all of one run can be told apart as long as it is short. */
function offsetText(ms: number): string {
  const two = (count: number): string => String(count).padStart(2, '0');
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(3)} s`;
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  if (hours === 0) return `${minutes}:${((ms % 60_000) / 1000).toFixed(3).padStart(6, '0')}`;
  const days = Math.floor(hours / 24);
  return days === 0 ? `${hours}:${two(minutes)}:${two(Math.floor(ms / 1000) % 60)}` : `${days} d ${hours % 24}:${two(minutes)}`;
}

function note(y: number, tone: string): Markup {
  return markup`<path class="mark ${tone}" d="M${COMMAND_X - 5} ${y}l5 -5 5 5 -5 5z"/>`;
}

function arrow({ system, direction, lost, tone }: SequenceMessage, y: number, { xOf }: Frame): Markup {
  const x = system === undefined ? COMMAND_X + 40 : (xOf.get(system) ?? COMMAND_X);
  const isRequest = direction === 'request';
  const look = `${isRequest ? 'request' : 'reply'} ${tone}`;
  // What is lost does not arrive: it ends in a cross on its way.
  const way = x - COMMAND_X;
  const end = isRequest ? (lost ? x - way * 0.2 : x) : lost ? COMMAND_X + way * 0.2 : COMMAND_X;
  const start = isRequest ? COMMAND_X : x;
  const line = markup`<line class="arrow ${look}" x1="${start}" y1="${y}" x2="${end}" y2="${y}"/>`;
  if (lost) return markup`${line}<path class="cross ${tone}" d="M${end - 4} ${y - 4}l8 8m0 -8l-8 8"/>`;
  const back = isRequest ? -8 : 8;
  return markup`${line}<path class="tip ${tone}" d="M${end} ${y}l${back} -4v8z"/>`;
}

/** Every fault at every call of the example, in pairs, and how an order has to end under them. */
import type { Fault } from '../../../examples/order-fulfilment/services/FaultSwitches.js';
import type { ServiceName } from '../../../examples/order-fulfilment/services/ServiceFleet.js';
import type { SeededChance } from '../../../src/kernel/SeededChance.js';

/** The services by the calls that an order can make of them. */
const CALLS = {
  verify: 'user',
  reserve: 'inventory',
  create: 'order',
  charge: 'payment',
  probe: 'payment',
  confirm: 'order',
  ship: 'order',
  cancel: 'order',
  release: 'inventory',
} as const satisfies Record<string, ServiceName>;
type CallName = keyof typeof CALLS;

/** Over after one request or two; `late` would do its work when nobody waits for it any more. */
const PASSING = ['unavailable', 'error', 'hang', 'reply-lost', 'slow', 'late', 'crash-before', 'crash-after'] as const;
/** For good. */
const LASTING = ['refuse', 'down'] as const;
type Kind = (typeof PASSING)[number] | (typeof LASTING)[number];

/** What is planted for one order: at most one fault at each call. */
export type FaultRow = Readonly<Partial<Record<CallName, Kind>>>;

type Ending = 'completed' | 'compensated' | 'failed';
interface Course {
  /** The calls that an order makes. */
  readonly made: readonly CallName[];
  readonly endings: readonly Ending[];
}

const callNames = Object.keys(CALLS) as CallName[];
const isLasting = (kind: Kind | undefined): boolean => kind === 'refuse' || kind === 'down';
/** Nobody knows at first what became of the call. */
const losesReply = (kind: Kind | undefined): boolean => kind !== undefined && !['unavailable', 'slow', 'refuse', 'down'].includes(kind);

/** The first lasting fault decides. Behind the pivot there is no end but one. */
function courseOf(row: FaultRow): Course {
  if (isLasting(row.verify)) return { made: ['verify'], endings: ['failed'] };
  // There is nothing to undo, unless a connection that breaks under several orders leaves a doubt.
  if (isLasting(row.reserve)) return { made: ['verify', 'reserve'], endings: ['failed', 'compensated'] };
  if (isLasting(row.create)) return { made: ['verify', 'reserve', 'create', 'release'], endings: ['compensated'] };
  const begun = ['verify', 'reserve', 'create', 'charge', ...(losesReply(row.charge) ? (['probe'] as const) : [])] as const;
  if (isDeclined(row)) return { made: [...begun, 'cancel', 'release'], endings: ['compensated'] };
  return { made: [...begun, 'confirm', 'ship'], endings: ['completed'] };
}

/** Faults of the undoing have the charge refused, if it is not made before. */
function isDeclined({ charge, cancel, release }: FaultRow): boolean {
  if (isLasting(charge)) return true;
  return (cancel !== undefined || release !== undefined) && !['slow', 'reply-lost', 'crash-after'].includes(charge ?? '');
}

/** How an order may end under these faults. */
export function endingsOf(row: FaultRow): readonly string[] {
  return courseOf(row).endings;
}

export function nameOf(row: FaultRow): string {
  return Object.entries(row)
    .map(([call, kind]) => `${call}.${kind}`)
    .join('+');
}

export function crashes(row: FaultRow): boolean {
  return Object.values(row).some((kind) => kind.startsWith('crash'));
}

/** The fault switches of an order, by service. */
export function switchesOf(row: FaultRow, order: string): readonly (readonly [ServiceName, Fault])[] {
  const own = callNames.flatMap((call) => {
    const kind = row[call];
    return kind === undefined ? [] : [[CALLS[call], { ...switchOf(call, kind), order }] as const];
  });
  const declined: Fault = { operation: 'charge', kind: 'refuse', times: 0, order };
  return isDeclined(row) ? [...own, ['payment', declined]] : own;
}

/** A refusal lasts, but where there is no way back it is not taken for an answer. */
function switchOf(operation: CallName, kind: Kind): Fault {
  switch (kind) {
    case 'late':
      return { operation, kind: 'slow', ms: 400 };
    case 'slow':
      return { operation, kind: 'slow', ms: 50 };
    case 'down':
      return { operation, kind: 'unavailable', times: 0 };
    case 'refuse':
      return { operation, kind, times: mayEnd(operation) ? 0 : 2 };
    default:
      return { operation, kind, times: kind === 'unavailable' || kind === 'error' ? 2 : 1 };
  }
}

/** The run may end because this call does not succeed. */
function mayEnd(call: CallName): boolean {
  return ['verify', 'reserve', 'create', 'charge'].includes(call);
}

/** Each fault at each call. */
export const SINGLE: readonly FaultRow[] = callNames.flatMap((call) =>
  kindsAt(call).map((kind): FaultRow => (call === 'probe' ? { charge: 'hang', probe: kind } : { [call]: kind })),
);

function kindsAt(call: CallName): readonly Kind[] {
  return mayEnd(call) ? [...PASSING, ...LASTING] : [...PASSING, 'refuse'];
}

/** Pairs of faults at two calls that one order can meet. */
function pairsIn(row: FaultRow): readonly string[] {
  const met = courseOf(row).made.flatMap((call) => (row[call] ? [`${call}.${row[call]}`] : []));
  return met.flatMap((one, index) => met.slice(index + 1).map((other) => [one, other].toSorted().join('+')));
}

export interface Pairwise {
  readonly rows: readonly FaultRow[];
  /** So many pairs of faults are met. */
  readonly pairs: number;
}

/**
 * Orders in which every pair of faults that one order can meet is met, most with a fault at every call that they make. Of the two ways in
 * which a service can crash in a call, the pairs have one, drawn by chance.
 */
export function pairwise(chance: SeededChance): Pairwise {
  const undrawn = new Set(callNames.map((call) => `${call}.crash-${chance.random() < 0.5 ? 'before' : 'after'}`));
  const faults = SINGLE.filter((row) => Object.entries(row).every(([call, kind]) => !undrawn.has(`${call}.${kind}`)));
  const wanted = new Map(
    faults
      .flatMap((one) => faults.map((other): FaultRow => ({ ...one, ...other })))
      .flatMap((row) => pairsIn(row).map((pair) => [pair, row] as const)),
  );
  const missing = new Set(wanted.keys());
  const rows: FaultRow[] = [];
  for (const [pair, row] of wanted) {
    if (!missing.has(pair)) continue;
    const full = filled(row, missing, undrawn);
    for (const met of pairsIn(full)) missing.delete(met);
    rows.push(full);
  }
  return { rows, pairs: wanted.size };
}

/** Adds to every call that is made and has none the fault that meets most pairs that are missing (Cohen et al., AETG, 1997). */
function filled(row: FaultRow, missing: ReadonlySet<string>, undrawn: ReadonlySet<string>): FaultRow {
  let best = row;
  for (const call of callNames) {
    const { made, endings } = courseOf(best);
    if (best[call] !== undefined || !made.includes(call)) continue;
    const kinds = PASSING.filter((kind) => !undrawn.has(`${call}.${kind}`));
    const candidates = kinds.map((kind): FaultRow => ({ ...best, [call]: kind })).filter((one) => endingsOf(one)[0] === endings[0]);
    const gain = (one: FaultRow): number => pairsIn(one).filter((pair) => missing.has(pair)).length;
    best = candidates.toSorted((one, other) => gain(other) - gain(one))[0] ?? best;
  }
  return best;
}

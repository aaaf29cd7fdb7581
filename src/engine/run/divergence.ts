/** Judges whether the code still asks for what the journal recorded (R4). */
import { type SixfoldError, UsageError } from '../../kernel/errors.js';
import type { JournalRecord } from '../Record.js';
import { placeOf } from './Ordinals.js';

/** Recorded outcomes, intents and attempts that nobody asked for yet, by identity. */
export type Leftover = ReadonlyMap<string, readonly JournalRecord[]>;

interface Asked {
  readonly identity: string;
  readonly request: { readonly name: string };
}

/**
 * Where nothing recorded can be delivered and something new is asked for. With the same code that cannot happen while
 * records are left; with changed code it is an addition, unless it has the place of a record: then its input changed.
 */
export function judgeFrontier(fresh: readonly Asked[], leftover: Leftover, sameCode: boolean): SixfoldError | undefined {
  if (leftover.size === 0) return undefined;
  const left = [...leftover.keys()];
  const asked = fresh.find((ask) => sameCode || left.some((identity) => placeOf(identity) === placeOf(ask.identity)));
  if (!asked) return undefined;
  const recorded = left.find((identity) => placeOf(identity) === placeOf(asked.identity)) ?? left[0] ?? '';
  return diverged(`it asks for ${asked.identity}, but the journal has ${recorded}`, { asked: asked.identity, recorded });
}

/** With changed code nothing is begun once an outcome may have reached another call than the one that it was recorded for (R2). */
export function judgeEquals(confusable: string | undefined, sameCode: boolean): SixfoldError | undefined {
  if (confusable === undefined || sameCode) return undefined;
  const why = `it was edited, and ${confusable} is one of several equal calls, so that it cannot be told which of the recorded outcomes is whose`;
  return diverged(`${why}; equal calls are told apart by a key or by named branches`, { asked: confusable });
}

/**
 * When the code has ended and records are left: only a `read` of older code may go without a word, and what the new code
 * says to be retired. What may have been done once, and nobody knows, is no divergence: the run ends as unknown.
 *
 * @param retired names of steps
 */
export function judgeEnd(leftover: Leftover, sameCode: boolean, retired: readonly string[] = []): SixfoldError | undefined {
  for (const [identity, left] of leftover) {
    if (!sameCode && left.every(({ label }) => retired.includes(label))) continue;
    const records = left.filter(({ kind, effect }) => kind !== 'step-intended' || effect !== 'once');
    if (records.length > 0 && (sameCode || records.some(({ effect }) => effect !== 'read'))) {
      return diverged(`it ended without asking for ${identity}, which the journal has`, { recorded: identity });
    }
  }
  return undefined;
}

function diverged(how: string, details: Readonly<Record<string, unknown>>): UsageError {
  return new UsageError(
    'RUN_DIVERGED',
    `The code no longer does what the journal recorded: ${how}. Nothing more was executed. Resume the run with the code that began it, or with a change that keeps its recorded steps.`,
    { details },
  );
}

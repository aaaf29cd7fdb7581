/**
 * How reliable the operations of systems were, out of the runs of a journal.
 *
 * Owns: the order in which attempts of many runs are counted. Does not own: what an attempt was, and what it counts for.
 * Invariant: attempts are counted in the order in which they began, across runs. Runs are read one at a time, in the order of their
 * starts; only attempts that began after the start of the next run are kept back.
 */
import type { RunSummary } from '../../engine/Engine.js';
import { Codec } from '../../kernel/codec/Codec.js';
import { SixfoldError, UsageError } from '../../kernel/errors.js';
import type { CalledOperation } from '../runRecord/calledSystems.js';
import type { OperationReliability } from './OperationReliability.js';
import { OperationTally } from './OperationTally.js';
import { type RecordedRun, type SystemAttempt, systemAttempts } from './systemAttempts.js';

export interface ReliabilityOptions {
  /** Only attempts that began at that time or later. @default all */
  readonly since?: Date;
  /** At most so many runs, the latest, which are listed at once. @default 1000 */
  readonly runsMax?: number;
}

/** Where runs are read from: an engine, or a runner. */
export interface RunSource {
  /** Newest first. */
  list(limit: number): Promise<readonly Pick<RunSummary, 'id' | 'startedAt' | 'endedAt'>[]>;
  /** @throws UsageError `RUN_NOT_FOUND` */
  history(runId: string): Promise<RecordedRun>;
}

/** How many runs are looked at where nothing is said. */
export const RUNS_MAX = 1000;

/**
 * One for each operation, undo and check that was tried, by system and operation.
 *
 * @throws UsageError `STRATEGY_INVALID` for options that mean nothing; InvariantViolation `JOURNAL_ALTERED`
 */
export async function reliabilityOf(
  source: RunSource,
  { since, runsMax = RUNS_MAX }: ReliabilityOptions = {},
): Promise<readonly OperationReliability[]> {
  const from = since === undefined ? Number.NEGATIVE_INFINITY : since instanceof Date ? since.getTime() : Number.NaN;
  if (Number.isNaN(from) || !Number.isInteger(runsMax) || runsMax < 1) {
    throw new UsageError(
      'STRATEGY_INVALID',
      `reliability({ since: ${String(since)}, runsMax: ${String(runsMax)} }): give a valid Date, and a whole number from 1.`,
    );
  }
  const tallies = new Tallies();
  const listed = await source.list(runsMax);
  const runs = listed
    .flatMap(({ id, startedAt, endedAt }) => (endedAt !== null && endedAt < from ? [] : [{ id, startedAt }]))
    .toSorted((one, other) => one.startedAt - other.startedAt);
  const codec = new Codec();
  let later: readonly SystemAttempt[] = [];
  for (const [index, { id }] of runs.entries()) {
    const run = await readIfThere(source, id);
    if (!run) continue;
    const { attempts, dropped } = systemAttempts(run, codec, from);
    for (const calls of dropped) tallies.of(calls).addDropped(calls);
    later = [...later, ...attempts].toSorted((one, other) => one.at - other.at);
    const nextStart = runs[index + 1]?.startedAt ?? Number.POSITIVE_INFINITY;
    const due = later.filter(({ at }) => at < nextStart);
    later = later.slice(due.length);
    for (const attempt of due) tallies.of(attempt).add(attempt);
  }
  for (const attempt of later) tallies.of(attempt).add(attempt);
  return tallies.figures;
}

/** Undefined for a run that was removed since it was listed. */
async function readIfThere(source: RunSource, id: string): Promise<RecordedRun | undefined> {
  try {
    return await source.history(id);
  } catch (error) {
    if (error instanceof SixfoldError && error.code === 'RUN_NOT_FOUND') return undefined;
    throw error;
  }
}

class Tallies {
  private readonly all = new Map<string, OperationTally>();

  of({ system, operation, kind }: CalledOperation): OperationTally {
    const key = JSON.stringify([system, operation, kind]);
    const tally = this.all.get(key) ?? new OperationTally({ system, operation, kind });
    this.all.set(key, tally);
    return tally;
  }

  get figures(): readonly OperationReliability[] {
    const named = [...this.all].toSorted(([one], [other]) => (one < other ? -1 : 1));
    return named.map(([, tally]) => tally.figures);
  }
}

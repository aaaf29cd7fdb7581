/** The attempts of one run to reach systems, out of its records. */
import type { RunHistory } from '../../engine/Engine.js';
import type { Codec } from '../../kernel/codec/Codec.js';
import type { Trouble } from '../Outcome.js';
import type { AttemptFate } from '../runRecord/attemptFate.js';
import { type CalledOperation, calledOperation, type RecordedReport, systemsOf } from '../runRecord/calledSystems.js';
import type { RecordedStep } from '../runRecord/RunRecordDocument.js';
import { endIn, originIn, reportIn } from '../runRecord/recordedBodies.js';
import { recordedSteps } from '../runRecord/recordedSteps.js';

export interface SystemAttempt extends CalledOperation {
  /** When it began, in milliseconds since the epoch. */
  readonly at: number;
  readonly durationMs: number;
  readonly fate: AttemptFate;
  readonly error: Trouble | null;
  /** No other of the same call was given before. */
  readonly first: boolean;
  readonly run: string;
  readonly command: string;
}

/** What of a run its attempts are read from. */
export type RecordedRun = Pick<RunHistory, 'id' | 'command' | 'startedAt' | 'endedAt' | 'records'>;

/** Calls of which only the number is known: their records were dropped with a part of the run that has ended. */
export interface DroppedCalls extends CalledOperation {
  readonly count: number;
  readonly command: string;
}

export interface RunAttempts {
  /** In the order in which they began. */
  readonly attempts: readonly SystemAttempt[];
  /** As far as the report of the run knows of them; of a run that began before that time nothing. */
  readonly dropped: readonly DroppedCalls[];
}

/**
 * Those that began at that time or later. What a fork took over belongs to the run that it was forked from; a probe is no attempt, nor is what
 * a person said. Attempts that left no record, since their process ended, are missing.
 *
 * @param from milliseconds since the epoch
 */
export function systemAttempts(
  { id: run, command, startedAt: begunAt, endedAt, records }: RecordedRun,
  codec: Codec,
  from: number,
): RunAttempts {
  const { inherited = 0 } = originIn(records);
  const steps = recordedSteps(records, { codec, inherited, commands: [] }).filter(({ seq }) => seq > inherited);
  const report = reportIn(endIn(records, endedAt), codec);
  const systems = systemsOf(report, steps);
  const attempts = steps.flatMap((step) => {
    const called = calledOperation(step, systems);
    return called ? attemptsOf(step, from).map((attempt) => ({ ...called, ...attempt, run, command })) : [];
  });
  const isWhole = (records.at(-1)?.seq ?? 0) === records.length;
  const dropped = isWhole || begunAt < from ? [] : droppedIn(report, steps, systems).map((calls) => ({ ...calls, command }));
  return { attempts: attempts.toSorted((one, other) => one.at - other.at), dropped };
}

/** What is known of each attempt of a step, that which led to its outcome included. */
function attemptsOf(step: RecordedStep, from: number) {
  const made = [...step.attempts, step].flatMap(({ fate, source, startedAt, durationMs, error }) => {
    const at = Date.parse(startedAt ?? '');
    return source === 'attempt' && fate !== null && at >= from ? [{ at, durationMs: durationMs ?? 0, fate, error }] : [];
  });
  return made.map((attempt, index) => ({ ...attempt, first: index === 0 }));
}

function droppedIn(report: RecordedReport | undefined, steps: readonly RecordedStep[], systems: ReadonlySet<string>) {
  const known = Map.groupBy(steps, ({ phase, name }) => `${phase} ${name}`);
  return (report?.steps ?? []).flatMap(({ name, phase, count }) => {
    const called = calledOperation({ name, phase, part: null }, systems);
    const left = count - (known.get(`${phase} ${name}`)?.length ?? 0);
    return called && left > 0 ? [{ ...called, count: left }] : [];
  });
}

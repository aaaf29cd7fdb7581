/** Figures of one run, out of its steps. */
import type { AttemptFate } from './attemptFate.js';
import { calledOperation } from './calledSystems.js';
import type { RecordedStep, RunMetrics, StepTiming } from './RunRecordDocument.js';

/** The system was not reached for, or nobody waited for its answer. */
const NOT_MADE: readonly AttemptFate[] = ['not-called', 'stopped'];
const UNANSWERED: readonly AttemptFate[] = ['transient', 'timed-out', 'unknown', 'invalid-reply'];

export function runMetrics(steps: readonly RecordedStep[], systems: ReadonlySet<string>): RunMetrics {
  const byId = [...Map.groupBy(steps, ({ id }) => id).values()];
  const called = byId.flatMap((outcomes) => {
    const kind = outcomes[0] && calledOperation(outcomes[0], systems)?.kind;
    return kind ? [{ kind, made: outcomes.flatMap(attemptsMade) }] : [];
  });
  const made = called.flatMap((call) => call.made);
  const count = (kind: string): number => called.filter((call) => call.kind === kind).length;
  return {
    interactions: count('operation'),
    attempts: made.length,
    retries: called.reduce((sum, call) => sum + Math.max(0, call.made.length - 1), 0),
    refused: made.filter((fate) => fate === 'refused').length,
    unanswered: made.filter((fate) => UNANSWERED.includes(fate)).length,
    unknown: byId.filter((outcomes) => outcomes.at(-1)?.status === 'unknown' && outcomes.at(-1)?.undo?.status !== 'succeeded').length,
    undone: new Set(steps.flatMap(({ undo }) => (undo?.status === 'succeeded' ? [undo.seq] : []))).size,
    checks: count('check'),
    ownSteps: byId.length - called.length,
    timings: timingsOf(steps),
  };
}

/** The attempts that led to an outcome, with that one, as far as they reached for the system. */
function attemptsMade(step: RecordedStep): readonly AttemptFate[] {
  return [...step.attempts, step].flatMap(({ fate, source }) =>
    fate === null || source !== 'attempt' || NOT_MADE.includes(fate) ? [] : [fate],
  );
}

function timingsOf(steps: readonly RecordedStep[]): readonly StepTiming[] {
  return [...Map.groupBy(steps, ({ name }) => name)].map(([name, own]) => {
    const ended = own.filter(({ fate }) => fate !== null);
    const took = ended.flatMap(({ fate, source, durationMs }) => (fate === 'answered' && source === 'attempt' ? (durationMs ?? []) : []));
    const sorted = took.toSorted((one, other) => one - other);
    const attempts = own.flatMap((step) => [...step.attempts, step]).filter(({ source, fate }) => source === 'attempt' && fate !== null);
    return {
      name,
      count: ended.length,
      attempts: attempts.length,
      p50Ms: sorted[Math.ceil(sorted.length / 2) - 1] ?? null,
      longestMs: sorted.at(-1) ?? null,
      totalMs: took.reduce((sum, ms) => sum + ms, 0),
    };
  });
}

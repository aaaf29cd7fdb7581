/** What the journal tells of a run that has ended. */
import { Carried } from '../../kernel/codec/Carried.js';
import type { EndedRun } from '../Engine.js';
import type { ChildOutcome } from './ChildOutcome.js';
import type { EndBody } from './departure.js';
import type { RecordedRuns, RunJournal, RunRow } from './RunJournal.js';
import { RunLog } from './RunLog.js';

/** @throws InvariantViolation `JOURNAL_ALTERED` */
export function endOf(journal: RunJournal & RecordedRuns, run: RunRow): EndedRun {
  const { result, error, report, stands } = endBody(journal, run);
  const { id, startedAt, successor } = run;
  const { status, endedAt } = run as RunRow & Pick<EndedRun, 'status' | 'endedAt'>; // The caller knows that it has ended.
  return {
    id,
    startedAt,
    status,
    endedAt,
    result: result === undefined ? undefined : Carried.ofText(result),
    error,
    report: () => report,
    successor: successor ?? undefined,
    stands,
  };
}

/** @throws InvariantViolation `JOURNAL_ALTERED` */
function endBody(journal: RunJournal & RecordedRuns, run: RunRow): EndBody {
  return JSON.parse(RunLog.read(journal, run).earlier.at(-1)?.body ?? '{}') as EndBody;
}

/** What the end of a child is for the step that waits for it. @param nothing text of the codec for a run without result */
export function outcomeForParent({ status, result, error, stands }: EndedRun, nothing: string): ChildOutcome {
  if (status === 'completed') return { status: 'succeeded', body: result?.text ?? nothing };
  return { status: status === 'unknown' || status === 'cancelled' ? status : 'failed', body: error ?? nothing, stands };
}

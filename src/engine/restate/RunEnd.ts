/** What the output of an invocation says of the end of a run. */
import { Carried } from '../../kernel/codec/Carried.js';
import { InvariantViolation, OutcomeUnknownError } from '../../kernel/errors.js';
import type { EndedRun } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
import type { EndBody } from '../run/departure.js';
import type { RunOutput } from './RunMessages.js';

export function endedRun(id: string, { startedAt, records }: RunOutput): EndedRun {
  const record = endRecord(id, records);
  const { result, error, report, successor, stands } = bodyOf(record);
  return {
    id,
    startedAt,
    status: record.status as EndedRun['status'],
    endedAt: record.at,
    result: result === undefined ? undefined : Carried.ofText(result),
    error,
    report: () => report,
    successor,
    stands,
  };
}

/** What a run ends with whose invocation was ended in Restate: nobody has recorded an end, and nothing was undone. */
export function brokenRun(
  id: string,
  why: string,
  { encode, now }: { readonly encode: (error: Error) => string; readonly now: number },
): EndedRun {
  return {
    id,
    startedAt: now,
    endedAt: now,
    status: 'unknown',
    result: undefined,
    error: encode(brokenOff(id, why)),
    report: () => 'null',
  };
}

function brokenOff(id: string, why: string): OutcomeUnknownError {
  return new OutcomeUnknownError(
    'OUTCOME_UNKNOWN',
    `Run ${id} was ended in Restate ("${why}"): what it did stands, and nothing was undone. Reopen it to go on, or to cancel it then.`,
    { details: { run: id } },
  );
}

function endRecord(id: string, records: readonly JournalRecord[]): JournalRecord {
  const record = records.findLast(({ kind }) => kind === 'ended');
  if (record) return record;
  throw new InvariantViolation('JOURNAL_ALTERED', `Run ${id}: what Restate keeps as its outcome is none.`, { details: { run: id } });
}

function bodyOf({ body }: JournalRecord): EndBody {
  return JSON.parse(body ?? '{"report":"null"}') as EndBody;
}

/** What the output of an invocation says of the end of a run. */
import { Carried } from '../../kernel/codec/Carried.js';
import { InvariantViolation } from '../../kernel/errors.js';
import type { EndBody } from '../embedded/departure.js';
import type { EndedRun } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
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

function endRecord(id: string, records: readonly JournalRecord[]): JournalRecord {
  const record = records.findLast(({ kind }) => kind === 'ended');
  if (record) return record;
  throw new InvariantViolation('JOURNAL_ALTERED', `Run ${id}: what Restate keeps as its outcome is none.`, { details: { run: id } });
}

function bodyOf({ body }: JournalRecord): EndBody {
  return JSON.parse(body ?? '{"report":"null"}') as EndBody;
}

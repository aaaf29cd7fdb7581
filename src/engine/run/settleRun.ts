/** What becomes of a run whose outcome is unknown when a person says what happened: which step that settles, and what is recorded. */
import { UsageError } from '../../kernel/errors.js';
import type { Settlement } from '../Engine.js';
import type { JournalRecord } from '../Record.js';
import type { EndBody } from './departure.js';
import type { Reopening, RunRow } from './RunJournal.js';
import { RunLog } from './RunLog.js';
import type { ReopenParts } from './reopenRun.js';
import { type ReopenedBody, reopenedBody, standing } from './superseded.js';

/**
 * The run goes on with that outcome in the place of the last one that was unknown: where its code asked, or where it was to be found out before
 * the run is undone. Where the code had gone on without it, only that it is known is noted.
 *
 * @throws UsageError `SETTLE_REFUSED`, and what the command is refused with
 */
export function settlementOf({ journal, setup, clock }: ReopenParts, run: RunRow, settlement: Settlement): Reopening {
  const { by, reason, status, body: outcome } = settlement;
  const refuse = (why: string) =>
    new UsageError('SETTLE_REFUSED', `Nothing of run ${run.id} can be settled: ${why}.`, { details: { run: run.id, state: run.status } });
  if (run.status !== 'unknown')
    throw refuse(run.status === null ? 'it has not ended' : `it is ${run.status}, and no outcome of it is unknown`);
  const log = RunLog.read(journal, run);
  setup.load(run, log.origin);
  const doubtful = doubtfulSteps(log.earlier);
  const meant = doubtful.filter(({ step, label }) => step === settlement.step || label === settlement.step);
  const [record] = meant;
  if (!record || meant.length > 1) {
    const known = (meant.length > 1 ? meant : doubtful).map(({ step }) => step).join(', ');
    throw refuse(
      meant.length > 1 ? `"${settlement.step}" may be one of ${known}` : `"${settlement.step}" is not in doubt; what is: ${known}`,
    );
  }
  const at = clock.now();
  const { step, label, effect } = record;
  const identity = step ?? '';
  const isReplaced = failedWith(log.earlier).some((failed) => doubtful.some((one) => one.step === failed));
  const said = isReplaced ? { settled: identity } : { noted: identity, verdict: status };
  const body: ReopenedBody = { superseded: [], ...said, by, reason };
  const reopened = log.following({ kind: 'reopened', at, label: `process ${process.pid}`, body: JSON.stringify(body) });
  if (!isReplaced) return { run, records: [reopened] }; // The code has seen that it is unknown, and done something about it.
  const settled = log.following({ kind: 'step-ended', at, step, label, status, effect, startedAt: at, body: outcome });
  return { run, records: [reopened, settled] };
}

/** Identities of the steps whose failure is that of the run. */
function failedWith(records: readonly JournalRecord[]): readonly string[] {
  const { failed = [] } = JSON.parse(records.findLast(({ kind }) => kind === 'ended')?.body ?? '{}') as EndBody;
  return failed;
}

/** The last outcomes of the steps of which nobody knows what they did. */
function doubtfulSteps(records: readonly JournalRecord[]): readonly JournalRecord[] {
  const last = new Map<string, JournalRecord>();
  for (const record of standing(records)) if (record.kind === 'step-ended' && record.step !== null) last.set(record.step, record);
  for (const record of records) if (record.kind === 'reopened') last.delete(reopenedBody(record).noted ?? '');
  return [...last.values()].filter(({ status }) => status === 'unknown');
}

/**
 * How a run leaves a load: with an end, put aside until something comes, or refused and left as it is. Afterwards nothing can be
 * added to the run's records here.
 */
import type { Carried } from '../../kernel/codec/Carried.js';
import { messageOf, type SixfoldError } from '../../kernel/errors.js';
import type { EndedRun } from '../Engine.js';
import type { ExecutionParts } from './ExecutionParts.js';
import type { Facilities } from './Facilities.js';
import type { Rest } from './RunJournal.js';
import { restAfter } from './refusals.js';
import { type RunEnding, type Verdict, verdictOf } from './verdict.js';

/** The body of the record that ends a run. */
export interface EndBody {
  readonly result?: string | undefined;
  readonly error?: string | undefined;
  readonly report: string;
  /** Identities of the steps whose failure is that of the run. */
  readonly failed?: readonly string[] | undefined;
  readonly successor?: string | undefined;
  /** It did not end well, and what it did stands: there was no way back. */
  readonly stands?: boolean | undefined;
}

/** Undefined when everything is on disk already. */
export function committed({ journal }: ExecutionParts): Promise<void> | undefined {
  return journal.idle ? undefined : journal.committed();
}

export async function putAside(parts: ExecutionParts, rest: Rest): Promise<void> {
  const { journal, log } = parts;
  log.close();
  journal.putAside(log.run, rest);
  await committed(parts);
}

/** Leaves the run to be resumed, once what it recorded is on disk. A run that another process has is not touched. */
export async function leave(parts: ExecutionParts, refusal: SixfoldError): Promise<never> {
  if (refusal.code !== 'LEASE_LOST') await putAside(parts, restAfter(refusal));
  throw refusal;
}

/** Leaves a run for somebody to look at that something went wrong with which is not its own. A journal that is broken stays as it is. */
export async function strand(parts: ExecutionParts, error: unknown): Promise<void> {
  const rest: Rest = { standing: 'stopped', due: null, waits: [{ what: 'person', name: messageOf(error) }] };
  await putAside(parts, rest).catch(() => undefined); // Whoever drives the run has the error already.
}

/** What the end of a run depends on, besides how its code ended. */
export interface AtEnd {
  readonly facilities: Facilities;
  /** Params of the run that goes on with it. */
  readonly continuation: Carried | undefined;
  /** Why somebody cancelled it, where that could not stop it any more. */
  readonly cancelled: string | undefined;
}

/** Writes the end down. */
export function recordEnd(
  parts: ExecutionParts,
  ending: RunEnding,
  { facilities, continuation, cancelled }: AtEnd,
): { verdict: Verdict; ended: EndedRun } {
  const { journal, log, origin, clock, host } = parts;
  const verdict = verdictOf(ending, parts);
  const { status, result, error, report } = verdict;
  const endedAt = clock.now();
  const failed = 'error' in ending ? facilities.identitiesOf(ending.error) : [];
  const successor =
    status === 'continued' && continuation
      ? host.succeed(log.run, origin, { params: continuation, signals: facilities.untakenSignals, cancelled })
      : undefined;
  const stands = (status !== 'completed' && status !== 'continued' && parts.program.pastPivot) || undefined;
  const body = (): string => {
    const said: EndBody = {
      result: result?.text,
      error,
      report: report(),
      failed: failed.length > 0 ? failed : undefined,
      successor,
      stands,
    };
    return JSON.stringify(said);
  };
  log.append({ kind: 'ended', at: endedAt, label: status, status, body });
  log.close();
  journal.endRun(log.run, status, endedAt, successor);
  const { id, startedAt } = log.run;
  const ended: EndedRun = { id, startedAt, status, endedAt, result, error, report, successor, stands };
  host.ended(log.run, origin, ended);
  return { verdict, ended };
}
